/**
 * Bits by index in a compressed text, as status lists hold them.
 *
 * Source: docs/spec/status-list.md, "An encoded list"; W3C Bitstring Status List 1.0.
 */

import { type Bytes, fromBase64 } from "../core/bytes.ts";
import { malformed } from "../core/error.ts";
import { gunzip } from "./inflate.ts";

/** The bytes of a list of `length` bits, a multiple of 8; `list-malformed` for what is no such list. */
export function decode(text: string, length: number): Bytes {
  const packed = fromBase64url(text);
  const bits = packed === undefined ? null : gunzip(packed, length / 8);
  if (bits === null) {
    const detail = `one gzip stream without flags, of ${length} bits, after u in base64url without padding`;
    throw malformed(`the encoded list is not ${detail}`, "list-malformed");
  }
  return bits;
}

/** Whether the bit at an index is set, bit 0 being the most significant of the first byte. */
export function bit(bits: Uint8Array, index: number): boolean {
  return ((bits[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
}

function fromBase64url(text: string): Bytes | undefined {
  if (!/^u[A-Za-z0-9_-]*$/u.test(text)) return undefined;
  const digits = text.slice(1).replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(digits + "=".repeat((4 - (digits.length % 4)) % 4));
}
