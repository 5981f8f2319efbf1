/**
 * The parts of a bundle that speak of a chain: anchors, and what another jurisdiction's chain holds of a log.
 *
 * Read for form; what they show is the business of steps 6 to 8.  Source: docs/spec/bundle.md.
 */

import { type Bytes, HASH_SIZE, fromEvm, fromHex } from "../core/bytes.ts";
import type { LedgerError } from "../core/error.ts";
import { type Json, isArray } from "../core/json.ts";
import type { Members } from "../core/members.ts";

/** Hashes in a path. */
const PATH_LIMIT = 128;
/** Nodes of a trie proof: 64 nibbles of the key, and the root. */
const NODE_LIMIT = 65;
/** Other jurisdictions' chains in one section. */
const FOREIGN_LIMIT = 16;
const SIGNATURE_SIZE = 65;

const CHAIN_ID = /^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/;

/** Who vouches for the block: `operator` (one signature), `attested` or `sealed` (an epoch of the trust list). */
export type Finality =
  | { readonly kind: "operator"; readonly signature: Bytes }
  | { readonly kind: "attested"; readonly epoch: number; readonly signatures: readonly Bytes[] }
  | { readonly kind: "sealed"; readonly epoch: number };

/** A transaction receipt with its trie proof, and the position of the `Anchored` event among its logs. */
export interface ReceiptPart {
  readonly index: number;
  readonly encoded: Bytes;
  readonly nodes: readonly Bytes[];
  readonly log: number;
}

/** What an anchor and a foreign part have in common. */
export interface OnChain {
  readonly chain: string;
  /** The note that the chain holds, where it is not the section's own. */
  readonly checkpoint: string | null;
  /** From the smaller to the larger of the two sizes; null where they are equal. */
  readonly consistency: readonly Bytes[] | null;
  readonly header: Bytes;
  readonly finality: Finality;
  readonly account: readonly Bytes[];
  readonly storage: readonly Bytes[];
}

/** A checkpoint of the section's log fixed on a chain, with the proof that leads there from a block header. */
export interface Anchor extends OnChain {
  /** Proof that the head key's first root stands in the contract; null where the key is the log's first. */
  readonly start: readonly Bytes[] | null;
  readonly receipt: ReceiptPart | null;
}

/** A checkpoint of the section's log that a contract on another jurisdiction's chain accepted. */
export interface Foreign extends OnChain {
  /** Id of the source that the contract accepted it from, 32 bytes. */
  readonly source: Bytes;
  /** Proof, under the same header, that nobody has proven a split of the log. */
  readonly disputed: readonly Bytes[];
}

/** The member `anchors` of a section. */
export function readAnchors(section: Members): readonly Anchor[] {
  const required = ["account", "chain", "finality", "header", "storage"];
  const optional = ["checkpoint", "consistency", "receipt", "start"];
  return section.each("anchors", required, optional).map(readAnchor);
}

function readAnchor(part: Members): Anchor {
  const receipt = part.has("receipt") ? part.below("receipt", ["bytes", "index", "log", "nodes"]) : null;
  return {
    ...readOnChain(part),
    start: part.has("start") ? readNodes(part, "start") : null,
    receipt: receipt === null ? null : readReceipt(receipt),
  };
}

function readReceipt(part: Members): ReceiptPart {
  return {
    index: part.integer("index"),
    encoded: readBytes(part, "bytes"),
    nodes: readNodes(part, "nodes"),
    log: part.integer("log"),
  };
}

/** The member `foreign` of a section. */
export function readForeign(section: Members): readonly Foreign[] {
  const required = ["account", "chain", "disputed", "finality", "header", "source", "storage"];
  const listed = section.each("foreign", required, ["checkpoint", "consistency"]);
  if (listed.length > FOREIGN_LIMIT) {
    throw section.fault("foreign", `at most ${FOREIGN_LIMIT} parts`, "too-many-foreign");
  }
  return listed.map((part) => {
    const onChain = readOnChain(part, (): Bytes => part.evm("source", HASH_SIZE));
    return { ...onChain, source: onChain.source, disputed: readNodes(part, "disputed") };
  });
}

function readOnChain(part: Members): OnChain;
function readOnChain(part: Members, source: () => Bytes): OnChain & { source: Bytes };
function readOnChain(part: Members, source?: () => Bytes): OnChain & { source?: Bytes } {
  const chain = part.text("chain");
  if (!CHAIN_ID.test(chain)) throw part.fault("chain", "a chain id written namespace:reference (CAIP-2)");
  return {
    chain,
    ...(source === undefined ? {} : { source: source() }),
    checkpoint: part.has("checkpoint") ? part.text("checkpoint") : null,
    consistency: part.has("consistency") ? readPath(part, "consistency") : null,
    header: readBytes(part, "header"),
    finality: readFinality(part),
    account: readNodes(part, "account"),
    storage: readNodes(part, "storage"),
  };
}

function readFinality(part: Members): Finality {
  const anyOf = ["epoch", "signature", "signatures"];
  const kind = part.below("finality", ["kind"], anyOf).choice("kind", ["operator", "attested", "sealed"]);
  if (kind === "operator") {
    const signature = part.below("finality", ["kind", "signature"]).evm("signature", SIGNATURE_SIZE);
    return { kind, signature };
  }
  if (kind === "sealed") return { kind, epoch: part.below("finality", ["kind", "epoch"]).integer("epoch") };
  const attested = part.below("finality", ["kind", "epoch", "signatures"]);
  const epoch = attested.integer("epoch");
  const signatures = attested.texts("signatures").map((text) => bytesOf(text, attested, "signatures"));
  if (signatures.some((one) => one.length !== SIGNATURE_SIZE)) {
    throw attested.fault("signatures", `signatures of ${SIGNATURE_SIZE} bytes`);
  }
  return { kind: "attested", epoch, signatures };
}

/** A member that is an inclusion or consistency path: an array of hashes. */
export function readPath(part: Members, name: string): readonly Bytes[] {
  return readHashes(part, name, part.array(name));
}

/** An array of hashes that is the member `name`, or stands in it. */
export function readHashes(part: Members, name: string, listed: Json): readonly Bytes[] {
  const fault = (): LedgerError => part.fault(name, `hashes of ${2 * HASH_SIZE} lower-case hex digits`);
  if (!isArray(listed)) throw fault();
  const hashes = listed.map((one) => {
    const hash = typeof one === "string" ? fromHex(one, HASH_SIZE) : undefined;
    if (hash === undefined) throw fault();
    return hash;
  });
  if (hashes.length > PATH_LIMIT) throw part.fault(name, `at most ${PATH_LIMIT} hashes`);
  return hashes;
}

function readNodes(part: Members, name: string): readonly Bytes[] {
  const nodes = part.array(name);
  if (nodes.length > NODE_LIMIT) throw part.fault(name, `at most ${NODE_LIMIT} nodes`);
  return nodes.map((node) => bytesOf(node, part, name));
}

function readBytes(part: Members, name: string): Bytes {
  return bytesOf(part.text(name), part, name);
}

function bytesOf(value: Json, part: Members, name: string): Bytes {
  const found = typeof value === "string" ? fromEvm(value) : undefined;
  if (found === undefined) throw part.fault(name, "0x and pairs of lower-case hex digits");
  return found;
}
