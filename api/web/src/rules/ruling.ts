/**
 * A measure made ready to be asked, and what it says of one line.
 *
 * Source: docs/spec/deciding.md, section Rules.
 */

import { ORDER } from "../statements/decision.ts";
import type { Digest } from "../statements/fields.ts";
import type { MeasureSubject } from "../statements/measure.ts";
import type { MeasureRule } from "../statements/measureRules.ts";
import { parse } from "./cel.ts";
import { holds, operatorsOf } from "./evaluate.ts";
import type { Facts } from "./facts.ts";
import { tableOf } from "./tables.ts";
import { both, FAULT, isMissing, type Truth } from "./truth.ts";

/** Says nothing: less than every outcome; these are counted by their places in `ORDER`. */
export const SILENCE = -2;
/** Says nothing because another measure speaks in its place. */
export const YIELDING = -1;
export const INDETERMINATE = ORDER.indexOf("indeterminate");

/** A rule that decides, or may. */
export interface Possible {
  readonly measure: Digest;
  readonly rule: MeasureRule;
  readonly outcome: number;
  readonly reason: string;
}

/** What a measure says of a line, or may say while facts are missing. */
export interface Verdict {
  /** Places in `ORDER`, `SILENCE`, `YIELDING`; settled where it is one. */
  readonly possible: ReadonlySet<number>;
  readonly rules: readonly Possible[];
  readonly missing: ReadonlySet<string>;
}

interface Ruling {
  readonly holds: (facts: Facts) => Truth;
  readonly says: Possible;
  /** In error. */
  readonly fails: Possible;
  /** What asking it of a line costs: itself, each fact of its table, each operator of its expression. */
  readonly work: number;
}

/** A measure made ready, once for any number of transfers. */
export interface Ready {
  readonly digest: Digest;
  readonly measure: MeasureSubject;
  readonly rulings: readonly Ruling[];
  /** Those of them that are not delegable. */
  readonly kept: readonly Ruling[];
}

/** Make a measure ready; where it is joint, that enough authorities endorsed it was seen to before. */
export function ready(digest: Digest, measure: MeasureSubject): Ready {
  const rulings = measure.rules.map((rule) => ruling(digest, rule));
  return { digest, measure, rulings, kept: rulings.filter(({ says }) => says.rule.delegable !== true) };
}

function ruling(measure: Digest, rule: MeasureRule): Ruling {
  const says = { measure, rule, outcome: ORDER.indexOf(rule.outcome), reason: rule.reason };
  return {
    ...conditionOf(rule),
    says,
    fails: { ...says, outcome: INDETERMINATE, reason: "rule-error" },
  };
}

/** What a rule asks: of its table and its expression both; of neither, nothing. */
function conditionOf(rule: MeasureRule): Pick<Ruling, "holds" | "work"> {
  const table = rule.if === undefined ? null : tableOf(rule.if);
  const expression = rule.when === undefined ? null : parse(rule.when);
  return {
    holds: (facts) => both(table?.holds(facts) ?? true, expression === null || holds(expression, facts)),
    work: 1 + (table?.work ?? 0) + (expression === null ? 0 : operatorsOf(expression)),
  };
}

/** What asking rules of a line costs. */
export function workOf(rulings: readonly Ruling[]): number {
  return rulings.reduce((sum, { work }) => sum + work, 0);
}

/** What ordered rules say of a line: the first that holds decides, those unknown before it may have. */
export function verdictOf(rulings: readonly Ruling[], facts: Facts): Verdict {
  const rules: Possible[] = [];
  const missing = new Set<string>();
  for (const one of rulings) {
    const truth = one.holds(facts);
    if (truth === false) continue;
    rules.push(truth === FAULT ? one.fails : one.says);
    if (!isMissing(truth)) return { possible: outcomesOf(rules), rules, missing };
    truth.forEach((name) => missing.add(name));
  }
  return { possible: outcomesOf(rules).add(SILENCE), rules, missing };
}

function outcomesOf(rules: readonly Possible[]): Set<number> {
  return new Set(rules.map((rule) => rule.outcome));
}

/**
 * What a measure says that others override.
 *
 * @param whole With all its rules.
 * @param over What each of those others says with all of theirs.
 * @param ask What it says without its delegable rules.
 */
export function overridden(whole: Verdict, over: readonly Verdict[], ask: () => Verdict): Verdict {
  if (over.every(({ possible }) => possible.size === 1 && possible.has(SILENCE))) return whole;
  const kept = ask();
  if (over.some(({ possible }) => !possible.has(SILENCE))) return kept;
  const yielded = [...kept.possible].map((one) => (one === SILENCE ? YIELDING : one));
  return {
    possible: new Set([...whole.possible, ...yielded]),
    rules: [...new Set([...whole.rules, ...kept.rules])],
    missing: new Set([...whole.missing, ...kept.missing]),
  };
}
