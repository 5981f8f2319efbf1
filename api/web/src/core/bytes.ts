/** Byte strings: how they are written in documents, and the few operations on them that the formats need. */

export type Bytes = Uint8Array<ArrayBuffer>;

/** A whole number from 0 to 2^64 - 1: a number where that is exact (below 2^53), else a bigint; so === compares. */
export type Uint = number | bigint;

export const HASH_SIZE = 32;
export const ADDRESS_SIZE = 20;

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const HEX_TEXTS: readonly string[] = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));
const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX_DIGITS = digitsOf("0123456789abcdef");
const BASE64_DIGITS = digitsOf(BASE64);

/** What each digit counts, by its character; of what is none of them, nothing. */
function digitsOf(alphabet: string): readonly (number | undefined)[] {
  const counts = Array.from({ length: 128 }, (): number | undefined => undefined);
  Array.from(alphabet).forEach((digit, count) => {
    counts[digit.charCodeAt(0)] = count;
  });
  return counts;
}

/** UTF-8 of a text without lone surrogates. */
export function encodeUtf8(text: string): Bytes {
  return ENCODER.encode(text);
}

/** The text of UTF-8, its byte order mark kept; undefined where the bytes are none. */
export function decodeUtf8(data: Uint8Array): string | undefined {
  try {
    return DECODER.decode(data);
  } catch {
    return undefined;
  }
}

/** Bytes as a new array of our own, whatever memory they stood in. */
export function bytes(values: ArrayLike<number>): Bytes {
  return Uint8Array.from(values);
}

export function toHex(data: Uint8Array): string {
  let text = "";
  for (const byte of data) {
    text += HEX_TEXTS[byte] ?? "";
  }
  return text;
}

/** As values of a chain are written: 0x and lower-case hex digits. */
export function toEvm(data: Uint8Array): string {
  return `0x${toHex(data)}`;
}

/** The bytes of lower-case hex digits; undefined if the text is anything else, or not `size` bytes. */
export function fromHex(text: string, size?: number): Bytes | undefined {
  if (text.length % 2 !== 0 || (size !== undefined && text.length !== 2 * size)) {
    return undefined;
  }
  const data = new Uint8Array(text.length / 2);
  for (let n = 0; n < data.length; n += 1) {
    const high = HEX_DIGITS[text.charCodeAt(2 * n)];
    const low = HEX_DIGITS[text.charCodeAt(2 * n + 1)];
    if (high === undefined || low === undefined) {
      return undefined;
    }
    data[n] = 16 * high + low;
  }
  return data;
}

/** The bytes of 0x and lower-case hex digits; undefined if the text is anything else, or not `size` bytes. */
export function fromEvm(text: string, size?: number): Bytes | undefined {
  return text.startsWith("0x") ? fromHex(text.slice(2), size) : undefined;
}

/** Padded standard base64. */
export function toBase64(data: Uint8Array): string {
  let text = "";
  for (let n = 0; n < data.length; n += 3) {
    const group = (at(data, n) << 16) | (at(data, n + 1) << 8) | at(data, n + 2);
    const digits = [18, 12, 6, 0].map((shift) => BASE64.charAt((group >> shift) & 63)).join("");
    const left = data.length - n;
    text += left >= 3 ? digits : digits.slice(0, left + 1) + "=".repeat(3 - left);
  }
  return text;
}

/** The bytes of padded standard base64; undefined if they are written any other way. */
export function fromBase64(text: string): Bytes | undefined {
  if (text.length % 4 !== 0) {
    return undefined;
  }
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  const data = new Uint8Array((text.length / 4) * 3 - padding);
  let position = 0;
  let pending = 0;
  for (let n = 0; n < text.length - padding; n += 1) {
    const digit = BASE64_DIGITS[text.charCodeAt(n)];
    if (digit === undefined) {
      return undefined;
    }
    pending = ((pending << 6) | digit) & 0xffffff;
    if (n % 4 > 0) {
      data[position] = (pending >> (6 - 2 * (n % 4))) & 0xff;
      position += 1;
    }
  }
  // The bits that the last character before padding has over are zero in the one form that is accepted.
  const over = padding === 2 ? pending & 15 : padding === 1 ? pending & 3 : 0;
  return over === 0 ? data : undefined;
}

/** The byte at a place; 0 beyond the end. */
export function at(data: Uint8Array, index: number): number {
  return data[index] ?? 0;
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  return join(parts);
}

/** Parts one after the other, however many they are. */
export function join(parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let position = 0;
  for (const part of parts) {
    joined.set(part, position);
    position += part.length;
  }
  return joined;
}

export function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, n) => byte === other[n]);
}

/** Below, at or above 0 as `one` stands before, with or after `other`, byte by byte and the shorter first. */
export function compare(one: Uint8Array, other: Uint8Array): number {
  const shared = Math.min(one.length, other.length);
  for (let n = 0; n < shared; n += 1) {
    const difference = at(one, n) - at(other, n);
    if (difference !== 0) {
      return difference;
    }
  }
  return one.length - other.length;
}

/** A big-endian number. */
export function toBigInt(data: Uint8Array): bigint {
  return data.length === 0 ? 0n : BigInt(`0x${toHex(data)}`);
}

/** A little-endian number. */
export function toBigIntLittle(data: Uint8Array): bigint {
  return toBigInt(data.slice().reverse());
}

/** A big-endian number of at most eight bytes. */
export function toUint(data: Uint8Array): Uint {
  return asUint(toBigInt(data));
}

export function asUint(value: bigint): Uint {
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** `size` bytes of a number that fits in them, big-endian. */
export function fromUint(value: Uint, size: number): Bytes {
  const data = new Uint8Array(size);
  let rest = BigInt(value);
  for (let n = size - 1; n >= 0; n -= 1) {
    data[n] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return data;
}

/** 32 bytes of a number below 2^256, big-endian. */
export function fromUint256(value: bigint): Bytes {
  return fromUint(value, HASH_SIZE);
}
