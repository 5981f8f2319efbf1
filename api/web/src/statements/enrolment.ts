/**
 * Enrolment: an authority's word for a party's keys and roles.
 *
 * Source: docs/spec/enrolment.md.
 */

import { isLedgerError } from "../core/error.ts";
import { type PublicKey, parseMultikey } from "../core/keys.ts";
import { parseTime } from "../core/times.ts";
import { ROLES } from "./codes.ts";
import { codes, COUNTRY, DID, KEY_ID, MULTIKEY, TIME } from "./fields.ts";
import { identifierFault } from "./identifiers.ts";
import { IDENTIFIER, type Party, SCHEME } from "./party.ts";
import { CLOCK_TOLERANCE, Kind, type Signed, SUBJECT } from "./reading.ts";
import { array, object, type Of } from "./shape.ts";
import { tellUnlessLater } from "./validity.ts";

/** One key of a party and the dates it may sign in. */
export interface EnrolledKey {
  /** `#fragment`; the verification method is party + id. */
  readonly id: string;
  readonly key: PublicKey;
  /** POSIX seconds, included. */
  readonly validFrom: number;
  /** POSIX seconds, excluded. */
  readonly validUntil: number;
}

/** An identifier of a register. */
export interface Identifier {
  readonly scheme: string;
  readonly id: string;
}

/** Who a party is, what it may sign, and with which keys. */
export interface Enrolment {
  readonly type: "Enrolment";
  readonly party: string;
  readonly jurisdiction: string;
  readonly identifiers: readonly Identifier[];
  readonly roles: ReadonlySet<string>;
  readonly keys: readonly EnrolledKey[];
}

/** The key of an enrolment with this `#fragment`, or null. */
export function enrolledKey(enrolment: Enrolment, keyId: string): EnrolledKey | null {
  return enrolment.keys.find((key) => key.id === keyId) ?? null;
}

/** Whether `party`, as a statement names it, is the one enrolled: DID, jurisdiction and identifier. */
export function identifies(enrolment: Enrolment, party: Party): boolean {
  if (party.did !== enrolment.party || party.jurisdiction !== enrolment.jurisdiction) return false;
  return (
    party.scheme === "DID" ||
    enrolment.identifiers.some(({ scheme, id }) => scheme === party.scheme && id === party.id)
  );
}

const ENROLLED_KEY = object({ id: KEY_ID, publicKeyMultibase: MULTIKEY, from: TIME, until: TIME })
  .where(["from", "until"], (key, at, tell) => {
    tellUnlessLater(key.from, key.until, `${at}/until`, tell);
  })
  .where(["publicKeyMultibase"], (key, at, tell) => {
    try {
      parseMultikey(key.publicKeyMultibase);
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      tell(`${at}/publicKeyMultibase`, error.code, error.message);
    }
  });
const SHAPE = object({
  party: DID,
  jurisdiction: COUNTRY,
  identifiers: array(object({ scheme: SCHEME, id: IDENTIFIER }), 0, 16, true),
  roles: codes("roles", ROLES),
  keys: array(ENROLLED_KEY, 1, 16, "id"),
})
  .where(["jurisdiction", "identifiers"], (subject, at, tell) => {
    for (const [index, { scheme, id }] of subject.identifiers.entries()) {
      const where = `${at}/identifiers/${index}`;
      if (scheme === "DID") {
        tell(
          `${where}/scheme`,
          "not-in-list",
          "a DID is no identifier of a register; the party's own is in party",
        );
        continue;
      }
      const fault = identifierFault(scheme, id, subject.jurisdiction);
      if (fault !== null) tell(`${where}/id`, ...fault);
    }
  })
  .where(["keys"], (subject, at, tell) => {
    const first = new Map<string, number>();
    for (const [index, { publicKeyMultibase }] of subject.keys.entries()) {
      const earlier = first.get(publicKeyMultibase);
      if (earlier === undefined) first.set(publicKeyMultibase, index);
      else tell(`${at}/keys/${index}/publicKeyMultibase`, "duplicate", `the same key as item ${earlier}`);
    }
  });
export const KIND = new Kind("Enrolment", ["registrar"], SHAPE).where(["keys"], (subject, signing, tell) => {
  for (const [index, key] of subject.keys.entries()) {
    if (parseTime(key.from) < signing.created - CLOCK_TOLERANCE) {
      tell(
        `${SUBJECT}/keys/${index}/from`,
        "back-dated",
        `more than ${CLOCK_TOLERANCE} s before the signature`,
      );
    }
  }
});

/** The enrolment that a statement makes; says nothing about whether its signer may make it. */
export function read(statement: Signed): Enrolment {
  return enrolmentOf(KIND.read(statement));
}

function enrolmentOf(subject: Of<typeof SHAPE>): Enrolment {
  return {
    type: "Enrolment",
    party: subject.party,
    jurisdiction: subject.jurisdiction,
    identifiers: subject.identifiers,
    roles: new Set(subject.roles),
    keys: subject.keys.map((key) => ({
      id: key.id,
      key: parseMultikey(key.publicKeyMultibase),
      validFrom: parseTime(key.from),
      validUntil: parseTime(key.until),
    })),
  };
}
