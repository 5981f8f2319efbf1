/**
 * DatasetRegistration: how a holder's dataset was classified, by whom, under which licence and where it is.
 *
 * Source: docs/spec/dataset-registration.md.
 */

import { CATEGORIES, DATA_TYPES, GRADES } from "./codes.ts";
import { code, codes, COUNTRY, DATE, DID, DIGEST, integer, LABEL, REFERENCE, URI } from "./fields.ts";
import { CITE } from "./measureRules.ts";
import { PARTY } from "./party.ts";
import { Kind, type Signed, SUBJECT } from "./reading.ts";
import { SCENARIO } from "./scenario.ts";
import { array, object, type Of } from "./shape.ts";
import { nextTo, startOf, tellUnlessFitting } from "./transfer.ts";
import { tellUnlessSuperseding } from "./validity.ts";

/** One version of what is known of one dataset, all fields in order. */
export interface DatasetRegistration {
  readonly type: "DatasetRegistration";
  readonly subject: DatasetSubject;
}

const SHAPE = object(
  {
    holder: PARTY,
    reference: REFERENCE,
    version: integer(1),
    category: code("categories", CATEGORIES),
    grade: code("grades", GRADES),
    classification: object({ by: DID, date: DATE, criteria: array(CITE, 1, 32, true) }, { measure: DIGEST }),
    licence: object({ name: LABEL }, { uri: URI }),
    location: array(COUNTRY, 1, 16, true),
  },
  {
    supersedes: DIGEST,
    description: LABEL,
    dataTypes: codes("data types", DATA_TYPES),
    scenarios: array(SCENARIO, 1, 64, true),
    reviewBy: DATE,
  },
)
  .where(["version", "supersedes"], tellUnlessSuperseding)
  .where(["category", "dataTypes"], tellUnlessFitting)
  .where(["grade", "description", "dataTypes", "scenarios"], ({ grade }, at, tell, has) => {
    if (grade !== "core") return;
    for (const name of ["dataTypes", "description", "scenarios"]) {
      if (has(name)) tell(`${at}/${name}`, "core-described", "what is graded core is not described");
    }
  });
export type DatasetSubject = Of<typeof SHAPE>;
export const KIND = new Kind("DatasetRegistration", ["registrar"], SHAPE).where(
  ["classification"],
  ({ classification }, signing, tell) => {
    if (startOf(classification.date) > nextTo(signing.created, 1)) {
      tell(`${SUBJECT}/classification/date`, "time-order", "later than the day of signing");
    }
  },
);

/** The registration that a statement makes. */
export function read(statement: Signed): DatasetRegistration {
  return { type: "DatasetRegistration", subject: KIND.read(statement) };
}
