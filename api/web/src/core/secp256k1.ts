/**
 * ECDSA over secp256k1 as chains use it: the signer is the address recovered from the signature.
 *
 * A signature is 65 bytes, r ‖ s ‖ v with low s and v 27 or 28; every other form is refused.
 *
 * Source: docs/spec/keys.md; SEC 1 section 4.1.6; EIP-2.
 */

import { recoverPublicKey } from "@noble/secp256k1";
import { ADDRESS_SIZE, at, type Bytes, concat, HASH_SIZE, toBigInt } from "./bytes.ts";
import { malformed, signatureError } from "./error.ts";
import { keccak256 } from "./hashes.ts";
import { Kept } from "./kept.ts";

export const RECOVERABLE_SIZE = 65;
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
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
  return SIGNERS.of([digest, signature], () => addressOf(keyOf(digest, signature, v - FIRST_V)));
}

/** The recovered key, uncompressed: 04 ‖ x ‖ y. */
function keyOf(digest: Bytes, signature: Bytes, recovery: number): Uint8Array {
  const recoverable = concat(Uint8Array.of(recovery), signature.subarray(0, 64));
  try {
    return recoverPublicKey(recoverable, digest, { prehash: false, isCompressed: false });
  } catch {
    throw signatureError("no key fits the signature");
  }
}

function addressOf(point: Uint8Array): Bytes {
  return keccak256(point.subarray(1)).slice(HASH_SIZE - ADDRESS_SIZE);
}
