/**
 * The Merkle tree of a log: hashes, and verification of inclusion and consistency.
 *
 * Source: docs/spec/log.md; RFC 9162 sections 2.1.3 and 2.1.4.
 */

import { type Bytes, equal, HASH_SIZE, toHex, type Uint } from "./bytes.ts";
import { proofError } from "./error.ts";
import { sha256 } from "./hashes.ts";

/** Root of the tree without leaves. */
export const EMPTY_ROOT = sha256();

const LEAF = Uint8Array.of(0);
const NODE = Uint8Array.of(1);

/** Hash of one entry as a leaf. */
export function leafHash(entry: Uint8Array): Bytes {
  return sha256(LEAF, entry);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Bytes {
  return sha256(NODE, left, right);
}

/**
 * Check that the tree of `size` leaves with `root` has the leaf hash `leaf` at `index`.
 *
 * @param path Sibling hashes from the leaf's level up to the root's child.
 * @throws LedgerError `proof-invalid`: the path has the wrong length, a hash the wrong size, or it leads elsewhere.
 */
export function verifyInclusion(
  leaf: Bytes,
  index: Uint,
  size: Uint,
  path: readonly Bytes[],
  root: Bytes,
): void {
  if (index < 0 || index >= size) {
    throw proofError(`leaf index ${index} is outside a tree of ${size} leaves`);
  }
  requireHashes([leaf, root]);
  requireHashes(path);
  let node = BigInt(index);
  let last = BigInt(size) - 1n;
  let computed = leaf;
  for (const sibling of path) {
    if (last === 0n) {
      throw proofError(
        `inclusion path of ${path.length} hashes is longer than leaf ${index} of ${size} needs`,
      );
    }
    if (isOdd(node) || node === last) {
      computed = nodeHash(sibling, computed);
      // On the right edge there is no sibling at the levels where the node is a left one.
      while (!isOdd(node) && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      computed = nodeHash(computed, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (last !== 0n) {
    throw proofError(
      `inclusion path of ${path.length} hashes is shorter than leaf ${index} of ${size} needs`,
    );
  }
  if (!equal(computed, root)) {
    throw proofError(`inclusion path leads to root ${toHex(computed)}, checkpoint says ${toHex(root)}`);
  }
}

/**
 * Check that the tree of `size2` leaves with `root2` begins with that of `size1` and `root1`.
 *
 * @throws LedgerError `proof-invalid`, as for inclusion; from size 0 nothing can be shown.
 */
export function verifyConsistency(
  size1: Uint,
  size2: Uint,
  root1: Bytes,
  root2: Bytes,
  path: readonly Bytes[],
): void {
  if (size1 <= 0 || size1 > size2) {
    throw proofError(`a tree of ${size2} leaves cannot be shown to extend one of ${size1}`);
  }
  if (size1 === size2) {
    if (path.length > 0 || !equal(root1, root2)) {
      throw proofError(`two trees of ${size1} leaves have different roots, or a path between them`);
    }
    return;
  }
  requireHashes([root1, root2]);
  requireHashes(path);
  let node = BigInt(size1) - 1n;
  let last = BigInt(size2) - 1n;
  for (; isOdd(node); last >>= 1n) {
    node >>= 1n;
  }
  // Where the smaller tree is complete, the path begins at its root, which is known and not sent.
  const [seed, ...rest] = node === 0n ? [root1, ...path] : path;
  let old = seed;
  let fresh = seed;
  for (const sibling of rest) {
    if (old === undefined || fresh === undefined || last === 0n) {
      throw wrongLength(path, size1, size2);
    }
    if (isOdd(node) || node === last) {
      old = nodeHash(sibling, old);
      fresh = nodeHash(sibling, fresh);
      while (!isOdd(node) && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      fresh = nodeHash(fresh, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  if (old === undefined || fresh === undefined || last !== 0n) {
    throw wrongLength(path, size1, size2);
  }
  if (!equal(old, root1) || !equal(fresh, root2)) {
    throw proofError(`consistency path from size ${size1} to ${size2} leads to other roots`);
  }
}

const isOdd = (value: bigint): boolean => (value & 1n) === 1n;

function wrongLength(path: readonly Bytes[], size1: Uint, size2: Uint): Error {
  return proofError(`consistency path has ${path.length} hashes, not as many as ${size1} to ${size2} needs`);
}

function requireHashes(hashes: readonly Uint8Array[]): void {
  if (hashes.some((one) => one.length !== HASH_SIZE)) {
    throw proofError(`a hash of a proof has another length than ${HASH_SIZE} bytes`);
  }
}
