/**
 * ECDSA over secp256k1 as chains use it: the signer is the address recovered from the signature.
 *
 * A signature is 65 bytes, r ‖ s ‖ v with low s and v 27 or 28; every other form is refused.
 *
 * Source: docs/spec/keys.md; SEC 1 section 4.1.6; EIP-2.
 */

import { ADDRESS_SIZE, at, type Bytes, fromUint256, HASH_SIZE, toBigInt } from "./bytes.ts";
import { malformed, signatureError } from "./error.ts";
import { keccak256 } from "./hashes.ts";
import { Kept } from "./kept.ts";
import { mod } from "./numbers.ts";
import { combine, inverse, lift, ORDER } from "./secp256k1Points.ts";

export const RECOVERABLE_SIZE = 65;
const FIRST_V = 27;
const SIGNERS = new Kept<Bytes>();

/**
 * The 20-byte address whose key signed a digest of 32 bytes.
 *
 * @throws LedgerError `high-s`; or `signature-invalid`: another length or v, r or s out of range, or no key fits. A
 * signature by somebody else recovers another address and throws nothing.
 */
export function recover(digest: Bytes, signature: Bytes): Bytes {
  if (digest.length !== HASH_SIZE) {
    throw malformed(`a digest has ${HASH_SIZE} bytes, not ${digest.length}`);
  }
  if (signature.length !== RECOVERABLE_SIZE) {
    throw signatureError(`signature has ${signature.length} bytes; r, s and v have ${RECOVERABLE_SIZE}`);
  }
  const v = at(signature, 64);
  if (v !== FIRST_V && v !== FIRST_V + 1) {
    throw signatureError(`signature has v ${v}; 27 and 28 are accepted`);
  }
  const r = toBigInt(signature.subarray(0, 32));
  const s = toBigInt(signature.subarray(32, 64));
  if (r === 0n || s === 0n || r >= ORDER || s >= ORDER) {
    throw signatureError("the r or s of the signature is 0 or not below the group order");
  }
  if (s > ORDER / 2n) {
    throw signatureError("the s of the signature is above half the group order", "high-s");
  }
  return SIGNERS.of([digest, signature], () => addressOf(digest, r, s, v !== FIRST_V));
}

/** Of the key -z/r G + s/r R, where x of R is r. */
function addressOf(digest: Bytes, r: bigint, s: bigint, isOdd: boolean): Bytes {
  const point = lift(r, isOdd);
  const over = inverse(r, ORDER);
  const base = mod(-toBigInt(digest) * over, ORDER);
  const key = point && combine(base, (s * over) % ORDER, point);
  if (key === undefined) throw signatureError("no key fits the signature");
  return keccak256(...key.map(fromUint256)).slice(HASH_SIZE - ADDRESS_SIZE);
}
