/**
 * Observation: what somebody who watches has to say of a published statement.
 *
 * Source: docs/spec/observation.md.
 */

import { OBSERVATION_KINDS } from "./codes.ts";
import { code, DIGEST, LABEL, MEDIA_TYPE, TIME } from "./fields.ts";
import { POINTER } from "./measureReview.ts";
import { Kind, type Signed, tellUnlessPast } from "./reading.ts";
import { array, object, type Of } from "./shape.ts";

/** One observation, all fields in order. */
export interface Observation {
  readonly type: "Observation";
  readonly subject: ObservationSubject;
}

const SHAPE = object(
  { statement: DIGEST, kind: code("kinds of observations", OBSERVATION_KINDS), at: TIME },
  {
    pointer: POINTER,
    detail: LABEL,
    evidence: array(object({ sha256: DIGEST, mediaType: MEDIA_TYPE }), 1, 32, "sha256"),
    supersedes: DIGEST,
  },
);
export type ObservationSubject = Of<typeof SHAPE>;
export const KIND = new Kind("Observation", ["observer"], SHAPE).where(["at"], (subject, signing, tell) => {
  tellUnlessPast(subject.at, "at", signing, tell);
});

/** The observation that a statement makes. */
export function read(statement: Signed): Observation {
  return { type: "Observation", subject: KIND.read(statement) };
}
