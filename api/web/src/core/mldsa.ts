/** ML-DSA-44 signatures with empty context, so that a log's word outlives elliptic curves. Source: FIPS 204. */

import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import { signatureError } from "./error.ts";
import { Kept } from "./kept.ts";

export const MLDSA_KEY_SIZE = 1312;
const SIGNATURE_SIZE = 2420;
const VERDICTS = new Kept<boolean>();

/** @throws LedgerError `signature-invalid`: a key or signature of another size, or one that does not verify. */
export function verifyMldsa(key: Uint8Array, message: Uint8Array, signature: Uint8Array): void {
  if (key.length !== MLDSA_KEY_SIZE || signature.length !== SIGNATURE_SIZE) {
    throw signatureError(
      `ML-DSA-44 has keys of ${MLDSA_KEY_SIZE} and signatures of ${SIGNATURE_SIZE} bytes, ` +
        `not ${key.length} and ${signature.length}`,
    );
  }
  if (!VERDICTS.of([key, message, signature], () => ml_dsa44.verify(signature, message, key))) {
    throw signatureError("the ML-DSA-44 key rejects the signature");
  }
}
