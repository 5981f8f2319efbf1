/** The two hashes of the formats: SHA-256 of documents and logs, keccak-256 of chains. */

import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import { Keccak, keccak_256 as nobleKeccak256 } from "@noble/hashes/sha3.js";
import { type Bytes, bytes, concat } from "./bytes.ts";
import { permute, type State } from "./keccak.ts";
import { Kept } from "./kept.ts";

// All that absorbs and squeezes is the library's, ML-DSA's too.
Object.defineProperty(Keccak.prototype, "keccak", {
  value(this: { readonly state32: State; posOut: number; pos: number }) {
    permute(this.state32);
    this.posOut = 0;
    this.pos = 0;
  },
});

const SHA256 = new Kept<Bytes>();
const KECCAK256 = new Kept<Bytes>();

/** SHA-256 of the parts, one after the other. */
export function sha256(...parts: readonly Uint8Array[]): Bytes {
  return SHA256.of(parts, () => bytes(nobleSha256(joined(parts))));
}

/** keccak-256, of Ethereum and before SHA-3, of the parts, one after the other. */
export function keccak256(...parts: readonly Uint8Array[]): Bytes {
  return KECCAK256.of(parts, () => bytes(nobleKeccak256(joined(parts))));
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : concat(...parts);
}
