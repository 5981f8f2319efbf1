/**
 * One direction: the measures of the exporter's side, or of the importer's, asked about every line.
 *
 * Source: docs/spec/deciding.md, sections Inputs and Rules.
 */

import type { TransferSubject } from "../statements/transfer.ts";
import type { Fact } from "./facts.ts";
import { type Direction, relationsOf } from "./force.ts";
import { type Judged, judge } from "./lines.ts";
import { overriding } from "./overriding.ts";
import type { LineFacts } from "./record.ts";
import { overridden, type Ready, type Verdict, verdictOf } from "./ruling.ts";

/** What a direction says of each line, but for those of which it says nothing and need not. */
export function judged(
  direction: Direction,
  measures: readonly Ready[],
  record: TransferSubject,
  lines: readonly LineFacts[],
  at: number,
): readonly Judged[] {
  const isOutbound = direction === "outbound";
  const [party, other] = isOutbound ? [record.exporter, record.importer] : [record.importer, record.exporter];
  const above = overriding(measures);
  const relations = measures.map(({ measure }) => relationsOf(measure, other.jurisdiction, at));
  const found: Judged[] = [];
  for (const { line, facts: ofLine } of lines) {
    const facts = new Map<string, Fact>([...ofLine, ["transfer.zone", party.zone ?? ""]]);
    const ask = (place: number, rulings: Ready["rulings"]): Verdict =>
      verdictOf(rulings, facts.set("transfer.relations", relations[place] ?? []));
    const whole = measures.map(({ rulings }, place) => ask(place, rulings));
    const said: Verdict[] = [];
    const byDefault: Verdict[] = [];
    for (const [place, { measure, kept }] of measures.entries()) {
      const over = whole.filter((_, one) => above[place]?.includes(one));
      const own = whole[place];
      if (own === undefined) continue;
      const verdict = overridden(own, over, () => ask(place, kept));
      (measure.kind === "default" ? byDefault : said).push(verdict);
    }
    const one = judge(line, said, byDefault, isOutbound);
    if (one !== null) found.push(one);
  }
  return found;
}
