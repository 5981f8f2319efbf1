/**
 * Tables: what a rule asks of the facts of a line, member by member.
 *
 * Source: docs/spec/deciding.md, section Tables.
 */

import type { Table } from "../statements/measureRules.ts";
import { scenarioOf } from "../statements/scenario.ts";
import type { Fact, Facts } from "./facts.ts";
import type { Truth } from "./truth.ts";
import { liesIn } from "./zones.ts";

type Test = (fact: Fact) => boolean;
/** A fact by its name, and what has to be true of it. */
type Asked = readonly [name: string, test: Test];

/** Members that hold of what is in them, and the fact of each. */
const LISTED = [
  ["category", "line.category"],
  ["grade", "line.grade"],
  ["flow", "transfer.flow"],
  ["exemption", "transfer.exemption"],
  ["mechanism", "transfer.mechanism"],
] as const;
/** Members of which one of the fact's texts is enough. */
const MET = [
  ["dataTypes", "line.dataTypes"],
  ["purpose", "transfer.purpose"],
  ["legalBasis", "transfer.legalBasis"],
  ["relation", "transfer.relations"],
] as const;
const COUNTS = ["count", "sensitiveCount", "ytdCount", "ytdSensitiveCount"] as const;
/** The scenario of what is on no list; no table holds of it. */
const NOT_LISTED = "urn:evidence-ledger:scenario:v1 other";

/** What a table asks, made ready once for any number of lines; and how many facts it asks about. */
export function tableOf(table: Table): { readonly holds: (facts: Facts) => Truth; readonly work: number } {
  const asked = [...askedOf(table)];
  const holds = (facts: Facts): Truth => {
    const missing = new Set<string>();
    for (const [name, test] of asked) {
      const fact = facts.get(name);
      if (fact === undefined) missing.add(name);
      else if (!test(fact)) return false;
    }
    return missing.size > 0 ? missing : true;
  };
  return { holds, work: asked.length };
}

function* askedOf(table: Table): Generator<Asked> {
  for (const [member, fact] of LISTED) {
    const wanted: readonly Fact[] | undefined = table[member];
    if (wanted !== undefined) yield [fact, (value) => wanted.includes(value)];
  }
  if (table.scenario !== undefined) {
    const wanted = new Set<Fact>(table.scenario.map(scenarioOf));
    wanted.delete(NOT_LISTED);
    yield ["line.scenario", (value) => wanted.has(value)];
  }
  for (const [member, fact] of MET) {
    const wanted = table[member];
    if (wanted !== undefined) {
      yield [fact, (value) => value instanceof Array && value.some((one) => wanted.includes(one))];
    }
  }
  const { criticalInfrastructure, zone } = table;
  if (criticalInfrastructure !== undefined) {
    yield ["transfer.criticalInfrastructure", (value) => value === criticalInfrastructure];
  }
  if (zone !== undefined)
    yield ["transfer.zone", (value) => typeof value === "string" && liesIn(value, zone)];
  for (const count of COUNTS) {
    const bound = table.persons?.[count];
    if (bound === undefined) continue;
    const { atLeast = 0, below = Infinity } = bound;
    yield [
      `line.persons.${count}`,
      (value) => typeof value === "number" && atLeast <= value && value < below,
    ];
  }
}
