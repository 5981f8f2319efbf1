/**
 * ConformityCertificate: a conformity body's word that a holder's processing meets a scheme.
 *
 * Source: docs/spec/conformity-certificate.md.
 */

import { parseTime } from "../core/times.ts";
import { ASSESSMENT_LEVELS, ASSESSOR_LEVELS, ATTESTATION_TYPES } from "./codes.ts";
import { code, COMMITMENT, DID, DIGEST, type Digest, LABEL, MEDIA_TYPE, TIME, URI } from "./fields.ts";
import { PARTY, type Party, partyOf } from "./party.ts";
import { Kind, type Signed, tellUnlessIssuer } from "./reading.ts";
import { DOCUMENT, FAMILY, LEVEL, NUMBER, VERSION } from "./scheme.ts";
import { SCOPE, type Scope, scopeOf, tellUnlessTypesFit } from "./scope.ts";
import { array, object } from "./shape.ts";
import { STATUS_REFERENCE, type StatusReference, statusReferenceOf } from "./statusReference.ts";
import { tellUnlessLater } from "./validity.ts";

/** One certificate; times are POSIX seconds. */
export interface ConformityCertificate {
  readonly type: "ConformityCertificate";
  /** Unique per body. */
  readonly number: string;
  readonly body: Party;
  readonly holder: Party;
  readonly scheme: string;
  readonly schemeVersion: string;
  readonly family: string;
  /** Those assessed, as the body names them. */
  readonly standards: readonly string[];
  /** Null where the scheme has no levels. */
  readonly level: number | null;
  readonly scope: Scope;
  /** Included. */
  readonly validFrom: number;
  /** Excluded. */
  readonly validUntil: number;
  /** Null: its status cannot be known. */
  readonly status: StatusReference | null;
  /** DID of the accreditor and digest of its Accreditation, where the certificate names one. */
  readonly accreditation: { readonly accreditor: string; readonly statement: Digest } | null;
  readonly supersedes: Digest | null;
}

const CONFORMITY_SCHEME = object(
  { id: URI, version: VERSION, family: FAMILY, standards: array(LABEL, 1, 32, true) },
  { level: LEVEL },
);
const SHAPE = object(
  {
    certificateNumber: NUMBER,
    body: PARTY,
    holder: PARTY,
    assessorLevel: code("assessor levels, UNTP", ASSESSOR_LEVELS),
    assessmentLevel: code("assessment levels, UNTP", ASSESSMENT_LEVELS),
    attestationType: code("attestation types, UNTP", ATTESTATION_TYPES),
    scheme: CONFORMITY_SCHEME,
    scope: SCOPE,
    validFrom: TIME,
    validUntil: TIME,
  },
  {
    accreditation: object({ accreditor: DID, statement: DIGEST }),
    conformityCertificate: object({ commitment: DIGEST, mediaType: MEDIA_TYPE }),
    auditableEvidence: COMMITMENT,
    statusReference: STATUS_REFERENCE,
    supersedes: DIGEST,
  },
)
  .where(["validFrom", "validUntil"], (subject, at, tell) => {
    tellUnlessLater(subject.validFrom, subject.validUntil, `${at}/validUntil`, tell);
  })
  .where(["scheme", "scope"], (subject, at, tell) => {
    tellUnlessTypesFit(subject.scope, subject.scheme.family === DOCUMENT, `${at}/scope`, tell);
  });
export const KIND = new Kind("ConformityCertificate", ["body"], SHAPE).where(
  ["body"],
  (subject, signing, tell) => {
    tellUnlessIssuer(subject.body.did, "body", signing, tell);
  },
);

/** The certificate that a statement grants; says nothing about its status. */
export function read(statement: Signed): ConformityCertificate {
  const subject = KIND.read(statement);
  const { scheme, statusReference } = subject;
  return {
    type: "ConformityCertificate",
    number: subject.certificateNumber,
    body: partyOf(subject.body),
    holder: partyOf(subject.holder),
    scheme: scheme.id,
    schemeVersion: scheme.version,
    family: scheme.family,
    standards: scheme.standards,
    level: scheme.level ?? null,
    scope: scopeOf(subject.scope),
    validFrom: parseTime(subject.validFrom),
    validUntil: parseTime(subject.validUntil),
    status: statusReference === undefined ? null : statusReferenceOf(statusReference),
    accreditation: subject.accreditation ?? null,
    supersedes: subject.supersedes ?? null,
  };
}
