/**
 * IdentityRecognition: an authority's word that a digital identity of another jurisdiction counts in its own.
 *
 * Source: docs/spec/identity-recognition.md.
 */

import { parseTime } from "../core/times.ts";
import { ASSURANCE_LEVELS, CREDENTIAL_TYPES } from "./codes.ts";
import { code, COUNTRY, DIGEST, type Digest, TIME, URI } from "./fields.ts";
import { PARTY, type Party, partyOf } from "./party.ts";
import { Kind, type Signed } from "./reading.ts";
import { object } from "./shape.ts";
import { STATUS_REFERENCE, type StatusReference, statusReferenceOf } from "./statusReference.ts";
import { tellUnlessLater } from "./validity.ts";

/** The credential by which the party is known at home; times are POSIX seconds. */
export interface Credential {
  readonly type: string;
  /** URI, mostly a DID. */
  readonly issuer: string;
  /** SHA-256 of the credential as issued. */
  readonly digest: Digest;
  /** Included. */
  readonly validFrom: number;
  /** Excluded. */
  readonly validUntil: number;
}

/** One recognition of an identity; times are POSIX seconds. */
export interface IdentityRecognition {
  readonly type: "IdentityRecognition";
  readonly party: Party;
  readonly credential: Credential;
  /** Assurance level at home. */
  readonly level: string;
  /** What it counts as where it is recognised. */
  readonly mappedLevel: string;
  readonly arrangement: Digest;
  /** Who recognises. */
  readonly jurisdiction: string;
  /** Included. */
  readonly validFrom: number;
  /** Excluded. */
  readonly validUntil: number;
  readonly status: StatusReference;
  readonly supersedes: Digest | null;
}

const LEVEL = code("assurance levels", ASSURANCE_LEVELS);
const CREDENTIAL = object({
  type: code("credential types", CREDENTIAL_TYPES),
  issuer: URI,
  digest: DIGEST,
  validFrom: TIME,
  validUntil: TIME,
}).where(["validFrom", "validUntil"], (credential, at, tell) => {
  tellUnlessLater(credential.validFrom, credential.validUntil, `${at}/validUntil`, tell);
});
const SHAPE = object(
  {
    party: PARTY,
    credential: CREDENTIAL,
    level: LEVEL,
    mappedLevel: LEVEL,
    arrangement: DIGEST,
    jurisdiction: COUNTRY,
    validFrom: TIME,
    validUntil: TIME,
    statusReference: STATUS_REFERENCE,
  },
  { supersedes: DIGEST },
)
  .where(["validFrom", "validUntil"], (subject, at, tell) => {
    tellUnlessLater(subject.validFrom, subject.validUntil, `${at}/validUntil`, tell);
  })
  .where(["party", "jurisdiction"], (subject, at, tell) => {
    if (subject.party.jurisdiction === subject.jurisdiction) {
      tell(`${at}/party/jurisdiction`, "same-jurisdiction", `the party is of ${subject.jurisdiction} itself`);
    }
  });
export const KIND = new Kind("IdentityRecognition", ["authority"], SHAPE);

/** The recognition that a statement grants; says nothing about what it rests on, nor about its status. */
export function read(statement: Signed): IdentityRecognition {
  const subject = KIND.read(statement);
  const { credential } = subject;
  return {
    type: "IdentityRecognition",
    party: partyOf(subject.party),
    credential: {
      type: credential.type,
      issuer: credential.issuer,
      digest: credential.digest,
      validFrom: parseTime(credential.validFrom),
      validUntil: parseTime(credential.validUntil),
    },
    level: subject.level,
    mappedLevel: subject.mappedLevel,
    arrangement: subject.arrangement,
    jurisdiction: subject.jurisdiction,
    validFrom: parseTime(subject.validFrom),
    validUntil: parseTime(subject.validUntil),
    status: statusReferenceOf(subject.statusReference),
    supersedes: subject.supersedes ?? null,
  };
}
