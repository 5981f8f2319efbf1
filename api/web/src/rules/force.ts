/**
 * Which measures a direction asks, which of them may say otherwise of which, and what each says of the other country.
 *
 * Source: docs/spec/deciding.md, section Measures.
 */

import { parseTime } from "../core/times.ts";
import type { MeasureSubject } from "../statements/measure.ts";
import { inOrder } from "../statements/premises/evidence.ts";
import type { TransferSubject } from "../statements/transfer.ts";
import type { Ready } from "./ruling.ts";
import { liesIn } from "./zones.ts";

export type Direction = "outbound" | "inbound";
type Party = TransferSubject["exporter"];

/**
 * The measures of a direction that are in force, ascending by digest.
 *
 * @param measures No two with one digest; those of others, and those not in force, change nothing.
 */
export function inForce(
  measures: readonly Ready[],
  direction: Direction,
  party: Party,
  at: number,
): readonly Ready[] {
  const begun = measures.filter(
    ({ measure }) =>
      measure.applies.direction === direction &&
      measure.applies.jurisdiction === party.jurisdiction &&
      parseTime(measure.effectiveFrom) <= at,
  );
  const latest = new Map<string, number>();
  for (const { measure } of begun) {
    latest.set(nameOf(measure), Math.max(measure.version, latest.get(nameOf(measure)) ?? 0));
  }
  return begun
    .filter(({ measure }) => {
      const isLatest = latest.get(nameOf(measure)) === measure.version;
      return isLatest && isOpen(measure, at) && concerns(measure, party, at);
    })
    .sort((one, other) => inOrder(one.digest, other.digest));
}

/** What all versions of a measure have in common, in one direction; no part holds a space. */
function nameOf(measure: MeasureSubject): string {
  return [authorOf(measure), measure.number, measure.kind, measure.applies.zone ?? ""].join(" ");
}

/** The same authority has the same; neither part holds a space. */
export function authorOf({ authority }: MeasureSubject): string {
  return `${authority.did} ${authority.jurisdiction}`;
}

function isOpen({ effectiveUntil }: MeasureSubject, at: number): boolean {
  return effectiveUntil === undefined || at < parseTime(effectiveUntil);
}

function concerns({ applies, pilot }: MeasureSubject, party: Party, at: number): boolean {
  const { zone } = applies;
  if (zone !== undefined && (party.zone === undefined || !liesIn(party.zone, zone))) return false;
  if (pilot === undefined) return true;
  const isOne = pilot.parties.some(({ scheme, id }) => scheme === party.scheme && id === party.id);
  return isOne && at < parseTime(pilot.sunset);
}

/** What a measure says holds between its jurisdiction and another; each once, in the order of the first entry. */
export function relationsOf(measure: MeasureSubject, other: string, at: number): readonly string[] {
  const holding = (measure.relations ?? []).filter(
    ({ jurisdiction, from, until }) =>
      jurisdiction === other && parseTime(from) <= at && (until === undefined || at < parseTime(until)),
  );
  return [...new Set(holding.map(({ relation }) => relation))];
}
