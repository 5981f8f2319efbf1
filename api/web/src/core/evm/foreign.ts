/**
 * The contract that keeps other jurisdictions' checkpoints, seen from outside: ids of sources, storage slots.
 *
 * Storage: `rootAt[sourceId][logId][size]` in slot 0, `head[sourceId][logId]` in slot 1, `disputed[logId]` in slot 2.
 *
 * Source: docs/spec/foreign-checkpoints.md.
 */

import { ADDRESS_SIZE, type Bytes, toHex, type Uint } from "../bytes.ts";
import { type LedgerError, malformed } from "../error.ts";
import { keccak256 } from "../hashes.ts";
import { address, bytes32, signerSet, uint } from "./abi.ts";
import { byMember, mappingSlot } from "./anchor.ts";
import { quorumOf } from "./seals.ts";

/** Kind of a source, and grade of what it accepted; 0 is the grade of what was not accepted. */
export const ATTESTED = 1;
export const SEALED = 2;
export type SourceKind = typeof ATTESTED | typeof SEALED;

const MEMBER_LIMIT = 64;
const FEWEST_ORGANISATIONS = 2;
const ZERO = "0".repeat(2 * ADDRESS_SIZE);

/** An anchor contract on a chain, and who is believed about that chain. */
export interface Source {
  /** The number in the chain's CAIP-2 id. */
  readonly chainId: bigint;
  readonly genesis: Bytes;
  readonly anchor: Bytes;
  readonly codeHash: Bytes;
  readonly kind: SourceKind;
  /** Attesters or validators, in any order. */
  readonly members: readonly Bytes[];
  /** Organisation id of each attester; none of validators. */
  readonly organisations: readonly string[];
  /** Of attesters, distinct organisations that must sign; of validators, seals. */
  readonly threshold: number;
}

/**
 * Id of a set of signers as the contract computes it; of attesters, the `setId` of what they sign.
 *
 * @throws LedgerError `signer-set`: no member, more than 64, one that is zero or stands twice, or organisations that are
 * neither none nor one for each.
 */
export function setHash(
  members: readonly Bytes[],
  organisations: readonly string[],
  threshold: number,
): Bytes {
  requireMembers(members, organisations);
  const [ordered, names] = byMember(members, organisations);
  return keccak256(signerSet(ordered, names, threshold));
}

function requireMembers(members: readonly Bytes[], organisations: readonly string[]): void {
  if (members.length < 1 || members.length > MEMBER_LIMIT) {
    throw badSet(`${members.length} members; 1 to ${MEMBER_LIMIT} are required`);
  }
  const distinct = new Set(members.map(toHex));
  if (distinct.size !== members.length || distinct.has(ZERO)) {
    throw badSet("an address twice, or the zero address");
  }
  if (organisations.length !== 0 && organisations.length !== members.length) {
    throw badSet(`${members.length} members and ${organisations.length} organisations`);
  }
}

/**
 * Check that a set is one that the contract takes for a source of this kind.
 *
 * @throws LedgerError `signer-set`.
 */
export function checkSet(
  kind: number,
  members: readonly Bytes[],
  organisations: readonly string[],
  threshold: number,
): void {
  requireMembers(members, organisations);
  if (kind === SEALED) {
    if (organisations.length > 0 || threshold !== quorumOf(members.length)) {
      throw badSet(
        `threshold ${threshold}; two thirds of ${members.length} validators, without organisations, is required`,
      );
    }
    return;
  }
  const distinct = new Set(organisations).size;
  if (
    kind !== ATTESTED ||
    threshold < FEWEST_ORGANISATIONS ||
    threshold > distinct ||
    distinct >= 2 * threshold
  ) {
    throw badSet(
      `threshold ${threshold} of ${distinct} organisations; at least 2 and more than half are required`,
    );
  }
}

/** Id of a source, by the set that it is added with. */
export function sourceId(source: Source): Bytes {
  checkSet(source.kind, source.members, source.organisations, source.threshold);
  return keccak256(
    uint(source.chainId, 64, "chain id"),
    bytes32(source.genesis, "genesis hash"),
    address(source.anchor, "anchor"),
    bytes32(source.codeHash, "code hash"),
    uint(source.kind, 8, "kind"),
    setHash(source.members, source.organisations, source.threshold),
    uint(source.threshold, 256, "threshold"),
  );
}

/** Storage slot of `rootAt[sourceId][logId][size]`; the trie key is the keccak of it. */
export function acceptedRootSlot(source: Bytes, logId: Bytes, size: Uint): Bytes {
  const ofSource = mappingSlot(uint(0, 8, "slot"), bytes32(source, "source id"));
  return mappingSlot(mappingSlot(ofSource, bytes32(logId, "log id")), uint(size, 64, "size"));
}

/** Storage slot of `head[sourceId][logId]`. */
export function foreignHeadSlot(source: Bytes, logId: Bytes): Bytes {
  const ofSource = mappingSlot(uint(1, 8, "slot"), bytes32(source, "source id"));
  return mappingSlot(ofSource, bytes32(logId, "log id"));
}

/** Storage slot of `disputed[logId]`. */
export function disputedSlot(logId: Bytes): Bytes {
  return mappingSlot(uint(2, 8, "slot"), bytes32(logId, "log id"));
}

function badSet(found: string): LedgerError {
  return malformed(`signer set has ${found}`, "signer-set");
}
