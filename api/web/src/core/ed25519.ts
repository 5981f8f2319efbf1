/**
 * Ed25519 under the signature rule: which encodings of A, R and S are accepted, whatever the library thinks of them.
 *
 * The equation is that of the platform where it is known to compare encode([S]B - [k]A) with R as bytes, and is
 * computed here where it is not, or where the platform has no Ed25519.
 *
 * Source: docs/spec/keys.md; RFC 8032 section 5.1; "Taming the many EdDSAs" (2020), table 1.
 */

import { Point } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, concat, encodeUtf8, equal, fromHex, toBigIntLittle, toHex } from "./bytes.ts";
import { mod } from "./numbers.ts";

/** L, the order of the base point. */
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;
const Y_MASK = 2n ** 255n - 1n;
const Y_OF_ORDER_8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** y of the points of orders 1, 2, 4 and 8; both signs of x share a y. */
const SMALL_ORDER: ReadonlySet<bigint> = new Set([1n, P - 1n, 0n, Y_OF_ORDER_8, P - Y_OF_ORDER_8]);

/**
 * Whether these 32 bytes are a canonical y, and not one of a small-order point.
 *
 * That there is such a point is settled by the equation for R, and by whoever loads the key for A. The two y whose x is
 * 0, where a sign bit would be a second encoding, are of small order.
 */
export function isAcceptable(encoded: Uint8Array): boolean {
  const y = toBigIntLittle(encoded) & Y_MASK;
  return y < P && !SMALL_ORDER.has(y);
}

/** Whether these 32 bytes are a number below L, little-endian. */
export function isBelowOrder(scalar: Uint8Array): boolean {
  return toBigIntLittle(scalar) < ORDER;
}

/** Whether these 32 bytes are a canonical point, not of small order, of the prime-order subgroup. */
export function isInPrimeOrderSubgroup(encoded: Bytes): boolean {
  if (!isAcceptable(encoded)) {
    return false;
  }
  try {
    return Point.fromBytes(encoded).isTorsionFree();
  } catch {
    return false;
  }
}

/** Whether encode([S]B - [k]A) is R, of bytes that were found acceptable. */
export async function satisfiesEquation(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  platform ??= isPlatformExact();
  return (await platform)
    ? platformVerifies(key, message, signature)
    : computeEquation(key, message, signature);
}

/** The same, without the platform; a hundred times slower. */
export function computeEquation(key: Bytes, message: Bytes, signature: Bytes): boolean {
  const encodedR = signature.subarray(0, 32);
  const s = toBigIntLittle(signature.subarray(32));
  const k = mod(toBigIntLittle(sha512(concat(encodedR, key, message))), ORDER);
  try {
    const point = Point.fromBytes(key);
    const found = Point.BASE.multiplyUnsafe(s).subtract(point.multiplyUnsafe(k));
    return equal(found.toBytes(), encodedR);
  } catch {
    return false;
  }
}

async function platformVerifies(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  const loaded = await load(key);
  return loaded !== undefined && crypto.subtle.verify("Ed25519", loaded, signature, message);
}

let platform: Promise<boolean> | undefined;

/**
 * Whether the platform has Ed25519, accepts a signature, and refuses one that only the cofactored equation accepts:
 * a key outside the prime-order subgroup, by which a signature could be good in one browser and bad in another.
 */
async function isPlatformExact(): Promise<boolean> {
  try {
    const verdicts = await Promise.all(
      PROBES.map(({ key, message, signature }) => platformVerifies(key, message, signature)),
    );
    return verdicts[0] === true && verdicts[1] === false;
  } catch {
    return false;
  }
}

const loadedKeys = new Map<string, Promise<CryptoKey | undefined>>();
const LOADED_LIMIT = 256;

function load(key: Bytes): Promise<CryptoKey | undefined> {
  const name = toHex(key);
  const known = loadedKeys.get(name);
  if (known !== undefined) {
    return known;
  }
  if (loadedKeys.size >= LOADED_LIMIT) {
    loadedKeys.clear();
  }
  // A platform may refuse at once what is no point; by the rule no signature verifies under it.
  const loading = crypto.subtle
    .importKey("raw", key, "Ed25519", false, ["verify"])
    .catch((error: unknown) => {
      if (error instanceof DOMException && error.name === "DataError") {
        return undefined;
      }
      throw error;
    });
  loadedKeys.set(name, loading);
  return loading;
}

const probe = (key: string, s: string) => ({
  key: fromHex(key) ?? new Uint8Array(),
  message: encodeUtf8("evidence-ledger"),
  signature:
    fromHex(`dad70f2f175c009bc6e77c3854c61ebe511ce35bdee59839ee37ae70568574c9${s}`) ?? new Uint8Array(),
});

/** A signature that every verifier accepts, and one by the same key with a point of order 8 added to it. */
const PROBES = [
  probe(
    "b10de6cde3b902ecb86c5fa8636e3453b50d45bd028eb3cac11f77b472d1be5c",
    "164ce4ebb850dbf4720825e0ba4ba5d6decdac36399f4e6a97103bb6cad7cb08",
  ),
  probe(
    "8f8c39501af42c406869ae3c4b0006ba97904fcb0f7ee3103dc66b337c4bd6fa",
    "55b6167caae7af5e66f6e8a49386757dad0a3061a9bdb7856edbbcb0c0632d0a",
  ),
] as const;
