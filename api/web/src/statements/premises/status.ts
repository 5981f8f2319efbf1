/**
 * Status: was this statement withdrawn or suspended at that time, and does the evidence know?
 *
 * Source: docs/spec/recognition.md, "Status".
 */

import { formatTime } from "../../core/times.ts";
import { bit } from "../bitstring.ts";
import type { Scope } from "../scope.ts";
import type { StatusChange } from "../statusChange.ts";
import type { StatusList } from "../statusList.ts";
import { begin, begun, byDigest, type Dated, type Evidence, type Held, isSameAuthor } from "./evidence.ts";
import { absent, failed, passed, prefixed, type Premise } from "./finding.ts";

/** A word of the target's author, and when it began. */
interface Word<V> {
  readonly since: number;
  readonly held: Held<V>;
}

/** What the author of a target said of its status, by digest. */
interface Said {
  readonly changes: readonly Word<StatusChange>[];
  /** Those of its reference that reach its index. */
  readonly lists: readonly Word<StatusList>[];
}

/** Something that suspends or takes a suspension back. */
interface Event {
  readonly since: number;
  readonly suspends: boolean;
  readonly held: Held<StatusChange | StatusList>;
}

/** The status of a target at a moment: passed `GOOD`, or another code, each after `prefix`. */
export function statusOf(evidence: Evidence, target: Held<Dated>, moment: number, prefix = ""): Premise {
  const begunBy = until(saidOf(evidence, target), moment);
  const premise =
    withdrawn(target, begunBy) ??
    ambiguous(evidence, target, moment) ??
    suspended(target, begunBy, moment) ??
    known(evidence, target, begunBy, moment);
  return prefix === "" ? premise : prefixed(prefix, premise);
}

/** Whether a status, with whatever prefix, is that of a withdrawn statement. */
export function isWithdrawn(premise: Premise): boolean {
  return premise.code.endsWith("WITHDRAWN");
}

/** The status changes of a target that its author signed. */
export function changesOf(evidence: Evidence, target: Held<Dated>): readonly Held<StatusChange>[] {
  return saidOf(evidence, target).changes.map((word) => word.held);
}

/** The changes in effect at a moment that took something out of the scope of a target. */
export function reductions(
  evidence: Evidence,
  target: Held<Dated>,
  moment: number,
): readonly Held<StatusChange>[] {
  return until(saidOf(evidence, target), moment)
    .changes.map((word) => word.held)
    .filter((held) => held.value.change === "reduceScope");
}

/** What each reduction leaves. */
export function scopesLeft(changes: readonly Held<StatusChange>[]): readonly Scope[] {
  return changes.map((held) => held.value.scope).filter((scope) => scope !== null);
}

/** Whether a list begun by a moment says that the scope of a target was reduced. */
export function isRefreshed(evidence: Evidence, target: Held<Dated>, moment: number): boolean {
  return until(saidOf(evidence, target), moment).lists.some(({ held }) => isSet(held.value.refresh, target));
}

/** The change that suspends a suspended target: the last one, where it does; of two, that to end first. */
export function lastSuspension(
  evidence: Evidence,
  target: Held<Dated>,
  moment: number,
): Held<StatusChange> | null {
  if (statusOf(evidence, target, moment).code !== "SUSPENDED") return null;
  const words = until(saidOf(evidence, target), moment).changes.filter(({ held }) =>
    SUSPENDING.has(held.value.change),
  );
  const last = Math.max(...words.map((word) => word.since));
  const suspending = words.filter((word) => word.since === last && word.held.value.change === "suspend");
  const ending = (word: Word<StatusChange>): number => word.held.value.until ?? moment;
  return suspending.sort((one, other) => ending(one) - ending(other))[0]?.held ?? null;
}

/** Whether a change suspends, or takes a suspension back. */
const SUSPENDING: ReadonlyMap<string, boolean> = new Map([
  ["suspend", true],
  ["reinstate", false],
]);

function saidOf(evidence: Evidence, target: Held<Dated>): Said {
  return evidence.once(`said ${target.digest}`, () => collect(evidence, target));
}

function collect(evidence: Evidence, target: Held<Dated>): Said {
  const { status } = target.value;
  const changes = evidence
    .changes(target.digest)
    .filter((held) => isSameAuthor(held, target))
    .map((held) => ({ since: begin(held, held.value.effective), held }));
  const lists = (status === null ? [] : evidence.lists(status.listId))
    .filter((held) => isSameAuthor(held, target) && status !== null && status.index < held.value.length)
    .map((held) => ({ since: begun(held), held }))
    .sort((one, other) => one.since - other.since || byDigest(one.held, other.held));
  return { changes, lists };
}

