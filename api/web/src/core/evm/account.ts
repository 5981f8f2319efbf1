/**
 * Accounts and storage slots, proven under a header's state root.
 *
 * Source: docs/spec/chain.md; Ethereum yellow paper, section 4.1.
 */

import { asUint, type Bytes, fromUint256, HASH_SIZE, toEvm, type Uint } from "../bytes.ts";
import { malformed, proofError } from "../error.ts";
import { keccak256 } from "../hashes.ts";
import { decode, readBytes, readInteger, readList } from "./rlp.ts";
import { get } from "./trie.ts";

/** An account at one block. */
export interface Account {
  readonly nonce: Uint;
  readonly balance: bigint;
  readonly storageRoot: Bytes;
  /** keccak-256 of the runtime code: which contract this is. */
  readonly codeHash: Bytes;
}

/** Read the value of the state trie. */
export function parseAccount(encoded: Bytes): Account {
  const [nonce, balance, storageRoot, codeHash] = readList(decode(encoded), "account", 4);
  return {
    nonce: asUint(readInteger(nonce, "account nonce", 8)),
    balance: readInteger(balance, "account balance"),
    storageRoot: readBytes(storageRoot, "account storage root", HASH_SIZE),
    codeHash: readBytes(codeHash, "account code hash", HASH_SIZE),
  };
}

/**
 * The account at `address`, 20 bytes, under `stateRoot`.
 *
 * @throws LedgerError `nodes` lead elsewhere, or prove that there is none (`account-absent`); or a node, or the account,
 * is not canonical.
 */
export function proveAccount(stateRoot: Bytes, address: Bytes, nodes: readonly Bytes[]): Account {
  const encoded = get(stateRoot, keccak256(address), nodes);
  if (encoded === undefined) {
    throw proofError(`state has no account ${toEvm(address)}`, "account-absent");
  }
  return parseAccount(encoded);
}

/** The 32 bytes at `slot`, 32 bytes, under `storageRoot`; zeros where nothing was ever stored. */
export function proveSlot(storageRoot: Bytes, slot: Bytes, nodes: readonly Bytes[]): Bytes {
  const encoded = get(storageRoot, keccak256(slot), nodes);
  if (encoded === undefined) {
    return new Uint8Array(HASH_SIZE);
  }
  const value = readInteger(decode(encoded), "storage value");
  if (value === 0n) {
    throw malformed("storage trie holds a zero", "rlp-not-canonical");
  }
  return fromUint256(value);
}
