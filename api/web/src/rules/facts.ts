/**
 * The facts of a transfer and of its lines that rules may ask about: a closed list, with types.
 *
 * Source: docs/spec/deciding.md, section Facts.
 */

export type Kind = "text" | "integer" | "truth" | "texts" | "integers" | "truths";
export type Fact = string | number | boolean | readonly string[];
/** By name; one that is not there is unknown, which is something else than false. */
export type Facts = ReadonlyMap<string, Fact>;

/** What kind of value each fact has. */
export const FACTS: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ...[
    "line.category",
    "line.grade",
    "line.scenario",
    "transfer.exemption",
    "transfer.flow",
    "transfer.mechanism",
    "transfer.zone",
    "exporter.did",
    "exporter.id",
    "exporter.zone",
    "importer.did",
    "importer.id",
    "importer.zone",
    "transfer.destination",
    "transfer.origin",
  ].map((name) => [name, "text"] as const),
  ...["count", "sensitiveCount", "ytdCount", "ytdSensitiveCount"].map(
    (name) => [`line.persons.${name}`, "integer"] as const,
  ),
  ...["transfer.criticalInfrastructure", "transfer.onwardAllowed"].map((name) => [name, "truth"] as const),
  ...[
    "line.dataTypes",
    "transfer.dataLocation",
    "transfer.legalBasis",
    "transfer.purpose",
    "transfer.relations",
  ].map((name) => [name, "texts"] as const),
]);
