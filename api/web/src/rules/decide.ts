/**
 * May this transfer cross the border?  What the measures in force say of it, line by line.
 *
 * A function of the record, of measures and of a time: whoever has the same computes the same bytes, which are the
 * subject of a Decision.  Source: docs/spec/deciding.md.
 */

import { refusedError } from "../core/error.ts";
import { formatTime } from "../core/times.ts";
import { type DecisionSubject, ORDER } from "../statements/decision.ts";
import type { Digest } from "../statements/fields.ts";
import { inOrder } from "../statements/premises/evidence.ts";
import type { TransferSubject } from "../statements/transfer.ts";
import { inForce } from "./force.ts";
import type { Judged } from "./lines.ts";
import { factsOf } from "./record.ts";
import type { Ready } from "./ruling.ts";
import { judged } from "./side.ts";

export const ENGINE = "evidence-rules/1";
const MOST_MEASURES = 256;
/** Rules times lines. */
const MOST_WORK = 262_144;
const MECHANISM = ORDER.indexOf("mechanismRequired");

/**
 * Decide about a transfer.
 *
 * @param digest Of the record, as the Decision names it.
 * @param measures All at hand, in any order, each digest once; those not in force, or of others, change nothing.
 * @param at When it crosses, POSIX seconds.
 * @throws LedgerError `decision-too-large`.
 */
export function decide(
  digest: Digest,
  record: TransferSubject,
  measures: readonly Ready[],
  at: number,
): DecisionSubject {
  const out = inForce(measures, "outbound", record.exporter, at);
  const into = inForce(measures, "inbound", record.importer, at);
  const used = [...out, ...into].sort((one, other) => inOrder(one.digest, other.digest));
  const lines = factsOf(record);
  requireBounded(used, lines.length);
  const outbound = judged("outbound", out, record, lines, at);
  const inbound = into.length > 0 ? judged("inbound", into, record, lines, at) : [];
  const outcome = strictest([...outbound, ...inbound]);
  const having = [...outbound, ...inbound].filter((line) => line.outcome === outcome);
  const first = outbound.find((line) => line.outcome === outcome);
  return {
    transfer: digest,
    at: formatTime(at),
    engine: ENGINE,
    measures: used.map(({ digest: own, measure }) => {
      return { digest: own, number: measure.number, version: measure.version };
    }),
    outcome: ORDER[outcome] ?? "",
    outbound: sideOf(outbound),
    ...(inbound.length > 0 ? { inbound: sideOf(inbound) } : {}),
    ...(outcome === MECHANISM ? mechanisms(having, record) : {}),
    strictest: {
      direction: first === undefined ? "inbound" : "outbound",
      line: (first ?? having[0])?.decided.line ?? 0,
    },
  };
}

function strictest(lines: readonly Judged[]): number {
  return Math.max(...lines.map((line) => line.outcome));
}

function sideOf(lines: readonly Judged[]): DecisionSubject["outbound"] {
  return { outcome: ORDER[strictest(lines)] ?? "", lines: lines.map((line) => line.decided) };
}

function requireBounded(measures: readonly Ready[], lines: number): void {
  const work = lines * measures.reduce((sum, { rulings }) => sum + rulings.length, 0);
  if (measures.length > MOST_MEASURES || work > MOST_WORK) {
    const told = `${measures.length} measures in force, whose rules times the lines are ${work}`;
    throw refusedError(`${told}: at most ${MOST_MEASURES} and ${MOST_WORK}`, "decision-too-large");
  }
}

/** Those that every rule which requires one allows, and whether the record declares one of them. */
function mechanisms(
  lines: readonly Judged[],
  { mechanism }: TransferSubject,
): { mechanisms: readonly string[]; declared: boolean } {
  const allowing = lines.flatMap((line) => line.rules.map(({ rule }) => rule.mechanisms ?? []));
  const [first = [], ...rest] = allowing;
  const allowed = first.filter((one) => rest.every((others) => others.includes(one))).sort();
  return { mechanisms: allowed, declared: mechanism !== undefined && allowed.includes(mechanism.type) };
}
