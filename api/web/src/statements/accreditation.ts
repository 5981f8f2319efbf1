/**
 * Accreditation: an accreditor's word that a body may certify, under which schemes and for how long.
 *
 * Source: docs/spec/accreditation.md.
 */

import { parseTime } from "../core/times.ts";
import { DIGEST, type Digest, integer, TIME, URI } from "./fields.ts";
import { PARTY, type Party, partyOf } from "./party.ts";
import { Kind, type Signed, tellUnlessIssuer } from "./reading.ts";
import { DOCUMENT, FAMILY, LEVEL, NUMBER, VERSION } from "./scheme.ts";
import { DATA_CATEGORIES, DOCUMENT_TYPES, tellUnlessTypesFit, type Words } from "./scope.ts";
import { array, object } from "./shape.ts";
import { STATUS_REFERENCE, type StatusReference, statusReferenceOf } from "./statusReference.ts";
import { tellUnlessLater } from "./validity.ts";

/** A scheme that the body may certify under. */
export interface AccreditedScheme {
  readonly id: string;
  readonly versions: Words;
  readonly family: string;
  /** The longest that a certificate may be valid. */
  readonly maximumDays: number;
  /** The highest level it may certify; null: the accreditation does not limit it. */
  readonly level: number | null;
}

/** One accreditation; times are POSIX seconds. */
export interface Accreditation {
  readonly type: "Accreditation";
  /** Unique per accreditor. */
  readonly number: string;
  readonly accreditor: Party;
  readonly body: Party;
  readonly schemes: readonly AccreditedScheme[];
  readonly dataCategories: Words;
  /** Empty where no scheme is of the family document. */
  readonly documentTypes: Words;
  /** Included. */
  readonly validFrom: number;
  /** Excluded. */
  readonly validUntil: number;
  readonly status: StatusReference;
  /** The Accreditation that the accreditor itself holds. */
  readonly parent: Digest | null;
  readonly supersedes: Digest | null;
}

const ACCREDITED_SCHEME = object(
  { id: URI, versions: array(VERSION, 1, 16, true), family: FAMILY, maximumDays: integer(1, 3660) },
  { level: LEVEL },
);
const SHAPE = object(
  {
    number: NUMBER,
    accreditor: PARTY,
    body: PARTY,
    schemes: array(ACCREDITED_SCHEME, 1, 32, "id"),
    scope: object({ dataCategories: DATA_CATEGORIES }, { documentTypes: DOCUMENT_TYPES }),
    validFrom: TIME,
    validUntil: TIME,
    statusReference: STATUS_REFERENCE,
  },
  { parent: DIGEST, supersedes: DIGEST },
)
  .where(["validFrom", "validUntil"], (subject, at, tell) => {
    tellUnlessLater(subject.validFrom, subject.validUntil, `${at}/validUntil`, tell);
  })
  .where(["schemes", "scope"], (subject, at, tell) => {
    const ofDocuments = subject.schemes.some((scheme) => scheme.family === DOCUMENT);
    tellUnlessTypesFit(subject.scope, ofDocuments, `${at}/scope`, tell);
  });
export const KIND = new Kind("Accreditation", ["accreditor"], SHAPE).where(
  ["accreditor"],
  (subject, signing, tell) => {
    tellUnlessIssuer(subject.accreditor.did, "accreditor", signing, tell);
  },
);

/** The accreditation that a statement grants; says nothing about its status. */
export function read(statement: Signed): Accreditation {
  const subject = KIND.read(statement);
  return {
    type: "Accreditation",
    number: subject.number,
    accreditor: partyOf(subject.accreditor),
    body: partyOf(subject.body),
    schemes: subject.schemes.map((scheme) => ({
      id: scheme.id,
      versions: new Set(scheme.versions),
      family: scheme.family,
      maximumDays: scheme.maximumDays,
      level: scheme.level ?? null,
    })),
    dataCategories: new Set(subject.scope.dataCategories),
    documentTypes: new Set(subject.scope.documentTypes),
    validFrom: parseTime(subject.validFrom),
    validUntil: parseTime(subject.validUntil),
    status: statusReferenceOf(subject.statusReference),
    parent: subject.parent ?? null,
    supersedes: subject.supersedes ?? null,
  };
}
