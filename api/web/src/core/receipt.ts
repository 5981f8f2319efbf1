/**
 * Receipts: that an entry stands in a log, as a file anybody can hold (C2SP tlog-proof, `.tlog-proof`).
 *
 * Source: docs/spec/receipt.md.
 */

import {
  asUint,
  type Bytes,
  decodeUtf8,
  encodeUtf8,
  fromBase64,
  HASH_SIZE,
  toBase64,
  type Uint,
} from "./bytes.ts";
import { type Checkpoint, parseCheckpoint, SIZE_LIMIT, verifyLogLines } from "./checkpoint.ts";
import { type LedgerError, malformed } from "./error.ts";
import { NOTE_LIMIT } from "./json.ts";
import { leafHash, verifyInclusion } from "./merkle.ts";
import type { VKey } from "./note.ts";

const HEADER = "c2sp.org/tlog-proof@v1";
const EXTRA = "extra ";
const INDEX = /^index (0|[1-9][0-9]{0,18})$/;
const PATH_LIMIT = 63;
const EXTRA_LIMIT = 64 * 1024;
export const RECEIPT_LIMIT = NOTE_LIMIT + 2 * EXTRA_LIMIT;
const LF = 0x0a;
const NOT_ASCII = /[^\0-\x7f]/;

/** Where an entry stands, and what shows it. */
export interface Receipt {
  /** Position of the entry, from 0. */
  readonly index: Uint;
  /** Inclusion path in the tree of the checkpoint, leaf's sibling first. */
  readonly path: readonly Bytes[];
  /** The signed checkpoint, byte for byte. */
  readonly checkpoint: Bytes;
  /** The 32-byte entry in our own receipts, anything in other people's; signed by nobody. */
  readonly extra?: Bytes;
}

/**
 * Read a `.tlog-proof` file. Verifies nothing.
 *
 * @throws LedgerError `too-large`, `receipt-malformed`, or what `parseCheckpoint` throws.
 */
export function parseReceipt(data: Bytes): Receipt {
  if (data.length > RECEIPT_LIMIT) {
    throw malformed(`receipt has ${data.length} bytes; at most ${RECEIPT_LIMIT} are read`, "too-large");
  }
  const blank = data.findIndex((byte, n) => byte === LF && data[n + 1] === LF);
  const head = blank < 0 ? undefined : decodeUtf8(data.subarray(0, blank));
  if (head === undefined || NOT_ASCII.test(head)) {
    throw fault("ASCII lines, an empty line and a checkpoint are required");
  }
  const lines = head.split("\n");
  if (lines.shift() !== HEADER) {
    throw fault(`the first line is ${HEADER}`);
  }
  const extra = lines[0]?.startsWith(EXTRA) === true ? readExtra(lines.shift() ?? "") : undefined;
  const index = readIndex(lines.shift() ?? "");
  if (lines.length > PATH_LIMIT) {
    throw fault(`the path has ${lines.length} hashes; no log needs more than ${PATH_LIMIT}`);
  }
  const checkpoint = data.slice(blank + 2);
  parseCheckpoint(checkpoint);
  return { index, path: lines.map(readHash), checkpoint, ...(extra === undefined ? {} : { extra }) };
}

/** Write a `.tlog-proof` file; the inverse of `parseReceipt`. */
export function encodeReceipt(receipt: Receipt): Bytes {
  const lines = [
    HEADER,
    ...(receipt.extra === undefined ? [] : [EXTRA + toBase64(receipt.extra)]),
    `index ${receipt.index}`,
    ...receipt.path.map(toBase64),
  ];
  const head = encodeUtf8(`${lines.join("\n")}\n\n`);
  const data = new Uint8Array(head.length + receipt.checkpoint.length);
  data.set(head);
  data.set(receipt.checkpoint, head.length);
  return data;
}

/**
 * Check that the log signed a checkpoint of a tree that has `entry`, 32 bytes, at the receipt's index.
 *
 * @throws LedgerError as `verifyLogLines` and `verifyInclusion`.
 */
export async function verifyReceipt(
  receipt: Receipt,
  entry: Bytes,
  log: { readonly origin: string; readonly vkeys: readonly VKey[]; readonly headAddresses: readonly Bytes[] },
): Promise<Checkpoint> {
  const signed = parseCheckpoint(receipt.checkpoint);
  await verifyLogLines(signed, log.origin, log.vkeys, log.headAddresses);
  const { size, root } = signed.checkpoint;
  verifyInclusion(leafHash(entry), receipt.index, size, receipt.path, root);
  return signed.checkpoint;
}

function readExtra(line: string): Bytes {
  const extra = fromBase64(line.slice(EXTRA.length));
  if (extra === undefined || extra.length === 0 || extra.length > EXTRA_LIMIT) {
    throw fault("extra is base64 of 1 to 65,536 bytes");
  }
  return extra;
}

function readIndex(line: string): Uint {
  const digits = INDEX.exec(line)?.[1];
  if (digits === undefined || BigInt(digits) >= SIZE_LIMIT) {
    throw fault("the index is a decimal number without leading zeros");
  }
  return asUint(BigInt(digits));
}

function readHash(line: string): Bytes {
  const found = fromBase64(line);
  if (found?.length !== HASH_SIZE) {
    throw fault(`a line of the path is base64 of ${HASH_SIZE} bytes`);
  }
  return found;
}

function fault(required: string): LedgerError {
  return malformed(`receipt: ${required}`, "receipt-malformed");
}
