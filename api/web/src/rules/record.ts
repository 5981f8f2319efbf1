/**
 * The facts of a transfer, line by line: what its record gives, and nothing else.
 *
 * Source: docs/spec/deciding.md, section Facts.
 */

import { scenarioOf } from "../statements/scenario.ts";
import type { TransferSubject } from "../statements/transfer.ts";
import type { Fact, Facts } from "./facts.ts";

/** Of a draft it may be less than of a record: what is not there is unknown. */
type Line = Partial<NonNullable<TransferSubject["lines"]>[number]>;
type Numbered = Line & { readonly line: number };

/** A line by its number, and what is known of it whoever asks. */
export interface LineFacts {
  readonly line: number;
  /** But for zone, relations and scenario, which depend on who asks. */
  readonly facts: Facts;
  /** As `scenarioOf` writes it; null where the line gives none. */
  readonly scenario: string | null;
}

const COUNTS = ["count", "sensitiveCount", "ytdCount", "ytdSensitiveCount"] as const;

/** The facts of each line; of a record without lines those of one, number 0, of which nothing is known. */
export function factsOf(record: TransferSubject): readonly LineFacts[] {
  const common = [...ofTransfer(record)];
  if (record.lines === undefined) return [{ line: 0, facts: new Map(common), scenario: null }];
  return record.lines.map((line: Numbered) => ({
    line: line.line,
    facts: new Map([...common, ...ofLine(line)]),
    scenario: line.scenario === undefined ? null : scenarioOf(line.scenario),
  }));
}

function* ofTransfer(record: TransferSubject): Generator<readonly [string, Fact]> {
  for (const side of ["exporter", "importer"] as const) {
    const { did, id, zone = "" } = record[side];
    yield [`${side}.did`, did];
    yield [`${side}.id`, id];
    yield [`${side}.zone`, zone];
  }
  yield ["transfer.origin", record.exporter.jurisdiction];
  yield ["transfer.destination", record.importer.jurisdiction];
  for (const name of ["flow", "purpose", "legalBasis", "dataLocation", "criticalInfrastructure"] as const) {
    const value = record[name];
    if (value !== undefined) yield [`transfer.${name}`, value];
  }
  if (record.onward !== undefined) yield ["transfer.onwardAllowed", record.onward.allowed];
  if (record.mechanism !== undefined) {
    yield ["transfer.mechanism", record.mechanism.type];
    yield ["transfer.exemption", record.mechanism.exemptionCode ?? ""];
  }
}

function* ofLine(line: Line): Generator<readonly [string, Fact]> {
  for (const name of ["category", "grade", "dataTypes"] as const) {
    const value = line[name];
    if (value !== undefined) yield [`line.${name}`, value];
  }
  const { category, persons } = line;
  for (const name of COUNTS) {
    const unsaid = category === "personal" && name === "sensitiveCount" ? 0 : undefined;
    const count = category === "nonPersonal" ? 0 : (persons?.[name] ?? unsaid);
    if (count !== undefined) yield [`line.persons.${name}`, count];
  }
}
