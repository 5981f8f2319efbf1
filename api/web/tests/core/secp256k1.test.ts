/** Keys recovered from signatures, held against a library that the page does without. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Point, recoverPublicKey, utils } from "@noble/secp256k1";
import { concat, fromUint256, toHex } from "../../src/core/bytes.ts";
import { keccak256 } from "../../src/core/hashes.ts";
import { recover } from "../../src/core/secp256k1.ts";
import { combine, lift, ORDER } from "../../src/core/secp256k1Points.ts";
import { codeOf } from "../vectors.ts";

const EDGES = [0n, 1n, 2n, 3n, ORDER / 2n, ORDER / 2n + 1n, ORDER - 2n, ORDER - 1n];
const LAMBDA = 0x5363ad4cc05c30e0a5261c028812645a122e22ea20816678df02967c1b23bd72n;
/** Numbers below the order, other ones each time that the test runs: a failure names them. */
const drawn = (): bigint => BigInt(`0x${toHex(utils.randomSecretKey())}`) % ORDER;
const times = (point: Point, factor: bigint): Point =>
  factor === 0n ? Point.ZERO : point.multiply(factor, false);

function agrees(base: bigint, factor: bigint, point: Point): void {
  const { x, y } = point.toAffine();
  const theirs = times(Point.BASE, base).add(times(point, factor));
  const wanted = theirs.equals(Point.ZERO) ? undefined : theirs.toAffine();
  const found = combine(base, factor, [x, y]);
  assert.deepEqual(found, wanted && [wanted.x, wanted.y], `${base} G + ${factor} (${x}, ${y})`);
}

test("sums of multiples are those of another implementation, at the edges of the group as well", () => {
  const points = [Point.BASE, Point.BASE.negate(), Point.BASE.double(), times(Point.BASE, LAMBDA)];
  for (const point of points) {
    for (const base of EDGES) for (const factor of EDGES) agrees(base, factor, point);
  }
  for (let round = 0; round < 40; round += 1) agrees(drawn(), drawn(), times(Point.BASE, drawn() + 1n));
});

test("a point is lifted from its x where the curve has one", () => {
  assert.equal(lift(5n, false), undefined);
  for (let round = 0; round < 20; round += 1) {
    const { x, y } = times(Point.BASE, drawn() + 1n).toAffine();
    assert.deepEqual(lift(x, (y & 1n) === 1n), [x, y]);
    assert.notDeepEqual(lift(x, (y & 1n) === 0n), [x, y]);
  }
});

test("the address of a signer is that of the key that another implementation recovers", () => {
  for (let round = 0; round < 20; round += 1) {
    const digest = fromUint256(drawn());
    const { x, y } = times(Point.BASE, drawn() + 1n).toAffine();
    const parity = Number(y & 1n);
    const signature = concat(fromUint256(x), fromUint256(drawn() >> 1n));
    const theirs = concat(Uint8Array.of(parity), signature);
    const key = recoverPublicKey(theirs, digest, { prehash: false, isCompressed: false });
    const recoverable = concat(signature, Uint8Array.of(27 + parity));
    assert.equal(
      toHex(recover(digest, recoverable)),
      toHex(keccak256(Uint8Array.from(key).subarray(1)).slice(12)),
    );
  }
});

test("no key fits where the curve has no such point, nor where the sum is the point at infinity", async () => {
  const one = fromUint256(1n);
  const none = concat(fromUint256(5n), one, Uint8Array.of(27));
  assert.equal(
    await codeOf(() => {
      recover(one, none);
    }),
    "signature-invalid",
  );
  // R = G, s = h: h/r G - h/r G
  const { x, y } = Point.BASE.toAffine();
  const infinite = concat(fromUint256(x), one, Uint8Array.of((y & 1n) === 1n ? 28 : 27));
  assert.equal(
    await codeOf(() => {
      recover(one, infinite);
    }),
    "signature-invalid",
  );
});
