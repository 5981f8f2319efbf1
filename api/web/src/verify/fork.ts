/**
 * Proofs that a log showed two histories: two checkpoints of it that cannot both be true (`evidence-fork/1`).
 *
 * Source: docs/spec/fork.md.
 */

import { type Bytes, compare, encodeUtf8, equal, toHex } from "../core/bytes.ts";
import { type SignedCheckpoint, isOrigin, parseCheckpoint } from "../core/checkpoint.ts";
import { isLedgerError, malformed, proofError } from "../core/error.ts";
import { NOTE_LIMIT, decode } from "../core/json.ts";
import { Members } from "../core/members.ts";
import { verifyInclusion } from "../core/merkle.ts";
import { readHashes, readPath } from "./chainParts.ts";

const FORMAT = "evidence-fork/1";
/** Most bytes read: two notes, escaped as JSON escapes them, and two paths. */
export const FORK_LIMIT = 4 * NOTE_LIMIT;
const WHAT = "fork proof";
const LEAF_MEMBERS = ["index", "leaves", "paths"];

/** A leaf of one of the trees: its hash, and the path from there to the root. */
export interface Leaf {
  readonly hash: Bytes;
  readonly path: readonly Bytes[];
}

/** Two checkpoints of one log, and where they contradict each other. */
export interface Fork {
  readonly origin: string;
  /** The smaller one; of equal sizes the one with the smaller root. */
  readonly a: SignedCheckpoint;
  readonly b: SignedCheckpoint;
  /** The leaf in which they differ, in `a` and in `b`; null for two roots of one size. */
  readonly leaf: { readonly index: number; readonly a: Leaf; readonly b: Leaf } | null;
}

/** Read a fork proof, strictly.  Whether it proves anything, `requireContradiction` and the signatures say. */
export function parseFork(data: Bytes): Fork {
  const value = decode(data, { limit: FORK_LIMIT, what: WHAT });
  const top = new Members(value, WHAT, "", ["a", "b", "format", "origin"], LEAF_MEMBERS);
  if (top.json("format") !== FORMAT) throw top.fault("format", FORMAT, "format-unknown");
  const origin = top.text("origin");
  if (!isOrigin(origin)) throw top.fault("origin", "1 to 255 characters A-Z a-z 0-9 . / -");
  const a = readNote(top, "a", origin);
  const b = readNote(top, "b", origin);
  const [one, other] = [a.checkpoint, b.checkpoint];
  const isEqual = one.size === other.size;
  if (one.size > other.size || (isEqual && compare(one.root, other.root) >= 0)) {
    throw top.fault("b", "a checkpoint of a larger size, or of this size with a larger root,", "fork-order");
  }
  const given = LEAF_MEMBERS.filter((name) => top.has(name));
  if (given.length !== (isEqual ? 0 : LEAF_MEMBERS.length)) {
    const told = "index, leaves and paths for two sizes, and none of them for one,";
    throw top.fault("index", told, "fork-leaves");
  }
  return { origin, a, b, leaf: isEqual ? null : readLeaf(top) };
}

function readLeaf(top: Members): Fork["leaf"] {
  const hashes = readPath(top, "leaves");
  const paths = top.array("paths");
  const [[hashA, hashB], [pathA, pathB]] = [hashes, paths];
  const isTwo = hashes.length === 2 && paths.length === 2;
  if (!isTwo || hashA === undefined || hashB === undefined || pathA === undefined || pathB === undefined) {
    throw top.fault("paths", "two leaves and two paths");
  }
  const index = top.integer("index");
  const a = { hash: hashA, path: readHashes(top, "paths", pathA) };
  return { index, a, b: { hash: hashB, path: readHashes(top, "paths", pathB) } };
}

function readNote(top: Members, name: string, origin: string): SignedCheckpoint {
  const encoded = encodeUtf8(top.text(name));
  let signed: SignedCheckpoint;
  try {
    signed = parseCheckpoint(encoded);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    throw malformed(`${WHAT}: note ${name}: ${error.message}`, error.code, `/${name}`);
  }
  if (signed.checkpoint.origin !== origin) throw top.fault(name, `a checkpoint of ${origin}`, "fork-origin");
  return signed;
}

/** Check that the two checkpoints cannot both be of one log, and say why in words. */
export function requireContradiction(fork: Fork): string {
  const { checkpoint: a } = fork.a;
  const { checkpoint: b } = fork.b;
  const { leaf } = fork;
  if (leaf === null) return `two roots at size ${a.size}: ${toHex(a.root)} and ${toHex(b.root)}`;
  const [one, other] = [toHex(leaf.a.hash), toHex(leaf.b.hash)];
  if (equal(leaf.a.hash, leaf.b.hash)) {
    throw proofError(`both checkpoints have the leaf ${one} at ${leaf.index}`, "no-split");
  }
  verifyInclusion(leaf.a.hash, leaf.index, a.size, leaf.a.path, a.root);
  verifyInclusion(leaf.b.hash, leaf.index, b.size, leaf.b.path, b.root);
  return `leaf ${leaf.index} is ${one} at size ${a.size} and ${other} at size ${b.size}`;
}
