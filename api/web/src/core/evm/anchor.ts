/**
 * The anchor contract seen from outside: EIP-712 digests, log ids, storage slots, ids of signer sets.
 *
 * Source: docs/spec/chain.md; EIP-712; Solidity ABI and storage layout.
 */

import { type Bytes, compare, encodeUtf8, toHex, type Uint } from "../bytes.ts";
import { malformed } from "../error.ts";
import { keccak256 } from "../hashes.ts";
import { address, bytes32, signerSet, uint } from "./abi.ts";

const named = (text: string): Bytes => keccak256(encodeUtf8(text));

export const DOMAIN_SEPARATOR = keccak256(
  named("EIP712Domain(string name,string version)"),
  named("evidence-ledger"),
  named("1"),
);
export const HEAD_TYPE_HASH = named("Head(bytes32 logId,uint64 size,bytes32 root)");
export const CHECKPOINT_TYPE_HASH = named(
  "Checkpoint(uint256 originChainId,bytes32 genesisHash,address anchor,bytes32 logId,uint64 size," +
    "bytes32 root,bytes32 blockHash,uint64 blockNumber,uint64 blockTime,bytes32 setId)",
);
export const ANCHORED_TOPIC = named("Anchored(bytes32,uint64,bytes32,uint64)");

const EIP712 = Uint8Array.of(0x19, 0x01);

/** By which the contract knows a log's origin. */
export function originHash(origin: string): Bytes {
  return named(origin);
}

/** Id of a log under one head key, of whose address it is made. */
export function logId(origin: string, headAddress: Bytes): Bytes {
  return keccak256(originHash(origin), address(headAddress, "head key"));
}

/** Storage slot of a member of a mapping that stands at `slot`. */
export function mappingSlot(slot: Bytes, key: Bytes): Bytes {
  return keccak256(key, slot);
}

/** Storage slot of `rootAt[logId][size]`; the trie key is the keccak of it. */
export function rootAtSlot(id: Bytes, size: Uint): Bytes {
  return mappingSlot(mappingSlot(uint(0, 8, "slot"), bytes32(id, "log id")), uint(size, 64, "size"));
}

/** Storage slot of `head[logId]`. */
export function headSlot(id: Bytes): Bytes {
  return mappingSlot(uint(1, 8, "slot"), bytes32(id, "log id"));
}

/** EIP-712 digest of a struct, its type hash and its encoded members, under the one domain. */
export function typedDataDigest(...struct: readonly Bytes[]): Bytes {
  return keccak256(EIP712, DOMAIN_SEPARATOR, keccak256(...struct));
}

/** What the log's head key signs: that the log `id` had `root` at `size` leaves. */
export function headDigest(id: Bytes, size: Uint, root: Bytes): Bytes {
  return typedDataDigest(
    HEAD_TYPE_HASH,
    bytes32(id, "log id"),
    uint(size, 64, "size"),
    bytes32(root, "root"),
  );
}

/** What those who vouch for a chain's finality sign: this block, final, holds this root of this log. */
export interface CheckpointClaim {
  /** The number in the chain's CAIP-2 id. */
  readonly originChainId: bigint;
  /** Hash of the chain's first block. */
  readonly genesis: Bytes;
  /** Address of the contract. */
  readonly anchor: Bytes;
  readonly logId: Bytes;
  readonly size: Uint;
  readonly root: Bytes;
  readonly blockHash: Bytes;
  readonly blockNumber: Uint;
  /** POSIX seconds. */
  readonly blockTime: Uint;
  /** Who signs, see `setId`. */
  readonly setId: Bytes;
}

/** What the operator or an attester signs for a claim; `out-of-range` where a member does not fit its EVM type. */
export function checkpointDigest(claim: CheckpointClaim): Bytes {
  return typedDataDigest(
    CHECKPOINT_TYPE_HASH,
    uint(claim.originChainId, 256, "chain id"),
    bytes32(claim.genesis, "genesis hash"),
    address(claim.anchor, "anchor"),
    bytes32(claim.logId, "log id"),
    uint(claim.size, 64, "size"),
    bytes32(claim.root, "root"),
    bytes32(claim.blockHash, "block hash"),
    uint(claim.blockNumber, 64, "block number"),
    uint(claim.blockTime, 64, "block time"),
    bytes32(claim.setId, "set id"),
  );
}

/**
 * Id of a set of signers. The operator alone is one member with threshold 1.
 *
 * @param members Distinct addresses, in any order; they are encoded in ascending order.
 * @param organisations Organisation id of each member, in the order of `members`.
 * @throws LedgerError `signer-set`.
 */
export function setId(members: readonly Bytes[], organisations: readonly string[], threshold: number): Bytes {
  if (members.length !== organisations.length) {
    throw malformed(
      `signer set has ${members.length} members and ${organisations.length} organisations`,
      "signer-set",
    );
  }
  if (new Set(members.map(toHex)).size !== members.length) {
    throw malformed("signer set lists an address twice", "signer-set");
  }
  if (threshold < 1 || threshold > members.length) {
    throw malformed(`signer set of ${members.length} members has threshold ${threshold}`, "signer-set");
  }
  const [ordered, names] = byMember(members, organisations);
  return keccak256(signerSet(ordered, names, threshold));
}

/** Members in ascending order, and their organisations likewise. */
export function byMember(
  members: readonly Bytes[],
  organisations: readonly string[],
): readonly [members: readonly Bytes[], organisations: readonly string[]] {
  const pairs = members.map((member, n) => ({ member, name: organisations[n] }));
  pairs.sort((one, other) => compare(one.member, other.member));
  return [pairs.map(({ member }) => member), pairs.flatMap(({ name }) => (name === undefined ? [] : [name]))];
}