function until({ changes, lists }: Said, moment: number): Said {
  const hasBegun = ({ since }: Word<unknown>): boolean => since <= moment;
  return { changes: changes.filter(hasBegun), lists: lists.filter(hasBegun) };
}

function isSet(bits: Uint8Array, target: Held<Dated>): boolean {
  return target.value.status !== null && bit(bits, target.value.status.index);
}

function withdrawn(target: Held<Dated>, { changes, lists }: Said): Premise | null {
  const change = changes
    .filter(({ held }) => held.value.change === "withdraw")
    .sort((one, other) => one.since - other.since)[0];
  if (change !== undefined) {
    return failed(
      "WITHDRAWN",
      `withdrawn by its issuer since ${formatTime(change.since)}`,
      target,
      change.held,
    );
  }
  const list = lists.find(({ held }) => isSet(held.value.revocation, target));
  if (list === undefined) return null;
  return failed("WITHDRAWN", `withdrawn by the status list of ${formatTime(list.since)}`, target, list.held);
}

function ambiguous(evidence: Evidence, target: Held<Dated>, moment: number): Premise | null {
  const sharing = evidence.sharingPlace(target, moment);
  if (sharing === null) return null;
  const detail = `${target.issuer} gave the same place of its status list to another statement`;
  return failed("STATUS_INDEX_REUSED", detail, target, sharing);
}

/** Of all that speaks of suspension the last, at one time what suspends; of equals changes first, then by digest. */
function suspended(target: Held<Dated>, said: Said, moment: number): Premise | null {
  const last = events(target, said).reduce<Event | null>(
    (before, event) =>
      before === null ||
      event.since > before.since ||
      (event.since === before.since && event.suspends && !before.suspends)
        ? event
        : before,
    null,
  );
  if (last?.suspends !== true) return null;
  return failed("SUSPENDED", suspension(last, moment), target, last.held);
}

function events(target: Held<Dated>, { changes, lists }: Said): readonly Event[] {
  const found: Event[] = [];
  for (const { since, held } of changes) {
    const suspends = SUSPENDING.get(held.value.change);
    if (suspends !== undefined) found.push({ since, suspends, held });
  }
  for (const { since, held } of lists) {
    const suspends = isSet(held.value.suspension, target);
    if (suspends || since < held.value.validUntil) found.push({ since, suspends, held });
  }
  return found;
}

function suspension({ since, held }: Event, moment: number): string {
  const { value } = held;
  if (value.type === "StatusList") return `suspended, by the status list of ${formatTime(since)}`;
  const detail = `suspended by its issuer since ${formatTime(since)}`;
  if (value.until === null || value.until > moment) return detail;
  return `${detail}; that was to end by ${formatTime(value.until)}, and no reinstatement is in the evidence`;
}

function known(evidence: Evidence, target: Held<Dated>, { lists }: Said, moment: number): Premise {
  const { status } = target.value;
  if (status === null) {
    return absent("STATUS_UNKNOWN", "it names no status list, so its status can never be known", target);
  }
  const current = [...lists].reverse().find(({ held }) => moment < held.value.validUntil);
  if (current !== undefined) {
    const dates = `${formatTime(current.since)} until ${formatTime(current.held.value.validUntil)}`;
    return passed(
      "GOOD",
      `neither withdrawn nor suspended, by the status list from ${dates}`,
      target,
      current.held,
    );
  }
  if (lists.length > 0) {
    const ended = Math.max(...lists.map(({ held }) => held.value.validUntil));
    const last = lists.filter(({ held }) => held.value.validUntil === ended).slice(0, 1);
    const detail = `the last status list in the evidence ended at ${formatTime(ended)}`;
    return absent("STATUS_LIST_EXPIRED", detail, target, ...last.map(({ held }) => held));
  }
  return unknown(evidence, target, status, moment);
}

function unknown(
  evidence: Evidence,
  target: Held<Dated>,
  status: { readonly listId: string; readonly index: number },
  moment: number,
): Premise {
  const there = evidence.lists(status.listId).filter((held) => begun(held) <= moment);
  const own = there.filter((held) => isSameAuthor(held, target));
  if (own.length > 0) {
    const longest = Math.max(...own.map((held) => held.value.length));
    const detail = `it has place ${status.index} of a status list of ${longest} entries`;
    return absent("STATUS_INDEX_RANGE", detail, target, ...own);
  }
  const other = there[0];
  if (other !== undefined) {
    const detail = `the status list of that name in the evidence is of ${other.issuer}, not of its issuer`;
    return absent("STATUS_LIST_OF_ANOTHER", detail, target);
  }
  const detail = `no status list of ${target.issuer} that began by ${formatTime(moment)} is in the evidence`;
  return absent("STATUS_UNKNOWN", detail, target);
}
