/**
 * MeasureReview: what was found in a published measure, or what its authority answers to it.
 *
 * Source: docs/spec/measure-review.md.
 */

import { FINDING_ANSWERS, MEASURE_FINDINGS } from "./codes.ts";
import { code, DIGEST, integer, LABEL, REFERENCE, text, TIME } from "./fields.ts";
import { ENGINE, LANGUAGE } from "./measure.ts";
import { Kind, type Signed, tellUnlessPast } from "./reading.ts";
import { array, object, type Of } from "./shape.ts";

/** One review, all fields in order. */
export interface MeasureReview {
  readonly type: "MeasureReview";
  readonly subject: ReviewSubject;
}

/** RFC 6901, of the names that members of statements have. */
export const POINTER = text("a JSON pointer", String.raw`(?:\/(?:[A-Za-z0-9._:\-]|~[01])+){1,16}`, 255);
const FINDING = object(
  { code: code("findings", MEASURE_FINDINGS) },
  { rule: REFERENCE, pointer: POINTER, detail: LABEL, answer: code("answers", FINDING_ANSWERS) },
);
const SHAPE = object(
  { measure: DIGEST, at: TIME, findings: array(FINDING, 0, 1024, true) },
  {
    engine: ENGINE,
    provenAt: TIME,
    noticeDays: integer(0, 3650),
    languages: array(LANGUAGE, 1, 32, true),
    answers: DIGEST,
    supersedes: DIGEST,
  },
).where(["findings", "answers"], ({ findings, answers }, at, tell) => {
  for (const [index, { answer }] of findings.entries()) {
    const where = `${at}/findings/${index}/answer`;
    if (answers === undefined) {
      if (answer !== undefined) tell(where, "answer-conflict", "given where another review is answered");
    } else if (answer === undefined) tell(where, "member-missing", "an answer needs it");
  }
});
export type ReviewSubject = Of<typeof SHAPE>;
export const KIND = new Kind("MeasureReview", ["machine", "authority", "observer"], SHAPE).where(
  ["at"],
  (subject, signing, tell) => {
    tellUnlessPast(subject.at, "at", signing, tell);
  },
);

/** The review that a statement holds. */
export function read(statement: Signed): MeasureReview {
  return { type: "MeasureReview", subject: KIND.read(statement) };
}
