/** Reads which chains are believed, and what is required: the other half of a trust list. */

import { ADDRESS_SIZE, type Bytes, fromEvm, HASH_SIZE, toHex } from "../bytes.ts";
import { quorumOf } from "../evm/seals.ts";
import { encodeDecoded, isInteger, isObject } from "../json.ts";
import type { Members } from "../members.ts";
import * as names from "./names.ts";
import {
  type Chain,
  type ChainQuorum,
  DEFAULT_REQUIREMENT,
  DEFAULT_STEPS,
  type ForeignSource,
  type Requirement,
  Signers,
} from "./values.ts";

const LAST_STEP = 11;
const ATTESTERS_LEAST = 2;
const TYPE = /^[A-Z][A-Za-z]*$/;
const ZERO = "0".repeat(2 * ADDRESS_SIZE);

/** The member `chains`, by CAIP-2 id. */
export function readChains(listed: readonly Members[]): ReadonlyMap<string, Chain> {
  const found = new Map<string, Chain>();
  for (const members of listed) {
    const id = names.caip2(members, "chain");
    if (found.has(id)) {
      throw members.fault("chain", "a chain that is not listed twice");
    }
    found.set(id, {
      id,
      number: BigInt(id.slice(id.indexOf(":") + 1)),
      genesis: members.evm("genesis", HASH_SIZE),
      anchor: members.evm("anchor", ADDRESS_SIZE),
      codeHash: members.evm("codeHash", HASH_SIZE),
      consensus: members.choice("consensus", ["operator", "attested", "qbft"]),
      operator: readOperator(members),
      attesters: readAttesters(members),
      validators: readValidators(members),
      jurisdiction: members.has("jurisdiction") ? names.jurisdiction(members, "jurisdiction") : null,
    });
  }
  return found;
}

function readOperator(members: Members): Signers | null {
  if (!members.has("operator")) {
    return null;
  }
  const operator = members.below("operator", ["key", "organisation"]);
  const key = operator.evm("key", ADDRESS_SIZE);
  return new Signers(0, 0, 1, [key], [names.organisation(operator, "organisation")]);
}

function readAttesters(members: Members): readonly Signers[] {
  const found = members.each("attesters", ["epoch", "from", "threshold", "members"]).map((each) => {
    const listed = each.each("members", ["address", "organisation"]);
    const addresses = listed.map((member) => member.evm("address", ADDRESS_SIZE));
    const organisations = listed.map((member) => names.organisation(member, "organisation"));
    const voices = new Set(organisations).size;
    if (voices < ATTESTERS_LEAST) {
      throw each.fault(
        "members",
        "members of at least two organisations: one key that lies must not be enough,",
      );
    }
    // With half of the organisations two sets that have nobody in common could attest two histories.
    const least = Math.max(ATTESTERS_LEAST, Math.floor(voices / 2) + 1);
    const epoch = each.integer("epoch");
    const start = each.integer("from");
    const threshold = each.integer("threshold", least, voices);
    return new Signers(epoch, start, threshold, distinct(each, addresses), organisations);
  });
  return ascending(members, "attesters", found);
}

function readValidators(members: Members): readonly Signers[] {
  const found = members.each("validators", ["epoch", "from", "members"]).map((each) => {
    const addresses = each.texts("members").map((text) => {
      const address = fromEvm(text, ADDRESS_SIZE);
      if (address === undefined) {
        throw each.fault("members", "an array of addresses, at least one,");
      }
      return address;
    });
    if (addresses.length === 0) {
      throw each.fault("members", "an array of addresses, at least one,");
    }
    const epoch = each.integer("epoch");
    const start = each.integer("from");
    return new Signers(epoch, start, quorumOf(addresses.length), distinct(each, addresses), []);
  });
  return ascending(members, "validators", found);
}

function distinct(members: Members, addresses: readonly Bytes[]): readonly Bytes[] {
  const written = new Set(addresses.map(toHex));
  if (written.size !== addresses.length) {
    throw members.fault("members", "an array that has no address twice");
  }
  if (written.has(ZERO)) {
    throw members.fault("members", "an array of addresses other than zero");
  }
  return addresses;
}

function ascending(members: Members, name: string, sets: readonly Signers[]): readonly Signers[] {
  const isOrdered = sets.every((after, n) => {
    const before = sets[n - 1];
    return before === undefined || (before.epoch < after.epoch && before.start < after.start);
  });
  if (!isOrdered) {
    throw members.fault(name, "an array with ascending epochs and first blocks");
  }
  return sets;
}

/** The member `foreign`. */
export function readForeign(listed: readonly Members[]): readonly ForeignSource[] {
  const found = new Map<string, ForeignSource>();
  for (const members of listed) {
    const source = {
      chain: names.caip2(members, "chain"),
      contract: members.evm("contract", ADDRESS_SIZE),
      codeHash: members.evm("codeHash", HASH_SIZE),
      sourceId: members.evm("sourceId", HASH_SIZE),
    };
    const name = [source.chain, ...[source.contract, source.codeHash, source.sourceId].map(toHex)].join();
    if (found.has(name)) {
      throw members.fault("sourceId", "a source that is not listed twice");
    }
    found.set(name, source);
  }
  return [...found.values()];
}

/** The member `entries`: statements, which are looked at where they are used. */
export function readEntries(members: Members): readonly Bytes[] {
  const items = members.array("entries");
  if (!items.every((item) => isObject(item))) {
    throw members.fault("entries", "an array of statements");
  }
  return items.map(encodeDecoded);
}

/** The member `require`, by statement type. */
export function readRequirements(
  members: Members,
  chains: ReadonlyMap<string, Chain>,
): ReadonlyMap<string, Requirement> {
  const found = new Map<string, Requirement>();
  for (const [name, each] of members.named("require", [], ["steps", "quorum", "finality", "chains"])) {
    if (!TYPE.test(name)) {
      throw members.fault("require", "an object of statement types");
    }
    found.set(name, {
      steps: readSteps(each),
      quorum: each.has("quorum") ? each.integer("quorum") : DEFAULT_REQUIREMENT.quorum,
      finality: each.has("finality")
        ? each.choice("finality", ["operator", "attested", "sealed"])
        : DEFAULT_REQUIREMENT.finality,
      chains: each.has("chains") ? readQuorum(each.below("chains", ["threshold", "among"]), chains) : null,
    });
  }
  return found;
}

/** Chains of which some are required: each listed, and of a jurisdiction that the list tells. */
function readQuorum(members: Members, chains: ReadonlyMap<string, Chain>): ChainQuorum {
  const among = members.texts("among");
  const jurisdictions = new Set(among.map((name) => chains.get(name)?.jurisdiction ?? null));
  if (among.length === 0 || jurisdictions.has(null)) {
    throw members.fault("among", "an array of different chains of the list that have a jurisdiction each,");
  }
  return { threshold: members.integer("threshold", 1, jurisdictions.size), among };
}

function readSteps(members: Members): readonly number[] {
  if (!members.has("steps")) {
    return DEFAULT_STEPS;
  }
  const items = members.array("steps");
  const steps = new Set(items.filter(isInteger).filter((item) => item >= 1 && item <= LAST_STEP));
  if (items.length === 0 || steps.size !== items.length) {
    throw members.fault("steps", `an array of different numbers from 1 to ${LAST_STEP}, at least one,`);
  }
  return [...steps].sort((one, other) => one - other);
}
