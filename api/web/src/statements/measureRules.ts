/**
 * The rules of a PolicyMeasure: what each asks of a line, and what it says where that holds.
 *
 * Source: docs/spec/policy-measure.md.
 */

import { parse } from "../rules/cel.ts";
import {
  CATEGORIES,
  COUNTRY_RELATIONS,
  DATA_TYPES,
  DECISION_OUTCOMES_OF_RULES,
  EXEMPTIONS,
  FLOWS,
  GRADES,
  LEGAL_BASES,
  MEASURE_CONDITIONS,
  MEASURE_DOCUMENTS,
  MEASURE_REASONS,
  MECHANISMS,
  PURPOSES,
} from "./codes.ts";
import { BOOLEAN, code, codes, integer, LABEL, REFERENCE, text } from "./fields.ts";
import { ZONE } from "./party.ts";
import { SCENARIO } from "./scenario.ts";
import { array, object, type Of } from "./shape.ts";

export const MOST_RULES = 1024;

const BOUND = object({}, { atLeast: integer(0), below: integer(1) })
  .withAnyOf("atLeast", "below")
  .where(["atLeast", "below"], ({ atLeast, below }, at, tell) => {
    if (atLeast !== undefined && below !== undefined && atLeast >= below) {
      tell(`${at}/below`, "counts-conflict", "not more than where it begins");
    }
  });
const PERSONS = object(
  {},
  { count: BOUND, sensitiveCount: BOUND, ytdCount: BOUND, ytdSensitiveCount: BOUND },
).withAnyOf("count", "sensitiveCount", "ytdCount", "ytdSensitiveCount");
const ASKED = {
  category: codes("categories", CATEGORIES),
  grade: codes("grades", GRADES),
  scenario: array(SCENARIO, 1, 256, true),
  flow: codes("flows", FLOWS),
  exemption: codes("exemptions", EXEMPTIONS),
  mechanism: codes("mechanisms", MECHANISMS),
  dataTypes: codes("data types", DATA_TYPES),
  purpose: codes("purposes, DPV", PURPOSES),
  legalBasis: codes("legal bases, DPV", LEGAL_BASES),
  criticalInfrastructure: BOOLEAN,
  relation: codes("relations between countries", COUNTRY_RELATIONS),
  zone: ZONE,
  persons: PERSONS,
};
const TABLE = object({}, ASKED).withAnyOf(...(Object.keys(ASKED) as (keyof typeof ASKED)[]));
export type Table = Of<typeof TABLE>;
/** Where in the law it stands. */
export const CITE = object({ instrument: LABEL }, { article: LABEL });

/** Each member, the outcome that needs it, and those that may not have it. */
const OF_OUTCOMES = [
  ["mechanisms", "mechanismRequired", ["free", "conditional", "assessmentRequired", "prohibited"]],
  ["conditions", "conditional", ["free", "prohibited"]],
  ["documents", null, ["prohibited"]],
] as const;
const RULE = object(
  {
    id: REFERENCE,
    outcome: code("outcomes of a rule", DECISION_OUTCOMES_OF_RULES),
    reason: code("reasons", MEASURE_REASONS),
    cite: CITE,
  },
  {
    if: TABLE,
    when: text(
      "an expression of 1 to 1,000 printable ASCII characters without outer spaces",
      "(?! )[ -~]{1,1000}(?<! )",
      1000,
    ),
    mechanisms: codes("mechanisms", MECHANISMS),
    conditions: codes("conditions", MEASURE_CONDITIONS),
    documents: codes("documents", MEASURE_DOCUMENTS),
    delegable: BOOLEAN,
  },
)
  .where(["when"], ({ when }, at, tell) => {
    try {
      if (when !== undefined) parse(when);
    } catch (error) {
      tell(`${at}/when`, "cel-invalid", error instanceof Error ? error.message : "");
    }
  })
  .where(["outcome", "mechanisms", "conditions", "documents"], ({ outcome }, at, tell, has) => {
    for (const [name, needing, refusing] of OF_OUTCOMES) {
      const where = `${at}/${name}`;
      if (has(name)) {
        if (refusing.some((one) => one === outcome)) {
          tell(where, "outcome-conflict", `given with the outcome ${outcome}`);
        }
      } else if (outcome === needing) tell(where, "member-missing", `the outcome ${outcome} needs it`);
    }
  });
/** The first that holds of a line decides. */
export const RULES = array(RULE, 0, MOST_RULES, "id");
export type MeasureRule = Of<typeof RULE>;
