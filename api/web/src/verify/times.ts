/**
 * When a section's statements are proven to have existed, and who proves it: witnesses, attesters, or seals.
 *
 * The earliest counts.  The word of the log's own operator, about its log or about its chain, is never among them.
 * Source: docs/spec/key-rule.md, "Proven time".
 */

import { malformed } from "../core/error.ts";
import { formatTime } from "../core/times.ts";
import type { AnchorResult } from "./anchors.ts";
import { independentOf } from "./finality.ts";
import { CLOCK_DRIFT, type Times, UNKNOWN_TIMES } from "./keyrule.ts";
import { type Witnessing, provenBy } from "./notes.ts";

/** The times of a section, by whom, and of which grade: `witnessed`, `attested`, `sealed` or `claimed only`. */
export interface Proven {
  readonly times: Times;
  /** Organisations; of seals, the chain whose validators they are. */
  readonly by: readonly string[];
  readonly grade: string;
}

export const NOT_PROVEN: Proven = { times: UNKNOWN_TIMES, by: [], grade: "claimed only" };

/** Refuse a question about a time to come: what will be said until then is in no evidence. */
export function requirePast(at: number | null, now: number): void {
  if (at === null || at <= now) return;
  throw malformed(
    `the status is asked for ${formatTime(at)}, which is still to come; it is ${formatTime(now)} now, ` +
      "and a time up to now is required",
    "at-in-future",
  );
}

/** The times of a section that stands; with a quorum of 0 witnesses prove none. */
export function proveTime(
  witnessing: Witnessing | null,
  quorum: number,
  anchors: readonly AnchorResult[],
  operator: string,
  now: number,
): Proven {
  const candidates: { time: number; by: readonly string[]; grade: string }[] = [];
  const told: number[] = [];
  const cosigned = witnessing === null ? null : provenBy(witnessing, quorum);
  if (cosigned !== null) candidates.push({ ...cosigned, grade: "witnessed" });
  for (const { judged, blockTime: time } of anchors) {
    const grade = judged?.grade ?? null;
    if (judged === null || grade === null || time === null) continue;
    const by = independentOf(judged, operator);
    if (by.length === 0) told.push(time);
    else if (time <= now + CLOCK_DRIFT) candidates.push({ time, by, grade });
  }
  const byOperator = told.length === 0 ? null : Math.min(...told);
  const [first, ...others] = candidates;
  if (first === undefined) return { ...NOT_PROVEN, times: { proven: null, operator: byOperator } };
  const earliest = others.reduce((best, one) => (one.time < best.time ? one : best), first);
  return { times: { proven: earliest.time, operator: byOperator }, by: earliest.by, grade: earliest.grade };
}
