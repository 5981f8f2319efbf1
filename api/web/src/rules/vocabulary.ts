/**
 * Which scenarios a measure knows: what somebody else says about codes tells nothing of what they mean to it.
 *
 * Source: docs/spec/deciding.md, 11.
 */

import { SCENARIOS } from "../statements/codes.ts";
import { OWN_SCHEME } from "../statements/scenario.ts";
import { authorOf } from "./force.ts";
import type { Ready } from "./ruling.ts";

/** As `scenarioOf` writes them. */
export type Vocabulary = ReadonlySet<string>;

/** For each of the measures of a direction, the scenarios of its authority's lists and of the neutral one. */
export function vocabulariesOf(measures: readonly Ready[]): readonly Vocabulary[] {
  const neutral = [...SCENARIOS].map((code) => `${OWN_SCHEME} ${code}`);
  const found = new Map<string, Set<string>>();
  for (const { measure } of measures) {
    const own = found.get(authorOf(measure)) ?? new Set(neutral);
    for (const { scheme, codes } of measure.vocabularies ?? []) {
      for (const code of codes) own.add(`${scheme} ${code}`);
    }
    found.set(authorOf(measure), own);
  }
  return measures.map(({ measure }) => found.get(authorOf(measure)) ?? new Set());
}
