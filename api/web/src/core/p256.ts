/**
 * ECDSA over P-256 with SHA-256, as the signature rule wants it: compressed keys on the curve, low s.
 *
 * Source: docs/spec/keys.md; FIPS 186-5; SEC 1 section 2.3.4.
 */

import { at, type Bytes, concat, fromUint256, toBigInt } from "./bytes.ts";
import { signatureError } from "./error.ts";
import { mod, power } from "./numbers.ts";

export const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };

/** The uncompressed form, 04 ‖ x ‖ y, of a compressed point; undefined where it is none of the curve. */
export function decompress(raw: Bytes): Bytes | undefined {
  const x = toBigInt(raw.subarray(1));
  const square = mod(x * x * x - 3n * x + B, P);
  const root = power(square, (P + 1n) / 4n, P);
  if (x >= P || (root * root) % P !== square) {
    return undefined;
  }
  const isOdd = at(raw, 0) === 3;
  const y = ((root & 1n) === 1n) === isOdd ? root : P - root;
  return concat(Uint8Array.of(4), raw.subarray(1), fromUint256(y));
}

/**
 * @param raw 33 bytes, a compressed point or what has the form of one.
 * @throws LedgerError `high-s` where only the size of s is at fault, else `signature-invalid`.
 */
export async function verifyP256(raw: Bytes, message: Bytes, signature: Bytes): Promise<void> {
  const r = toBigInt(signature.subarray(0, 32));
  const s = toBigInt(signature.subarray(32));
  if (r === 0n || s === 0n || r >= ORDER || s >= ORDER) {
    throw signatureError("the r or s of the P-256 signature is 0 or not below the group order");
  }
  const isHigh = s > ORDER / 2n;
  const low = isHigh ? concat(signature.subarray(0, 32), fromUint256(ORDER - s)) : signature;
  const point = decompress(raw);
  if (point === undefined || !(await platformVerifies(point, message, low))) {
    throw signatureError("the P-256 key rejects the signature");
  }
  if (isHigh) {
    throw signatureError("the s of the P-256 signature is above half the group order", "high-s");
  }
}

async function platformVerifies(point: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", point, ALGORITHM, false, ["verify"]);
  return crypto.subtle.verify(ALGORITHM, key, signature, message);
}
