/**
 * Recursive Length Prefix, read strictly: every value has one encoding and no other is accepted.
 *
 * Source: docs/spec/chain.md; Ethereum yellow paper, appendix B.
 */

import { at, type Bytes, concat, join, toBigInt } from "../bytes.ts";
import { type LedgerError, malformed } from "../error.ts";

export type List = readonly Item[];
export type Item = Bytes | List;

const SIZE_LIMIT = 1 << 20;
const DEPTH_LIMIT = 8;
const STRING = 0x80; // prefixes below stand for themselves
const LIST = 0xc0;
const SHORT = 55; // longest payload whose length is in the prefix itself

export function isBytes(item: Item | undefined): item is Bytes {
  return item instanceof Uint8Array;
}

/** The one encoding of an item. */
export function encode(item: Item): Bytes {
  if (isBytes(item)) {
    return item.length === 1 && at(item, 0) < STRING ? item : concat(prefix(item.length, STRING), item);
  }
  const payload = join(item.map(encode));
  return concat(prefix(payload.length, LIST), payload);
}

function prefix(length: number, kind: number): Bytes {
  if (length <= SHORT) {
    return Uint8Array.of(kind + length);
  }
  const digits = encodeInteger(BigInt(length));
  return concat(Uint8Array.of(kind + SHORT + digits.length), digits);
}

/** A number >= 0 as big-endian bytes without leading zeros; zero is no bytes. */
export function encodeInteger(value: number | bigint): Bytes {
  const digits: number[] = [];
  for (let rest = BigInt(value); rest > 0n; rest >>= 8n) {
    digits.push(Number(rest & 0xffn));
  }
  return Uint8Array.from(digits.reverse());
}

/**
 * Read one item that fills `data` exactly.
 *
 * @throws LedgerError `rlp-too-large`, `rlp-too-deep`, `rlp-truncated`, `rlp-trailing` or `rlp-not-canonical`.
 */
export function decode(data: Bytes): Item {
  if (data.length > SIZE_LIMIT) {
    throw malformed(`RLP has ${data.length} bytes; ${SIZE_LIMIT} are allowed`, "rlp-too-large");
  }
  const [item, end] = decodeItem(data, 0, data.length, 1);
  if (end !== data.length) {
    throw fault(`item ends before byte ${end} of ${data.length}`, "rlp-trailing", end);
  }
  return item;
}

/** The item at `start`, and where the next one begins; no byte at or after `limit` belongs to it. */
function decodeItem(data: Bytes, start: number, limit: number, depth: number): readonly [Item, number] {
  if (start >= limit) {
    throw fault("ends where an item is required", "rlp-truncated", start);
  }
  const first = at(data, start);
  if (first < STRING) {
    return [data.slice(start, start + 1), start + 1];
  }
  const kind = first < LIST ? STRING : LIST;
  const [length, body] = decodeLength(data, start, limit, first - kind);
  const end = body + length;
  if (end > limit) {
    throw fault(`item has ${limit - body} of its ${length} bytes`, "rlp-truncated", start);
  }
  if (kind === STRING) {
    if (length === 1 && at(data, body) < STRING) {
      throw fault("byte below 0x80 is written with a prefix", "rlp-not-canonical", start);
    }
    return [data.slice(body, end), end];
  }
  if (depth > DEPTH_LIMIT) {
    throw fault(`lists are nested deeper than ${DEPTH_LIMIT}`, "rlp-too-deep", start);
  }
  const items: Item[] = [];
  for (let next = body; next < end;) {
    const [item, after] = decodeItem(data, next, end, depth + 1);
    items.push(item);
    next = after;
  }
  return [items, end];
}

/** The length of an item whose prefix at `start` is `code` above that of its kind, and where its payload begins. */
function decodeLength(data: Bytes, start: number, limit: number, code: number): readonly [number, number] {
  if (code <= SHORT) {
    return [code, start + 1];
  }
  const body = start + 1 + code - SHORT;
  if (body > limit) {
    throw fault("ends within a length", "rlp-truncated", start);
  }
  const length = Number(toBigInt(data.subarray(start + 1, body)));
  if (length <= SHORT || data[start + 1] === 0) {
    throw fault("length is not in its shortest form", "rlp-not-canonical", start);
  }
  return [length, body];
}

/** An item as a byte string, of exactly `length` bytes if given; else `rlp-shape`. */
export function readBytes(item: Item | undefined, what: string, length?: number): Bytes {
  if (!isBytes(item)) {
    throw malformed(`${what} is a list; bytes are required`, "rlp-shape");
  }
  if (length !== undefined && item.length !== length) {
    throw malformed(`${what} has ${item.length} bytes; ${length} are required`, "rlp-shape");
  }
  return item;
}

/** An item as an integer of at most `size` bytes: `rlp-shape`, or `rlp-not-canonical` for a leading zero. */
export function readInteger(item: Item | undefined, what: string, size = 32): bigint {
  const digits = readBytes(item, what);
  if (digits.length > size) {
    throw malformed(`${what} has ${digits.length} bytes; ${size} are allowed`, "rlp-shape");
  }
  if (digits[0] === 0) {
    throw malformed(`${what} has a leading zero byte`, "rlp-not-canonical");
  }
  return toBigInt(digits);
}

/** An item as a list, of exactly `length` items if given; else `rlp-shape`. */
export function readList(item: Item | undefined, what: string, length?: number): List {
  if (item === undefined || isBytes(item)) {
    throw malformed(`${what} is a byte string; a list is required`, "rlp-shape");
  }
  if (length !== undefined && item.length !== length) {
    throw malformed(`${what} has ${item.length} items; ${length} are required`, "rlp-shape");
  }
  return item;
}

function fault(found: string, code: string, offset: number): LedgerError {
  return malformed(`RLP ${found}`, code, undefined, offset);
}
