/**
 * Decision: what the measures in force say of one transfer, line by line, and by which rules.
 *
 * Source: docs/spec/decision.md.
 */

import { DECISION_OUTCOMES, DIRECTIONS, MEASURE_CONDITIONS, MEASURE_REASONS, MECHANISMS } from "./codes.ts";
import { BOOLEAN, code, DIGEST, integer, REFERENCE, text, TIME } from "./fields.ts";
import { ENGINE } from "./measure.ts";
import { CITE, MOST_RULES } from "./measureRules.ts";
import { Kind, type Signed } from "./reading.ts";
import { array, object, type Of } from "./shape.ts";

/** One decision, all fields in order. */
export interface Decision {
  readonly type: "Decision";
  readonly subject: DecisionSubject;
}

/** Ascending: the strictest of several is the last of them. */
export const ORDER = [
  "free",
  "conditional",
  "mechanismRequired",
  "assessmentRequired",
  "indeterminate",
  "prohibited",
];
const SIDES = ["inbound", "outbound"] as const;

/** The strictest of one or more outcomes. */
export function strictest(outcomes: readonly string[]): string {
  return ORDER[Math.max(...outcomes.map((outcome) => ORDER.indexOf(outcome)))] ?? "";
}

const OUTCOME = code("outcomes", DECISION_OUTCOMES);
const NUMBER = integer(0, 1_000_000);
const REASON = object(
  {
    measure: DIGEST,
    rule: REFERENCE,
    reason: code("reasons", new Set([...MEASURE_REASONS, "rule-error"])),
  },
  { cite: CITE },
);
const NAME = "[a-z][A-Za-z]{0,31}";
const FACT = text("the name of a fact", String.raw`${NAME}(?:\.${NAME}){0,3}`, 128);
const SIDE = object({
  outcome: OUTCOME,
  lines: array(
    object(
      { line: NUMBER, outcome: OUTCOME, reasons: array(REASON, 0, MOST_RULES) },
      { missing: array(FACT, 1, 64, true) },
    ),
    1,
    200,
  ),
})
  .where(["lines"], ({ lines }, at, tell) => {
    let before = -1;
    for (const [index, { line }] of lines.entries()) {
      if (line <= before) tell(`${at}/lines/${index}/line`, "line-order", `it follows ${before}`);
      before = line;
    }
  })
  .where(["outcome", "lines"], ({ outcome, lines }, at, tell) => {
    const wanted = strictest(lines.map((line) => line.outcome));
    if (outcome !== wanted) tell(`${at}/outcome`, "outcome-conflict", `the strictest line has ${wanted}`);
  });
const SHAPE = object(
  {
    transfer: DIGEST,
    at: TIME,
    engine: ENGINE,
    measures: array(object({ digest: DIGEST, number: REFERENCE, version: integer(1) }), 0, 256),
    outcome: OUTCOME,
    outbound: SIDE,
    strictest: object({ direction: code("directions", DIRECTIONS), line: NUMBER }),
  },
  {
    inbound: SIDE,
    mechanisms: array(code("mechanisms", MECHANISMS), 0, 32, true),
    declared: BOOLEAN,
    conditions: array(code("conditions", MEASURE_CONDITIONS), 1, 32, true),
  },
)
  .where(["measures"], ({ measures }, at, tell) => {
    let before = "";
    for (const [index, { digest }] of measures.entries()) {
      if (digest <= before) tell(`${at}/measures/${index}/digest`, "digest-order", "not ascending");
      before = digest;
    }
  })
  .where(["measures", "outbound", "inbound"], (subject, at, tell) => {
    const known = new Set(subject.measures.map((used) => used.digest));
    for (const side of SIDES) {
      for (const [number, line] of (subject[side]?.lines ?? []).entries()) {
        for (const [index, reason] of line.reasons.entries()) {
          if (known.has(reason.measure)) continue;
          const where = `${at}/${side}/lines/${number}/reasons/${index}/measure`;
          tell(where, "measure-unknown", "none of the measures");
        }
      }
    }
  })
  .where(["outcome", "outbound", "inbound", "strictest"], (subject, at, tell) => {
    const { outcome, strictest: named } = subject;
    const wanted = strictest(SIDES.flatMap((side) => subject[side]?.outcome ?? []));
    if (outcome !== wanted) {
      tell(`${at}/outcome`, "outcome-conflict", `the strictest direction has ${wanted}`);
      return;
    }
    const lines = SIDES.flatMap((side) => (side === named.direction ? (subject[side]?.lines ?? []) : []));
    if (!lines.some((line) => line.line === named.line && line.outcome === outcome)) {
      tell(`${at}/strictest`, "outcome-conflict", `no such line has the outcome ${outcome}`);
    }
  })
  .where(["outcome", "mechanisms", "declared"], ({ outcome }, at, tell, has) => {
    const required = outcome === "mechanismRequired";
    for (const name of ["declared", "mechanisms"]) {
      if (required && !has(name)) {
        tell(`${at}/${name}`, "member-missing", `the outcome ${outcome} needs it`);
      } else if (!required && has(name)) {
        tell(`${at}/${name}`, "outcome-conflict", `given with the outcome ${outcome}`);
      }
    }
  })
  .where(["outcome", "conditions"], ({ outcome }, at, tell, has) => {
    const given = has("conditions");
    if (outcome === "conditional" && !given) tell(`${at}/conditions`, "member-missing", "needed");
    if (outcome === "free" && given) tell(`${at}/conditions`, "outcome-conflict", "given with free");
  });
export type DecisionSubject = Of<typeof SHAPE>;
export const KIND = new Kind("Decision", ["machine", "authority"], SHAPE);

/** The decision that a statement holds; says nothing about whether it follows from the measures. */
export function read(statement: Signed): Decision {
  return { type: "Decision", subject: KIND.read(statement) };
}
