/**
 * Inflates one gzip stream of a known size, at once and no further than that size.
 *
 * Source: RFC 1951 and 1952.  The streams of browsers are asynchronous, and differ in what they make of bytes that
 * follow, so that whether a status list is in order would depend on the reader's browser.
 */

import type { Bytes } from "../core/bytes.ts";

const MOST_BITS = 15;
const END_OF_BLOCK = 256;
const WINDOW = 32_768;
/** Magic number, method deflate, no flags: no name, comment or extra field comes with the bits. */
const HEADER = [0x1f, 0x8b, 0x08, 0x00];
const HEADER_SIZE = 10;
const TRAILER_SIZE = 8;
/** In which order a block tells the lengths of the codes for code lengths. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
  227, 258,
];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_CODES = 30;
const LENGTH_CODES = 286;

/** Why bytes are no such stream. */
class Broken extends Error {}

/** The bytes that one gzip stream without flags holds; null where it is broken, or does not hold exactly `size`. */
export function gunzip(packed: Uint8Array, size: number): Bytes | null {
  if (HEADER.some((byte, index) => packed[index] !== byte)) return null;
  try {
    const input = new Bits(packed, HEADER_SIZE);
    const found = inflate(input, size);
    const trailer = input.rest();
    if (trailer.length !== TRAILER_SIZE) return null;
    const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_SIZE);
    return view.getUint32(0, true) === crc32(found) && view.getUint32(4, true) === size ? found : null;
  } catch (error) {
    if (error instanceof Broken) return null;
    throw error;
  }
}

/** Bits of bytes, the least significant of each first. */
class Bits {
  readonly #data: Uint8Array;
  #next: number;
  #held = 0;
  #count = 0;

  constructor(data: Uint8Array, start: number) {
    this.#data = data;
    this.#next = start;
  }

  /** A number of at most 16 bits. */
  take(count: number): number {
    while (this.#count < count) {
      const byte = this.#data[this.#next];
      if (byte === undefined) throw new Broken();
      this.#next += 1;
      this.#held |= byte << this.#count;
      this.#count += 8;
    }
    const taken = this.#held & ((1 << count) - 1);
    this.#held >>>= count;
    this.#count -= count;
    return taken;
  }

  /** Whole bytes from the next one on; the bits before it are passed over. */
  bytes(count: number): Uint8Array {
    this.#held = 0;
    this.#count = 0;
    const end = this.#next + count;
    if (end > this.#data.length) throw new Broken();
    const taken = this.#data.subarray(this.#next, end);
    this.#next = end;
    return taken;
  }

  /** All bytes that no bit was taken of. */
  rest(): Uint8Array {
    return this.#data.subarray(this.#next);
  }
}

/** A Huffman code: how many words there are of each length, and the symbols in the order of their words. */
class Code {
  readonly #counts = new Uint16Array(MOST_BITS + 1);
  readonly #symbols: Uint16Array;

  /** @param lengths Of each symbol's word, 0 for none. */
  constructor(lengths: readonly number[], mayBeIncomplete: boolean) {
    for (const length of lengths) this.#counts[length] = (this.#counts[length] ?? 0) + 1;
    this.#counts[0] = 0;
    let free = 1;
    let longest = 0;
    for (let length = 1; length <= MOST_BITS; length += 1) {
      const count = this.#counts[length] ?? 0;
      free = 2 * free - count;
      if (free < 0) throw new Broken();
      if (count > 0) longest = length;
    }
    // One word of one bit is a code, and so is none at all where none is used.
    if (free > 0 && (!mayBeIncomplete || longest > 1)) throw new Broken();
    this.#symbols = Uint16Array.from(
      [...lengths.keys()]
        .filter((symbol) => lengths[symbol] !== 0)
        .sort((one, other) => (lengths[one] ?? 0) - (lengths[other] ?? 0) || one - other),
    );
  }

  read(input: Bits): number {
    let word = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length <= MOST_BITS; length += 1) {
      word |= input.take(1);
      const count = this.#counts[length] ?? 0;
      const symbol = this.#symbols[index + word - first];
      if (word - first < count && symbol !== undefined) return symbol;
      index += count;
      first = (first + count) << 1;
      word <<= 1;
    }
    throw new Broken();
  }
}

interface Codes {
  readonly literals: Code;
  readonly distances: Code;
}

