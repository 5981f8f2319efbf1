/** The types of statement: who signs each, and how it is read. */

import { malformed } from "../core/error.ts";
import { has, isArray, isObject, type Json, type JsonObject } from "../core/json.ts";
import * as accreditation from "./accreditation.ts";
import * as acknowledgement from "./acknowledgement.ts";
import * as arrangement from "./arrangement.ts";
import * as certificate from "./certificate.ts";
import * as dataset from "./dataset.ts";
import * as decision from "./decision.ts";
import * as endorsement from "./endorsement.ts";
import * as enrolment from "./enrolment.ts";
import * as identity from "./identity.ts";
import * as jurisdiction from "./jurisdiction.ts";
import * as logSuccession from "./logSuccession.ts";
import * as measure from "./measure.ts";
import * as measureReview from "./measureReview.ts";
import * as observation from "./observation.ts";
import type { Signed } from "./reading.ts";
import * as recognitionGrant from "./recognitionGrant.ts";
import * as revocation from "./revocation.ts";
import * as statusChange from "./statusChange.ts";
import * as statusList from "./statusList.ts";
import * as transfer from "./transfer.ts";

/** What a statement says, by the `type` of it. */
export type Subject =
  | enrolment.Enrolment
  | revocation.KeyRevocation
  | transfer.TransferRecord
  | acknowledgement.TransferAcknowledgement
  | certificate.ConformityCertificate
  | accreditation.Accreditation
  | arrangement.RecognitionArrangement
  | endorsement.Endorsement
  | recognitionGrant.Recognition
  | statusChange.StatusChange
  | statusList.StatusList
  | identity.IdentityRecognition
  | jurisdiction.JurisdictionEntry
  | logSuccession.LogSuccession
  | measure.PolicyMeasure
  | decision.Decision
  | dataset.DatasetRegistration
  | measureReview.MeasureReview
  | observation.Observation;

/** What there is to know of one type. */
export interface StatementType {
  /** As in the document's `type`. */
  readonly name: string;
  /** Of which its signer must have one; a KeyRevocation may also be signed by the party itself. */
  readonly roles: readonly string[];
  readonly read: (statement: Signed) => Subject;
}

const MODULES: readonly {
  readonly KIND: Omit<StatementType, "read">;
  readonly read: StatementType["read"];
}[] = [
  enrolment,
  revocation,
  transfer,
  acknowledgement,
  certificate,
  accreditation,
  arrangement,
  endorsement,
  recognitionGrant,
  statusChange,
  statusList,
  identity,
  jurisdiction,
  logSuccession,
  measure,
  decision,
  dataset,
  measureReview,
  observation,
];

export const TYPES: ReadonlyMap<string, StatementType> = new Map(
  MODULES.map(({ KIND, read }) => [KIND.name, { name: KIND.name, roles: KIND.roles, read }]),
);

/**
 * The type of this name.
 *
 * @throws LedgerError `statement-type`: there is none.
 */
export function statementType(name: string): StatementType {
  const found = TYPES.get(name);
  if (found === undefined) {
    throw malformed(
      `no such type of statement; there are ${[...TYPES.keys()].join(", ")}`,
      "statement-type",
      "/type/1",
    );
  }
  return found;
}

/**
 * The subject of a statement, as the value of its type.
 *
 * @throws LedgerError `statement-type`: no such type; `statement-invalid` (StatementInvalidError): its fields are not
 * in order.
 */
export function read(statement: Signed): Subject {
  return statementType(statement.type).read(statement);
}

/**
 * The places of a document that hold commitments: name -> JSON pointer, in the order of the names.
 *
 * The name is the path below the subject without the last member: `payload`, `document.number`, `lines.0.volume`.
 */
export function commitments(document: JsonObject): ReadonlyMap<string, string> {
  const found: (readonly [name: string, pointer: string])[] = [];
  const walk = (value: Json | undefined, path: readonly string[]): void => {
    if (isArray(value)) {
      for (const [index, item] of value.entries()) walk(item, [...path, index.toString()]);
    } else if (isObject(value)) {
      if (has(value, "commitment")) {
        found.push([path.join("."), ["", "credentialSubject", ...path, "commitment"].join("/")]);
      }
      for (const name of Object.keys(value).sort()) walk(value[name], [...path, name]);
    }
  };
  walk(document["credentialSubject"], []);
  return new Map(found.sort(([one], [other]) => (one < other ? -1 : Number(one > other))));
}

/** The places of a document that hold the digest of a file, without salt: name -> JSON pointer. */
export function fileDigests(document: JsonObject): ReadonlyMap<string, string> {
  const types = document["type"];
  const isOne = isArray(types) && types.includes("IdentityRecognition");
  return new Map(isOne ? [["credential", "/credentialSubject/credential/digest"]] : []);
}
