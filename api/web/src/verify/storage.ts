/**
 * What a contract's storage held at a block: from the header to the account, and from there to the slot.
 *
 * The slots are computed here from what was verified before; nothing in a bundle says where to look.
 * Source: docs/spec/chain.md.
 */

import { type Bytes, type Uint, equal, toHex } from "../core/bytes.ts";
import { malformed, proofError } from "../core/error.ts";
import { proveAccount, proveSlot } from "../core/evm/account.ts";
import { type Header, parseHeader } from "../core/evm/header.ts";
import { verifyConsistency } from "../core/merkle.ts";
import { LATEST } from "../core/times.ts";
import type { LogKeys, TrustList } from "../core/trust/values.ts";
import type { Section } from "./bundle.ts";
import { type OpenNote, cosigned, openNote } from "./notes.ts";

/** The storage of one contract in the state of one block. */
export interface Held {
  readonly header: Header;
  readonly storageRoot: Bytes;
}

/** The root, 32 bytes, that the contract took for a size; what was never written reads as zero and is none. */
export function written(held: Held, slot: Bytes, nodes: readonly Bytes[], size: Uint): Bytes {
  const found = proveSlot(held.storageRoot, slot, nodes);
  if (isZero(found)) {
    throw proofError(`contract holds nothing at size ${size} of this log`, "not-anchored");
  }
  return found;
}

/** Whether nothing was ever written to a slot. */
export function isZero(value: Bytes): boolean {
  return value.every((byte) => byte === 0);
}

/** Check that the contract holds the checkpoint's root at its size. */
export function requireRoot(held: Held, slot: Bytes, nodes: readonly Bytes[], note: OpenNote): void {
  const found = written(held, slot, nodes, note.size);
  if (!equal(found, note.root)) {
    const told = `contract holds ${toHex(found)} at size ${note.size}`;
    throw proofError(`${told}; the checkpoint has ${toHex(note.root)}`, "anchored-root");
  }
}

/** The storage of the contract that the trust list names, under a header that nobody vouches for yet. */
export function proveContract(
  header: Bytes,
  contract: Bytes,
  codeHash: Bytes,
  account: readonly Bytes[],
): Held {
  const read = parseHeader(header);
  if (read.time > LATEST) {
    throw malformed(`block ${read.number} has a time beyond the year 9999`, "time-malformed");
  }
  const found = proveAccount(read.stateRoot, contract, account);
  if (!equal(found.codeHash, codeHash)) {
    const told = `code at 0x${toHex(contract)} has hash 0x${toHex(found.codeHash)}`;
    throw proofError(`${told}; the trust list has 0x${toHex(codeHash)}`, "code-hash");
  }
  return { header: read, storageRoot: found.storageRoot };
}

/** The checkpoint that a chain holds: the section's own, or another one of the same log; and lines passed over. */
export async function noteOnChain(
  checkpoint: string | null,
  own: OpenNote,
  log: LogKeys,
  trust: TrustList,
  now: number,
): Promise<{ note: OpenNote; notCounted: readonly string[] }> {
  if (checkpoint === null) return { note: own, notCounted: [] };
  const note = await openNote(checkpoint, log.origin, log);
  const { notCounted } = await cosigned(note, trust, log, now);
  return { note, notCounted };
}

/** Check that every item of the section is in the tree that the chain holds. */
export function requireCovers(section: Section, note: OpenNote): void {
  const last = Math.max(...section.items.map((item) => item.index));
  if (last >= note.size) {
    throw proofError(`anchored size ${note.size} does not cover entry ${last}`, "anchor-too-small");
  }
}

/** Check that the tree that the chain holds and the section's are one log at two sizes. */
export function requireSameLog(consistency: readonly Bytes[] | null, note: OpenNote, own: OpenNote): void {
  if (note.size === own.size) {
    if (consistency !== null) {
      throw proofError("consistency is given between equal sizes", "consistency-superfluous");
    }
    if (!equal(note.root, own.root)) {
      const roots = `${toHex(note.root)} and ${toHex(own.root)}`;
      throw proofError(`two roots for size ${own.size}: ${roots}`, "split-view");
    }
    return;
  }
  if (consistency === null) {
    const sizes = `${own.size} and ${note.size}`;
    throw proofError(`consistency between sizes ${sizes} is missing`, "consistency-missing");
  }
  const [smaller, larger] = own.size < note.size ? [own, note] : [note, own];
  verifyConsistency(smaller.size, larger.size, smaller.root, larger.root, consistency);
}
