/** The permutation of keccak, held against the library's own. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { keccakP, shake128 } from "@noble/hashes/sha3.js";
import { fromHex, toHex } from "../../src/core/bytes.ts";
import { keccak256 } from "../../src/core/hashes.ts";
import { permute, type State } from "../../src/core/keccak.ts";

test("a state is permuted as the library does it", () => {
  const ours = new Uint32Array(50) as State;
  const theirs = new Uint32Array(50);
  for (let round = 0; round < 200; round += 1) {
    permute(ours);
    keccakP(theirs);
    assert.deepEqual([...ours], [...theirs]);
    crypto.getRandomValues(ours.subarray(round % 50));
    theirs.set(ours);
  }
});

test("the library's sponge has this permutation, and answers as before", () => {
  assert.equal(toHex(keccak256()), "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  // FIPS 202, SHAKE128 of nothing; more than a block of it squeezes again.
  const long = shake128(new Uint8Array(), { dkLen: 400 });
  assert.equal(toHex(long.slice(0, 16)), "7f9c2ba4e88f827d616045507605853e");
  assert.equal(toHex(shake128(fromHex("ab".repeat(500)) ?? new Uint8Array(), { dkLen: 16 })).length, 32);
});
