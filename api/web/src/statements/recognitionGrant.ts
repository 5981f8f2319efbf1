/**
 * Recognition: an authority's word that a certificate of another jurisdiction counts in its own.
 *
 * Source: docs/spec/recognition-grant.md.
 */

import { parseTime } from "../core/times.ts";
import { RECOGNITION_EFFECTS } from "./codes.ts";
import { code, COUNTRY, DIGEST, type Digest, LABEL, TIME } from "./fields.ts";
import { Kind, type Signed } from "./reading.ts";
import { SCOPE, type Scope, scopeOf } from "./scope.ts";
import { array, object } from "./shape.ts";
import { STATUS_REFERENCE, type StatusReference, statusReferenceOf } from "./statusReference.ts";
import { tellUnlessLater } from "./validity.ts";

/** One recognition; times are POSIX seconds. */
export interface Recognition {
  readonly type: "Recognition";
  readonly certificate: Digest;
  readonly arrangement: Digest;
  /** Where the certificate is to count. */
  readonly jurisdiction: string;
  /** full, partial or conditional. */
  readonly effect: string;
  readonly conditions: readonly string[];
  /** What is recognised; null: all that is certified. */
  readonly scope: Scope | null;
  /** Included. */
  readonly validFrom: number;
  /** Excluded. */
  readonly validUntil: number;
  readonly status: StatusReference;
  /** The Recognition by another jurisdiction that this one rests on. */
  readonly onward: Digest | null;
  readonly supersedes: Digest | null;
}

/** With which effect each member is needed, and with which it must not be given. */
const OF_EFFECTS = [
  { name: "conditions", needed: "conditional", barred: ["full", "partial"] },
  { name: "scope", needed: "partial", barred: ["full"] },
] as const;
const SHAPE = object(
  {
    certificate: DIGEST,
    arrangement: DIGEST,
    jurisdiction: COUNTRY,
    effect: code("recognition effects", RECOGNITION_EFFECTS),
    validFrom: TIME,
    validUntil: TIME,
    statusReference: STATUS_REFERENCE,
  },
  { conditions: array(LABEL, 1, 32, true), scope: SCOPE, onward: DIGEST, supersedes: DIGEST },
)
  .where(["validFrom", "validUntil"], (subject, at, tell) => {
    tellUnlessLater(subject.validFrom, subject.validUntil, `${at}/validUntil`, tell);
  })
  .where(["effect", "conditions", "scope"], ({ effect }, at, tell, has) => {
    for (const { name, needed, barred } of OF_EFFECTS) {
      if (effect === needed && !has(name)) {
        tell(`${at}/${name}`, "member-missing", `a ${effect} recognition says which`);
      } else if (barred.some((other) => other === effect) && has(name)) {
        tell(`${at}/${name}`, "effect-conflict", `given with a ${effect} recognition`);
      }
    }
  });
export const KIND = new Kind("Recognition", ["authority"], SHAPE);

/** The recognition that a statement grants; says nothing about what it rests on, nor about its status. */
export function read(statement: Signed): Recognition {
  const subject = KIND.read(statement);
  return {
    type: "Recognition",
    certificate: subject.certificate,
    arrangement: subject.arrangement,
    jurisdiction: subject.jurisdiction,
    effect: subject.effect,
    conditions: subject.conditions ?? [],
    scope: subject.scope === undefined ? null : scopeOf(subject.scope),
    validFrom: parseTime(subject.validFrom),
    validUntil: parseTime(subject.validUntil),
    status: statusReferenceOf(subject.statusReference),
    onward: subject.onward ?? null,
    supersedes: subject.supersedes ?? null,
  };
}