function inflate(input: Bits, size: number): Bytes {
  const output = new Output(size);
  let isLast = false;
  while (!isLast) {
    isLast = input.take(1) === 1;
    const kind = input.take(2);
    if (kind === 0) copyStored(input, output);
    else if (kind === 1) inflateBlock(input, output, fixedCodes());
    else if (kind === 2) inflateBlock(input, output, readCodes(input));
    else throw new Broken();
  }
  return output.whole();
}

/** What is inflated, of exactly the size that is asked for. */
class Output {
  readonly #data: Bytes;
  #size = 0;

  constructor(size: number) {
    this.#data = new Uint8Array(size);
  }

  put(byte: number): void {
    if (this.#size === this.#data.length) throw new Broken();
    this.#data[this.#size] = byte;
    this.#size += 1;
  }

  /** Put again what was put before. */
  repeat(distance: number, length: number): void {
    if (distance > this.#size || distance > WINDOW) throw new Broken();
    for (let count = 0; count < length; count += 1) this.put(this.#data[this.#size - distance] ?? 0);
  }

  whole(): Bytes {
    if (this.#size !== this.#data.length) throw new Broken();
    return this.#data;
  }
}

function copyStored(input: Bits, output: Output): void {
  const head = input.bytes(4);
  const length = (head[0] ?? 0) | ((head[1] ?? 0) << 8);
  const complement = (head[2] ?? 0) | ((head[3] ?? 0) << 8);
  if ((length ^ complement) !== 0xffff) throw new Broken();
  for (const byte of input.bytes(length)) output.put(byte);
}

function inflateBlock(input: Bits, output: Output, { literals, distances }: Codes): void {
  for (;;) {
    const symbol = literals.read(input);
    if (symbol === END_OF_BLOCK) return;
    if (symbol < END_OF_BLOCK) {
      output.put(symbol);
      continue;
    }
    if (symbol >= LENGTH_CODES) throw new Broken();
    const place = symbol - END_OF_BLOCK - 1;
    const length = (LENGTH_BASE[place] ?? 0) + input.take(LENGTH_EXTRA[place] ?? 0);
    const code = distances.read(input);
    if (code >= DISTANCE_CODES) throw new Broken();
    output.repeat(distanceOf(code, input), length);
  }
}

function distanceOf(code: number, input: Bits): number {
  if (code < 4) return code + 1;
  const extra = (code >> 1) - 1;
  return ((2 + (code & 1)) << extra) + 1 + input.take(extra);
}

let fixed: Codes | null = null;

/** The codes of blocks that tell none (RFC 1951 section 3.2.6). */
function fixedCodes(): Codes {
  const lengths = [
    ...new Array<number>(144).fill(8),
    ...new Array<number>(112).fill(9),
    ...new Array<number>(24).fill(7),
    ...new Array<number>(8).fill(8),
  ];
  fixed ??= { literals: new Code(lengths, false), distances: new Code(new Array<number>(32).fill(5), false) };
  return fixed;
}

/** The codes that a block tells of itself (RFC 1951 section 3.2.7). */
function readCodes(input: Bits): Codes {
  const literalCount = input.take(5) + 257;
  const distanceCount = input.take(5) + 1;
  const ofLengths = input.take(4) + 4;
  if (literalCount > LENGTH_CODES || distanceCount > DISTANCE_CODES) throw new Broken();
  const told = new Array<number>(ORDER.length).fill(0);
  for (const symbol of ORDER.slice(0, ofLengths)) told[symbol] = input.take(3);
  const code = new Code(told, false);
  const lengths: number[] = [];
  while (lengths.length < literalCount + distanceCount) {
    const symbol = code.read(input);
    if (symbol < 16) {
      lengths.push(symbol);
      continue;
    }
    const before = symbol === 16 ? lengths.at(-1) : 0;
    if (before === undefined) throw new Broken();
    const count = symbol === 16 ? 3 + input.take(2) : symbol === 17 ? 3 + input.take(3) : 11 + input.take(7);
    lengths.push(...new Array<number>(count).fill(before));
  }
  if (lengths.length > literalCount + distanceCount || lengths[END_OF_BLOCK] === 0) throw new Broken();
  return {
    literals: new Code(lengths.slice(0, literalCount), true),
    distances: new Code(lengths.slice(literalCount), true),
  };
}

/** The cyclic redundancy check of gzip. */
function crc32(data: Uint8Array): number {
  let rest = 0xffffffff;
  for (const byte of data) rest = (rest >>> 8) ^ (CRC[(rest ^ byte) & 0xff] ?? 0);
  return (rest ^ 0xffffffff) >>> 0;
}

const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = (rest & 1) === 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});
