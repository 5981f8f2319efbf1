/**
 * Which measures take the place of what is delegable in others.
 *
 * Source: docs/spec/deciding.md, 7.
 */

import type { MeasureSubject } from "../statements/measure.ts";
import type { Ready } from "./ruling.ts";
import { liesIn } from "./zones.ts";

/**
 * For each measure, the places of those that override it.
 *
 * Measures that override each other, be it by way of others, override nothing of each other: none would be left.
 */
export function overriding(measures: readonly Ready[]): readonly (readonly number[])[] {
  const above = measures.map((under) =>
    measures.flatMap((over, place) =>
      over !== under && mayOverride(over.measure, under.measure) ? [place] : [],
    ),
  );
  return above.map((places, under) => places.filter((over) => !reached(above, over).has(under)));
}

function mayOverride(over: MeasureSubject, under: MeasureSubject): boolean {
  if (over.kind === "default" || over.overrides?.includes(under.number) !== true) return false;
  const { did, jurisdiction } = over.authority;
  if (under.authority.did === did && under.authority.jurisdiction === jurisdiction) return true;
  const { zone } = over.applies;
  return zone !== undefined && (under.delegatesTo ?? []).some((area) => liesIn(zone, area));
}

/** Where the chains lead of measures each of which may be overridden by the next. */
function reached(above: readonly (readonly number[])[], start: number): ReadonlySet<number> {
  const found = new Set<number>();
  const waiting = [start];
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
    for (const next of above[place] ?? []) {
      if (!found.has(next)) {
        found.add(next);
        waiting.push(next);
      }
    }
  }
  return found;
}
