/**
 * Endorsement: by which an authority joins the text of an arrangement, accedes to it, or leaves it.
 *
 * Source: docs/spec/endorsement.md.
 */

import { parseTime } from "../core/times.ts";
import { ENDORSEMENT_ROLES } from "./codes.ts";
import {
  type AccreditorEntry,
  ACCREDITORS,
  DESIGNATED_BODIES,
  type Designation,
  designationsOf,
} from "./designation.ts";
import { code, COUNTRY, DIGEST, type Digest, LABEL, TIME } from "./fields.ts";
import { Kind, type Signed } from "./reading.ts";
import { array, object } from "./shape.ts";

export const DENUNCIATION = "denunciation";

/** What one side says to one text. */
export interface Endorsement {
  readonly type: "Endorsement";
  /** Digest of the RecognitionArrangement. */
  readonly statement: Digest;
  /** party, accession, denunciation or jointMeasure. */
  readonly role: string;
  readonly jurisdiction: string;
  /** POSIX seconds, included. */
  readonly begins: number;
  /** Of a denunciation: the sides it leaves; null: all of them. */
  readonly toward: ReadonlySet<string> | null;
  readonly designated: readonly Designation[];
  readonly accreditors: readonly AccreditorEntry[];
  readonly reservations: readonly string[];
  readonly supersedes: Digest | null;
}

const OF_JOINING = ["designatedBodies", "accreditors", "reservations"];
const OF_LEAVING = ["toward"];
const NOT_OF_ROLE = new Map([
  [DENUNCIATION, OF_JOINING],
  ["jointMeasure", [...OF_JOINING, ...OF_LEAVING]],
]);
const SHAPE = object(
  {
    statement: DIGEST,
    role: code("endorsement roles", ENDORSEMENT_ROLES),
    jurisdiction: COUNTRY,
    from: TIME,
  },
  {
    toward: array(COUNTRY, 1, 64, true),
    designatedBodies: DESIGNATED_BODIES,
    accreditors: ACCREDITORS,
    reservations: array(LABEL, 1, 64, true),
    supersedes: DIGEST,
  },
)
  .where(["role"], (subject, at, tell, has) => {
    const alien = NOT_OF_ROLE.get(subject.role) ?? OF_LEAVING;
    for (const name of alien) {
      if (has(name)) tell(`${at}/${name}`, "role-conflict", "not a member with this role");
    }
  })
  .where(["jurisdiction", "designatedBodies", "accreditors"], (subject, at, tell) => {
    for (const name of ["designatedBodies", "accreditors"] as const) {
      for (const [index, entry] of (subject[name] ?? []).entries()) {
        if (entry.jurisdiction !== subject.jurisdiction) {
          const where = `${at}/${name}/${index}/jurisdiction`;
          tell(where, "foreign-designation", `a side designates for itself, ${subject.jurisdiction}`);
        }
      }
    }
  });
export const KIND = new Kind("Endorsement", ["authority"], SHAPE);

/** The endorsement that a statement makes; that its issuer may speak for that side is not asked. */
export function read(statement: Signed): Endorsement {
  const subject = KIND.read(statement);
  return {
    type: "Endorsement",
    statement: subject.statement,
    role: subject.role,
    jurisdiction: subject.jurisdiction,
    begins: parseTime(subject.from),
    toward: subject.toward === undefined ? null : new Set(subject.toward),
    designated: designationsOf(subject.designatedBodies),
    accreditors: subject.accreditors ?? [],
    reservations: subject.reservations ?? [],
    supersedes: subject.supersedes ?? null,
  };
}
