/**
 * Keys of statements and trust lists as Multikeys, and the signature rule for both suites.
 *
 * Source: docs/spec/keys.md; W3C vc-di-eddsa, vc-di-ecdsa and cid (Multikey).
 */

import { type Bytes, concat, equal, toHex } from "./bytes.ts";
import { isAcceptable, isBelowOrder, isInPrimeOrderSubgroup, satisfiesEquation } from "./ed25519.ts";
import { malformed, signatureError } from "./error.ts";
import { Kept } from "./kept.ts";
import { base58btcDecode, base58btcEncode } from "./multibase.ts";
import { decompress, verifyP256 } from "./p256.ts";

export type Suite = "eddsa-jcs-2022" | "ecdsa-jcs-2019";
export const EDDSA = "eddsa-jcs-2022";
export const ECDSA = "ecdsa-jcs-2019";
export const SIGNATURE_SIZE = 64;
/** Of Ed25519, by key, message and signature. */
const VERDICTS = new Kept<Promise<boolean>>();

const FORMS: Readonly<Record<Suite, { readonly prefix: Bytes; readonly size: number }>> = {
  [EDDSA]: { prefix: Uint8Array.of(0xed, 0x01), size: 32 },
  [ECDSA]: { prefix: Uint8Array.of(0x80, 0x24), size: 33 },
};

/** A key to verify with: 32 bytes for Ed25519; 33, in the form of a compressed point, for P-256. */
export interface PublicKey {
  readonly suite: Suite;
  readonly raw: Bytes;
}

/**
 * Read a `publicKeyMultibase`; says nothing about the point.
 *
 * @throws LedgerError `multibase-malformed`, or `multikey-malformed` for another kind or length of key.
 */
export function parseMultikey(text: string): PublicKey {
  const data = base58btcDecode(text);
  for (const suite of [EDDSA, ECDSA] as const) {
    const { prefix, size } = FORMS[suite];
    if (equal(data.subarray(0, prefix.length), prefix)) {
      const raw = data.slice(prefix.length);
      if (raw.length !== size) {
        throw malformed(
          `a public key of suite ${suite} does not have ${raw.length} bytes`,
          "multikey-malformed",
        );
      }
      if (suite === ECDSA && raw[0] !== 2 && raw[0] !== 3) {
        throw malformed("a P-256 key is a compressed point, 02 or 03", "multikey-malformed");
      }
      return { suite, raw };
    }
  }
  throw malformed(
    "a public key is a Multikey of Ed25519 (z6Mk…) or compressed P-256 (zDn…)",
    "multikey-malformed",
  );
}

/** Write a `publicKeyMultibase`; the inverse of `parseMultikey`. */
export function encodeMultikey(key: PublicKey): string {
  return base58btcEncode(concat(FORMS[key.suite].prefix, key.raw));
}

export function sameKey(one: PublicKey, other: PublicKey): boolean {
  return one.suite === other.suite && equal(one.raw, other.raw);
}

/**
 * Refuse a key that could make one signature fit several messages, or that is no point at all.
 *
 * Nodes ask this before they register a key, verifiers do not.
 *
 * @throws LedgerError `key-refused`.
 */
export function checkEnrolmentKey(key: PublicKey): void {
  const isSound = key.suite === EDDSA ? isInPrimeOrderSubgroup(key.raw) : decompress(key.raw) !== undefined;
  if (!isSound) {
    throw signatureError(
      `${key.suite} key ${toHex(key.raw)} is not a sound point of its curve`,
      "key-refused",
    );
  }
}

/**
 * Check one signature by the signature rule.
 *
 * @param message The bytes that were signed, not their hash.
 * @param signature 64 bytes: R ‖ S for Ed25519, r ‖ s for P-256.
 * @throws LedgerError `high-s` where only the size of s is at fault, `signature-invalid` otherwise.
 */
export async function verify(key: PublicKey, message: Bytes, signature: Bytes): Promise<void> {
  if (signature.length !== SIGNATURE_SIZE) {
    throw signatureError(`signature has ${signature.length} bytes; ${key.suite} has ${SIGNATURE_SIZE}`);
  }
  if (key.suite === ECDSA) {
    await verifyP256(key.raw, message, signature);
    return;
  }
  if (!isAcceptable(key.raw)) {
    throw signatureError(`Ed25519 key ${toHex(key.raw)} is not canonical or of small order`);
  }
  if (!isAcceptable(signature.subarray(0, 32))) {
    throw signatureError("the R of the Ed25519 signature is not canonical or of small order");
  }
  if (!isBelowOrder(signature.subarray(32))) {
    throw signatureError("the S of the Ed25519 signature is not below the group order");
  }
  if (
    !(await VERDICTS.of([key.raw, message, signature], () => satisfiesEquation(key.raw, message, signature)))
  ) {
    throw signatureError(`Ed25519 key ${toHex(key.raw)} rejects the signature`);
  }
}
