/**
 * One direction: the measures of the exporter's side, or of the importer's, asked about every line.
 *
 * Source: docs/spec/deciding.md, sections Inputs and Rules.
 */

import type { TransferSubject } from "../statements/transfer.ts";
import type { Fact } from "./facts.ts";
import { type Direction, relationsOf } from "./force.ts";
import { type Judged, judge } from "./lines.ts";
import { overrides } from "./overriding.ts";
import type { LineFacts } from "./record.ts";
import { overridden, type Ready, type Verdict, verdictOf, workOf } from "./ruling.ts";
import { type Vocabulary, vocabulariesOf } from "./vocabulary.ts";

/** A measure, and what is its own of the facts and of those that may say otherwise. */
export interface Asked extends Ready {
  readonly relations: readonly string[];
  readonly vocabulary: Vocabulary;
  /** Digests of those that override it. */
  readonly above: readonly string[];
}

/** What a direction says of each line, but for those of which it says nothing and need not. */
export function judged(
  direction: Direction,
  asked: readonly Asked[],
  record: TransferSubject,
  lines: readonly LineFacts[],
): readonly Judged[] {
  const isOutbound = direction === "outbound";
  const party = isOutbound ? record.exporter : record.importer;
  const found: Judged[] = [];
  for (const line of lines) {
    const facts = new Map<string, Fact>([...line.facts, ["transfer.zone", party.zone ?? ""]]);
    const ask = (one: Asked, rulings: Ready["rulings"]): Verdict => {
      facts.set("transfer.relations", one.relations);
      const { scenario } = line;
      if (scenario !== null && one.vocabulary.has(scenario)) facts.set("line.scenario", scenario);
      else facts.delete("line.scenario");
      return verdictOf(rulings, facts);
    };
    const whole = asked.map((one) => ({ one, verdict: ask(one, one.rulings) }));
    const by = new Map(whole.map(({ one, verdict }) => [one.digest, verdict]));
    const said: Verdict[] = [];
    const byDefault: Verdict[] = [];
    for (const { one, verdict } of whole) {
      const over = one.above.flatMap((digest) => by.get(digest) ?? []);
      const last = overridden(verdict, over, () => ask(one, one.kept));
      (one.measure.kind === "default" ? byDefault : said).push(last);
    }
    const decided = judge(line.line, said, byDefault, isOutbound);
    if (decided !== null) found.push(decided);
  }
  return found;
}

/** What asking them of one line costs, at most: those that others override are asked twice. */
export function workOfAll(asked: readonly Asked[]): number {
  return asked.reduce((sum, { rulings, kept, above }) => {
    return sum + workOf(rulings) + (above.length > 0 ? above.length + workOf(kept) : 0);
  }, 0);
}

/**
 * Measures of one direction with what is their own.
 *
 * @param other The jurisdiction of the other side.
 */
export function askedOf(measures: readonly Ready[], other: string, at: number): readonly Asked[] {
  const vocabularies = vocabulariesOf(measures);
  return measures.map((each, place) => {
    const above = measures.filter((over) => over !== each && overrides(over.measure, each.measure));
    return {
      ...each,
      relations: relationsOf(each.measure, other, at),
      vocabulary: vocabularies[place] ?? new Set(),
      above: above.map(({ digest }) => digest),
    };
  });
}
