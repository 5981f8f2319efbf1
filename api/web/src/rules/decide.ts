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
import { askedOf, judged, workOfAll } from "./side.ts";

export const ENGINE = "evidence-rules/1";
const MOST_MEASURES = 256;
/** Rules, facts of their tables and operators of their expressions, times lines. */
const MOST_WORK = 262_144;
const MECHANISM = ORDER.indexOf("mechanismRequired");
const ASSESSMENT = ORDER.indexOf("assessmentRequired");

/** The answer, and what it has beside the subject of a Decision. */
export interface Decided {
  readonly subject: DecisionSubject;
  /** Mechanisms that every rule which requires one allows, also beside an assessment; null: none requires one. */
  readonly allowed: readonly string[] | null;
}

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
): Decided {
  const out = inForce(measures, "outbound", record.exporter, at);
  const into = inForce(measures, "inbound", record.importer, at);
  const used = [...out, ...into].sort((one, other) => inOrder(one.digest, other.digest));
  const lines = factsOf(record);
  requireBounded(used.length, 0);
  const asked = askedOf(out, record.importer.jurisdiction, at);
  const askedInto = askedOf(into, record.exporter.jurisdiction, at);
  requireBounded(used.length, lines.length * (workOfAll(asked) + workOfAll(askedInto)));
  const outbound = judged("outbound", asked, record, lines);
  const inbound = into.length > 0 ? judged("inbound", askedInto, record, lines) : [];
  const outcome = strictest([...outbound, ...inbound]);
  const having = [...outbound, ...inbound].filter((line) => line.outcome === outcome);
  const allowed =
    outcome === MECHANISM || outcome === ASSESSMENT ? mechanisms([...outbound, ...inbound]) : null;
  const every = [...outbound, ...inbound].flatMap((line) => line.every);
  const rules = new Set(every.map(({ rule }) => rule));
  const conditions = [...new Set([...rules].flatMap((rule) => rule.conditions ?? []))].sort();
  const first = outbound.find((line) => line.outcome === outcome);
  const subject = {
    transfer: digest,
    at: formatTime(at),
    engine: ENGINE,
    measures: used.map(({ digest: own, measure }) => {
      return { digest: own, number: measure.number, version: measure.version };
    }),
    outcome: ORDER[outcome] ?? "",
    outbound: sideOf(outbound),
    ...(inbound.length > 0 ? { inbound: sideOf(inbound) } : {}),
    ...(allowed !== null && outcome === MECHANISM
      ? { mechanisms: allowed, declared: allowed.includes(record.mechanism?.type ?? "") }
      : {}),
    ...(conditions.length > 0 ? { conditions } : {}),
    strictest: {
      direction: first === undefined ? "inbound" : "outbound",
      line: (first ?? having[0])?.decided.line ?? 0,
    },
  };
  return { subject, allowed };
}

function strictest(lines: readonly Judged[]): number {
  return Math.max(...lines.map((line) => line.outcome));
}

function sideOf(lines: readonly Judged[]): DecisionSubject["outbound"] {
  return { outcome: ORDER[strictest(lines)] ?? "", lines: lines.map((line) => line.decided) };
}

function requireBounded(measures: number, work: number): void {
  if (measures > MOST_MEASURES || work > MOST_WORK) {
    const told = `${measures} measures in force, whose rules and what these ask, times the lines, are ${work}`;
    throw refusedError(`${told}: at most ${MOST_MEASURES} and ${MOST_WORK}`, "decision-too-large");
  }
}

/** Those that every rule which requires one allows, in lines where that or an assessment is the outcome. */
function mechanisms(lines: readonly Judged[]): readonly string[] | null {
  const asked = lines.filter(({ outcome }) => outcome === MECHANISM || outcome === ASSESSMENT);
  const rules = asked.flatMap(({ every }) => every).filter(({ outcome }) => outcome === MECHANISM);
  if (rules.length === 0) return null;
  const [first = [], ...rest] = rules.map(({ rule }) => rule.mechanisms ?? []);
  return first.filter((one) => rest.every((others) => others.includes(one))).sort();
}
