/**
 * Merkle Patricia tries of chains: state, storage and receipts.
 *
 * A proof is accepted in one form only: nodes from the root on, each used exactly once, none left over; nodes shorter
 * than 32 bytes stand inside their parent and never alone.
 *
 * Source: docs/spec/chain.md; Ethereum yellow paper, appendix D.
 */

import { at, type Bytes, equal, HASH_SIZE, toHex } from "../bytes.ts";
import { malformed, proofError } from "../error.ts";
import { keccak256 } from "../hashes.ts";
import { decode, encode, isBytes, type Item, type List, readBytes, readList } from "./rlp.ts";

export const EMPTY_TRIE = keccak256(encode(new Uint8Array()));

const BRANCH = 17;
const VALUE = 16;
const SHORT = 2; // items of a leaf or an extension
const ODD = 1; // flags in the first nibble of a compact path
const LEAF = 2;

type Nibbles = readonly number[];

/**
 * The value under `key` in the trie with `root`, or undefined where `nodes` prove that there is none.
 *
 * @param root 32 bytes; believed.
 * @param key As it stands in the trie: the keccak of an address or slot, the RLP of a transaction's index.
 * @param nodes Encoded nodes, root first; none for the empty trie.
 * @throws LedgerError `proof-truncated`, `proof-invalid` or `proof-surplus`; or a node is not one a canonical trie can
 * hold.
 */
export function get(root: Bytes, key: Bytes, nodes: readonly Bytes[]): Bytes | undefined {
  let used = 0;
  const load = (want: Bytes): Bytes => {
    const encoded = nodes[used];
    if (encoded === undefined) {
      throw proofError(
        `trie proof of ${nodes.length} nodes ends before node ${toHex(want)}`,
        "proof-truncated",
      );
    }
    const found = keccak256(encoded);
    if (!equal(found, want)) {
      throw proofError(`trie node ${used} has hash ${toHex(found)}; its parent says ${toHex(want)}`);
    }
    used += 1;
    return encoded;
  };
  const value = lookUp(root, nibblesOf(key), load);
  if (used !== nodes.length) {
    throw proofError(`trie proof has ${nodes.length} nodes; ${used} lead to the key`, "proof-surplus");
  }
  return value;
}

function lookUp(root: Bytes, key: Nibbles, load: (want: Bytes) => Bytes): Bytes | undefined {
  if (equal(root, EMPTY_TRIE)) {
    return undefined;
  }
  let path = key;
  let node = decodeNode(load(root));
  for (;;) {
    if (node.length === BRANCH) {
      const [nibble, ...rest] = path;
      if (nibble === undefined) {
        const value = readBytes(node[VALUE], "branch value");
        return value.length === 0 ? undefined : value;
      }
      const child = node[nibble] ?? [];
      if (isBytes(child) && child.length === 0) {
        return undefined;
      }
      path = rest;
      node = follow(child, load);
      continue;
    }
    const { segment, isLeaf } = decodePath(node[0]);
    const fits = segment.every((nibble, n) => path[n] === nibble);
    if (isLeaf) {
      return fits && segment.length === path.length ? readBytes(node[1], "leaf value") : undefined;
    }
    if (!fits) {
      return undefined;
    }
    path = path.slice(segment.length);
    node = follow(node[1] ?? [], load);
    requireBranch(node);
  }
}

function follow(child: Item, load: (want: Bytes) => Bytes): List {
  if (!isBytes(child)) {
    return child; // checked together with its parent
  }
  const encoded = load(child);
  if (encoded.length < HASH_SIZE) {
    throw malformed(
      `trie node of ${encoded.length} bytes stands alone; below ${HASH_SIZE} it belongs in its parent`,
      "trie-node",
    );
  }
  return decodeNode(encoded);
}

function decodeNode(encoded: Bytes): List {
  const node = readList(decode(encoded), "trie node");
  checkNode(node);
  return node;
}

/** Refuses what no canonical trie holds, in this node and in those that stand inside it. */
function checkNode(node: List): void {
  if (node.length === BRANCH) {
    readBytes(node[VALUE], "branch value");
    if (node.filter((child) => isBytes(child) && child.length === 0).length > BRANCH - 2) {
      throw malformed("trie branch has fewer than two entries", "trie-node");
    }
    for (const child of node.slice(0, VALUE)) {
      if (!isBytes(child) || child.length !== 0) {
        checkReference(child);
      }
    }
    return;
  }
  if (node.length !== SHORT) {
    throw malformed(`trie node has ${node.length} items; 2 or 17 are required`, "trie-node");
  }
  const { segment, isLeaf } = decodePath(node[0]);
  const [, second = []] = node;
  if (isLeaf) {
    if (readBytes(second, "leaf value").length === 0) {
      throw malformed("trie leaf has no value", "trie-node");
    }
  } else if (segment.length === 0) {
    throw malformed("trie extension has an empty path", "trie-node");
  } else {
    checkReference(second);
    if (!isBytes(second)) {
      requireBranch(second);
    }
  }
}

/** A child is the hash of a node, or a node too short to be worth one. */
function checkReference(child: Item): void {
  if (isBytes(child)) {
    if (child.length !== HASH_SIZE) {
      throw malformed(`trie reference has ${child.length} bytes; ${HASH_SIZE} are required`, "trie-node");
    }
    return;
  }
  const size = encode(child).length;
  if (size >= HASH_SIZE) {
    throw malformed(`trie node of ${size} bytes stands inside its parent`, "trie-node");
  }
  checkNode(child);
}

function requireBranch(node: List): void {
  if (node.length !== BRANCH) {
    throw malformed("trie extension leads to a node that is no branch", "trie-node");
  }
}

function nibblesOf(key: Bytes): Nibbles {
  return Array.from(key).flatMap((byte) => [byte >> 4, byte & 15]);
}

/** Nibbles of a compact ("hex-prefix") path, and whether it belongs to a leaf. */
function decodePath(item: Item | undefined): { readonly segment: Nibbles; readonly isLeaf: boolean } {
  const encoded = readBytes(item, "trie path");
  const [flags = 0, second = 0, ...rest] = nibblesOf(encoded);
  if (encoded.length === 0 || at(encoded, 0) >> 4 > (ODD | LEAF)) {
    throw malformed("trie path has no valid flags", "trie-node");
  }
  const isLeaf = (flags & LEAF) !== 0;
  if ((flags & ODD) !== 0) {
    return { segment: [second, ...rest], isLeaf };
  }
  if (second !== 0) {
    throw malformed("trie path has padding other than zero", "trie-node");
  }
  return { segment: rest, isLeaf };
}
