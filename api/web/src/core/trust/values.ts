/**
 * What a trust list says, read and checked.
 *
 * Times are POSIX seconds; addresses are 20 bytes, hashes and roots 32. Source: docs/spec/trust-list.md.
 */

import type { Bytes } from "../bytes.ts";
import { setId } from "../evm/anchor.ts";
import type { PublicKey } from "../keys.ts";
import type { VKey } from "../note.ts";

export type Consensus = "operator" | "attested" | "qbft";
export type Finality = "operator" | "attested" | "sealed";

export const DEFAULT_STEPS: readonly number[] = [1, 3, 4, 5, 6, 7];

/** Who signs the list. */
export interface Publisher {
  /** Never changes from version to version. */
  readonly id: string;
  /** How many of the keys must sign, at least 1. */
  readonly threshold: number;
  /** By key id (`#…`); no two are the same key. */
  readonly keys: ReadonlyMap<string, PublicKey>;
}

/** A key of an authority, for statements with `validFrom` <= created < `validUntil`. */
export interface AuthorityKey {
  readonly id: string;
  readonly key: PublicKey;
  readonly validFrom: number;
  readonly validUntil: number;
  /** Only statements proven earlier than this count. */
  readonly revokedAt: number | null;
  /** As the publisher words it. */
  readonly revokedReason: string | null;
}

/** Somebody whose word counts in one jurisdiction, for some roles. */
export interface Authority {
  readonly id: string;
  readonly jurisdiction: string;
  readonly roles: ReadonlySet<string>;
  readonly keys: ReadonlyMap<string, AuthorityKey>;
}

/** Where a later head key takes over. */
export interface HeadStart {
  /** From here on the new key counts. */
  readonly size: number;
  /** Root of the log at `size`. */
  readonly root: Bytes;
  /** Last size anchored under the key before, which counts up to here only. */
  readonly last: number;
}

/** One key of a log for `Head` signatures, by its address; the first of a log has no `start`. */
export interface HeadKey {
  readonly address: Bytes;
  readonly start: HeadStart | null;
}

/** A log and the keys it signs checkpoints with. */
export interface LogKeys {
  readonly origin: string;
  readonly jurisdiction: string;
  /** Organisation id; its witnesses do not count for this log. */
  readonly operator: string;
  /** Ed25519 (0x01) and ML-DSA-44 (0x06), at least one of each, all named by the origin. */
  readonly vkeys: readonly VKey[];
  /** In the order they came into use, at least one. */
  readonly headKeys: readonly HeadKey[];
}

/** A witness's key (type 0x04 or 0x06) and the organisation it counts for. */
export interface WitnessKey {
  readonly vkey: VKey;
  readonly organisation: string;
}

/** A set of addresses that vouch for a chain's blocks. */
export class Signers {
  /** Number of the set; 0 for the operator. */
  readonly epoch: number;
  /** First block it vouches for. */
  readonly start: number;
  /** How many must sign. */
  readonly threshold: number;
  /** Distinct addresses. */
  readonly members: readonly Bytes[];
  /** Organisation id of each member; none for validators. */
  readonly organisations: readonly string[];

  constructor(
    epoch: number,
    start: number,
    threshold: number,
    members: readonly Bytes[],
    organisations: readonly string[],
  ) {
    this.epoch = epoch;
    this.start = start;
    this.threshold = threshold;
    this.members = members;
    this.organisations = organisations;
  }

  /** The `setId` of the claims they sign; not for validators, who sign headers. */
  get setId(): Bytes {
    return setId(this.members, this.organisations, this.threshold);
  }
}

/** A chain, the anchor contract on it, and who vouches for its blocks. */
export interface Chain {
  /** CAIP-2, such as `eip155:31001`; `number` is the part after the colon. */
  readonly id: string;
  readonly number: bigint;
  /** Hash of its first block. */
  readonly genesis: Bytes;
  readonly anchor: Bytes;
  /** keccak-256 of the anchor's runtime code. */
  readonly codeHash: Bytes;
  readonly consensus: Consensus;
  /** One member with threshold 1, where the list names one. */
  readonly operator: Signers | null;
  /** By epoch, ascending. */
  readonly attesters: readonly Signers[];
  /** By epoch, ascending. */
  readonly validators: readonly Signers[];
  /** Whose chain it is, where the list's publisher says so. */
  readonly jurisdiction: string | null;
}

/** A contract on another jurisdiction's chain that holds checkpoints of the source `sourceId`. */
export interface ForeignSource {
  readonly chain: string;
  readonly contract: Bytes;
  readonly codeHash: Bytes;
  readonly sourceId: Bytes;
}

/** On how many chains a section must be anchored, each in another jurisdiction. */
export interface ChainQuorum {
  /** Distinct jurisdictions, at least 1 and no more than `among` has. */
  readonly threshold: number;
  /** CAIP-2 ids of listed chains; no other chain counts. */
  readonly among: readonly string[];
}

/** What the list asks of a bundle whose subject has one type. */
export interface Requirement {
  /** Numbers of the steps that must pass, ascending. */
  readonly steps: readonly number[];
  /** Witness organisations that must have cosigned; 0 asks for none. */
  readonly quorum: number;
  /** The least that must vouch for the anchor's block. */
  readonly finality: Finality;
  /** On which chains a section must be anchored; null where one that is listed will do. */
  readonly chains: ChainQuorum | null;
}

export const DEFAULT_REQUIREMENT: Requirement = {
  steps: DEFAULT_STEPS,
  quorum: 0,
  finality: "operator",
  chains: null,
};

/** Whom a verifier believes, and what it requires. */
export interface TrustList {
  /** The canonical bytes it was read from. */
  readonly encoded: Bytes;
  /** SHA-256 of them without the signatures: the fingerprint, `previous` of the next version. */
  readonly listHash: Bytes;
  readonly version: number;
  /** `listHash` of the version before; null in version 1. */
  readonly previous: Bytes | null;
  readonly issued: number;
  readonly nextUpdate: number;
  readonly publisher: Publisher;
  /** By id. */
  readonly authorities: ReadonlyMap<string, Authority>;
  /** By origin. */
  readonly logs: ReadonlyMap<string, LogKeys>;
  readonly witnesses: readonly WitnessKey[];
  /** By CAIP-2 id. */
  readonly chains: ReadonlyMap<string, Chain>;
  readonly foreign: readonly ForeignSource[];
  /** Canonical bytes of each JurisdictionEntry statement, not verified. */
  readonly entries: readonly Bytes[];
  /** By statement type. */
  readonly require: ReadonlyMap<string, Requirement>;
  /** Key id and `z…` text in the order they stand, those of unknown keys included. */
  readonly signatures: readonly (readonly [key: string, value: string])[];
}
