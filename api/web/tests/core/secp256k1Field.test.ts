/** The field's arithmetic in limbs, held against that of `bigint`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { utils } from "@noble/secp256k1";
import { toHex } from "../../src/core/bytes.ts";
import { mod } from "../../src/core/numbers.ts";
import * as field from "../../src/core/secp256k1Field.ts";

const P = field.P;
const ROUNDS = 400;
const TOP = 2n ** 264n - 1n;
/** Of a limb that is carried: eleven times eleven products of two are still exact. */
const LARGEST = 2 ** 23 + 2 ** 17.5;
assert.ok(121 * LARGEST ** 2 < 2 ** 53);
const EDGES = [
  0n,
  1n,
  2n,
  976n,
  977n,
  978n,
  2n ** 32n + 977n,
  P - 2n,
  P - 1n,
  P,
  P + 1n,
  2n * P,
  2n ** 256n - 1n,
];
/** Of one bit, of all below it, and of limbs whose halves round up and down. */
const LIMBS = Array.from({ length: 11 }, (_, at) => 1n << BigInt(24 * at));
const PATTERNS = [
  ...LIMBS.flatMap((one) => [one, one - 1n, one << 23n, (one << 23n) - 1n]),
  LIMBS.reduce((sum, one) => sum + (one << 23n), 0n),
  LIMBS.reduce((sum, one) => sum + ((one << 23n) - one), 0n),
  TOP,
];
const NUMBERS = [...EDGES, ...PATTERNS];
/** Other ones each time that the test runs: a failure names them. */
const drawn = (): bigint => BigInt(`0x${toHex(utils.randomSecretKey())}`);

function agrees(a: bigint, b: bigint): void {
  const [one, other] = [field.fromBigInt(a), field.fromBigInt(b)];
  const told = `${a} and ${b}`;
  const product = field.times(one, other);
  assert.equal(field.toBigInt(product), mod(a * b, P), told);
  assert.equal(field.toBigInt(field.minus(one, other)), mod(a - b, P), told);
  const less = field.less(product, 2, one, 8, other);
  assert.equal(field.toBigInt(less), mod(a * b - 2n * a - 8n * b, P), told);
  assert.equal(field.isZero(field.less(one, 1, other)), mod(a - b, P) === 0n, told);
  // The largest that is multiplied: eleven times what is carried.
  const wide = field.times(field.scaled(less, 11), product);
  assert.equal(field.toBigInt(wide), mod(11n * (a * b - 2n * a - 8n * b) * a * b, P), told);
  const squares = [one, product, less, wide, field.scaled(less, 3)].map(
    (root): [field.Limbs, field.Limbs] => [root, field.square(root)],
  );
  for (const [root, square] of squares) {
    assert.equal(field.toBigInt(square), mod(field.toBigInt(root) ** 2n, P), told);
  }
  for (const number of [one, product, less, wide, ...squares.map(([, square]) => square)]) {
    for (const limb of number) assert.ok(Math.abs(limb) <= LARGEST, `${told}: a limb of ${limb}`);
  }
}

test("products, differences and zero are those of bigint, at the edges of limbs and of the field", () => {
  for (const a of NUMBERS) for (const b of NUMBERS) agrees(a, b);
});

test("they are, of numbers that are drawn", () => {
  for (let round = 0; round < ROUNDS; round += 1) agrees(drawn(), drawn());
});

test("they are, of long sequences, whose limbs have either sign", () => {
  let [limbs, number] = [field.fromBigInt(drawn()), 0n];
  number = field.toBigInt(limbs);
  for (let round = 0; round < ROUNDS; round += 1) {
    const factor = drawn();
    limbs = field.less(field.times(limbs, field.fromBigInt(factor)), 3, limbs, 1, field.times(limbs, limbs));
    number = mod(number * factor - 3n * number - number * number, P);
    assert.equal(field.toBigInt(limbs), number);
  }
});
