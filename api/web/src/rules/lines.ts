/**
 * What a direction says of one line, of what its measures say or may say.
 *
 * Source: docs/spec/deciding.md, section Outcomes, 25 and 26.
 */

import { ORDER } from "../statements/decision.ts";
import { inOrder } from "../statements/premises/evidence.ts";
import { INDETERMINATE, type Possible, SILENCE, type Verdict, YIELDING } from "./ruling.ts";

/** Reasons that a line names. */
const MOST_REASONS = 4;

/** As a Decision writes it. */
interface Reason {
  readonly measure: string;
  readonly rule: string;
  readonly reason: string;
  readonly cite: Possible["rule"]["cite"];
}
export interface LineDecided {
  readonly line: number;
  readonly outcome: string;
  readonly reasons: readonly Reason[];
  readonly missing?: readonly string[];
}
/** One line, the rules that have its outcome, more than are named, and all that may be, whatever theirs is. */
export interface Judged {
  readonly outcome: number;
  readonly decided: LineDecided;
  readonly rules: readonly Possible[];
  readonly every: readonly Possible[];
}

/**
 * What follows for a line; null where nothing is said and nothing need be.
 *
 * @param said What the measures say, ascending by digest, but for those of kind `default`,
 * @param byDefault which count where no other speaks.
 */
export function judge(
  line: number,
  said: readonly Verdict[],
  byDefault: readonly Verdict[],
  isOutbound: boolean,
): Judged | null {
  let counting = said;
  let possible = strictestOfEach(said);
  if (possible.delete(SILENCE)) {
    counting = [...said, ...byDefault];
    possible = new Set([...possible, ...strictestOfEach(byDefault)]);
  }
  const [only = SILENCE] = possible;
  if (possible.size === 1 && only === SILENCE && !isOutbound) return null;
  const outcome = possible.size === 1 && only !== SILENCE ? only : INDETERMINATE;
  const every = counting.flatMap((verdict) => verdict.rules);
  const rules = every
    .filter((rule) => outcome === INDETERMINATE || rule.outcome === outcome)
    .sort((one, other) => inOrder(one.measure, other.measure));
  const missing = outcome === INDETERMINATE ? missingOf(counting) : new Set<string>();
  if (outcome === INDETERMINATE && isOutbound && possible.has(SILENCE)) missing.add("measures");
  return {
    outcome,
    rules,
    every,
    decided: {
      line,
      outcome: ORDER[outcome] ?? "",
      reasons: rules.slice(0, MOST_REASONS).map(({ measure, rule, reason }) => {
        return { measure, rule: rule.id, reason, cite: rule.cite };
      }),
      ...(missing.size > 0 ? { missing: [...missing].sort() } : {}),
    },
  };
}

/** All missing names of what is not settled. */
function missingOf(verdicts: readonly Verdict[]): Set<string> {
  const unsettled = verdicts.filter(({ possible }) => possible.size > 1);
  return new Set(unsettled.flatMap(({ missing }) => [...missing]));
}

/** What comes out, of every choice of one of what each may say, but for yielding: whoever is yielded to says more. */
function strictestOfEach(verdicts: readonly Verdict[]): Set<number> {
  let least = SILENCE;
  const together = new Set([SILENCE]);
  for (const { possible } of verdicts) {
    least = Math.max(least, Math.min(...possible));
    possible.forEach((one) => together.add(one));
  }
  together.forEach((one) => (one < least || one === YIELDING) && together.delete(one));
  return together;
}
