/** Reads whom and what a document lists for belief: the members that trust lists and jurisdiction entries share. */

import type { Members } from "../members.ts";
import { readChains } from "./chains.ts";
import { readAuthorities, readLogs, readWitnesses } from "./parties.ts";
import type { Authority, Chain, LogKeys, WitnessKey } from "./values.ts";

export const LISTED = ["authorities", "logs", "witnesses", "chains"] as const;

/** Authorities by id, logs by origin, witnesses, chains by CAIP-2 id. */
export interface Listed {
  readonly authorities: ReadonlyMap<string, Authority>;
  readonly logs: ReadonlyMap<string, LogKeys>;
  readonly witnesses: readonly WitnessKey[];
  readonly chains: ReadonlyMap<string, Chain>;
}

/**
 * The members `LISTED` of a document.
 *
 * @throws LedgerError one of them is not of its form; with the JSON pointer of the fault.
 */
export function readListed(members: Members): Listed {
  return {
    authorities: readAuthorities(members.each("authorities", ["id", "jurisdiction", "roles", "keys"])),
    logs: readLogs(members.each("logs", ["origin", "jurisdiction", "operator", "vkeys", "headKeys"])),
    witnesses: readWitnesses(members.each("witnesses", ["vkey", "organisation"])),
    chains: readChains(
      members.each(
        "chains",
        ["chain", "genesis", "anchor", "codeHash", "consensus", "attesters", "validators"],
        ["operator", "jurisdiction"],
      ),
    ),
  };
}
