/**
 * Numbers modulo P = 2²⁵⁶ - 2³² - 977, the field of secp256k1, as eleven limbs of 24 bits with either sign.
 *
 * A limb is an integer in a double.  Those of what is returned here are at most 2²³ + 2¹⁷·⁵, but for `minus` and
 * `scaled`, which carry nothing: a sum of m of them times a sum of n is exact, below 2⁵³, where m n is at most 11.
 * A quarter of the time of `bigint`, which is divided by P and allocated anew at each step.  Constants of the module
 * that are read often are named again in the functions: a bundle has them as variables, which are looked up each time.
 *
 * A number has several forms; `isZero` and `toBigInt` know them as one.
 */

import { type Below, mod } from "./numbers.ts";

export const P = 2n ** 256n - 2n ** 32n - 977n;
const LIMBS = 11;
const LIMB_BITS = 24n;
const LIMB_MASK = 0xffffffn;
const OVER = 2 ** -24;
/** A double that is added to this and taken from it again is a multiple of 2²⁴, the nearest. */
const ROUND = 3 * 2 ** 75;
/** 2²⁶⁴ modulo P is 977 · 2⁸ + 2⁴⁰: what a limb counts eleven places lower, and what it counts ten places lower. */
const LOW = 977 * 2 ** 8;
const HIGH = 2 ** 16;

/** A number, the least limb first. */
export type Limbs = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** The columns of a product, before any is carried into the next. */
const COLUMNS = new Float64Array(2 * LIMBS - 1) as Float64Array & Record<Below<21>, number>;

/** Of 0 to 2²⁶⁴ - 1. */
export function fromBigInt(value: bigint): Limbs {
  let rest = value;
  for (let at = 0; at < LIMBS; at += 1, rest >>= LIMB_BITS) COLUMNS[at] = Number(rest & LIMB_MASK);
  return lowest();
}

/** From 0 to P - 1. */
export function toBigInt(a: Limbs): bigint {
  return mod(
    a.reduceRight((sum, limb) => (sum << LIMB_BITS) + BigInt(limb), 0n),
    P,
  );
}

/** Of a number whose limbs are carried. */
export function isZero(a: Limbs): boolean {
  // The least limb of k P is -977 k, and k is below 2⁸ here.
  return Math.abs(a[0]) < 2 ** 18 && toBigInt(a) === 0n;
}

/** A difference, nothing carried. */
export function minus(a: Limbs, b: Limbs): Limbs {
  return [
    a[0] - b[0],
    a[1] - b[1],
    a[2] - b[2],
    a[3] - b[3],
    a[4] - b[4],
    a[5] - b[5],
    a[6] - b[6],
    a[7] - b[7],
    a[8] - b[8],
    a[9] - b[9],
    a[10] - b[10],
  ];
}

/** A small multiple, nothing carried. */
export function scaled(a: Limbs, by: number): Limbs {
  return [
    a[0] * by,
    a[1] * by,
    a[2] * by,
    a[3] * by,
    a[4] * by,
    a[5] * by,
    a[6] * by,
    a[7] * by,
    a[8] * by,
    a[9] * by,
    a[10] * by,
  ];
}

/** a - m b - n c, for small m and n. */
export function less(a: Limbs, m: number, b: Limbs, n = 0, c = b): Limbs {
  COLUMNS[0] = a[0] - m * b[0] - n * c[0];
  COLUMNS[1] = a[1] - m * b[1] - n * c[1];
  COLUMNS[2] = a[2] - m * b[2] - n * c[2];
  COLUMNS[3] = a[3] - m * b[3] - n * c[3];
  COLUMNS[4] = a[4] - m * b[4] - n * c[4];
  COLUMNS[5] = a[5] - m * b[5] - n * c[5];
  COLUMNS[6] = a[6] - m * b[6] - n * c[6];
  COLUMNS[7] = a[7] - m * b[7] - n * c[7];
  COLUMNS[8] = a[8] - m * b[8] - n * c[8];
  COLUMNS[9] = a[9] - m * b[9] - n * c[9];
  COLUMNS[10] = a[10] - m * b[10] - n * c[10];
  return lowest();
}

/** A product. */
export function times(a: Limbs, b: Limbs): Limbs {
  const c = COLUMNS;
  // Named, since each is read eleven times; one by one, since a pattern takes a third longer.
  const a0 = a[0];
  const a1 = a[1];
  const a2 = a[2];
  const a3 = a[3];
  const a4 = a[4];
  const a5 = a[5];
  const a6 = a[6];
  const a7 = a[7];
  const a8 = a[8];
  const a9 = a[9];
  const a10 = a[10];
  const b0 = b[0];
  const b1 = b[1];
  const b2 = b[2];
  const b3 = b[3];
  const b4 = b[4];
  const b5 = b[5];
  const b6 = b[6];
  const b7 = b[7];
  const b8 = b[8];
  const b9 = b[9];
  const b10 = b[10];
  c[0] = a0 * b0;
  c[1] = a0 * b1 + a1 * b0;
  c[2] = a0 * b2 + a1 * b1 + a2 * b0;
  c[3] = a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0;
  c[4] = a0 * b4 + a1 * b3 + a2 * b2 + a3 * b1 + a4 * b0;
  c[5] = a0 * b5 + a1 * b4 + a2 * b3 + a3 * b2 + a4 * b1 + a5 * b0;
  c[6] = a0 * b6 + a1 * b5 + a2 * b4 + a3 * b3 + a4 * b2 + a5 * b1 + a6 * b0;
  c[7] = a0 * b7 + a1 * b6 + a2 * b5 + a3 * b4 + a4 * b3 + a5 * b2 + a6 * b1 + a7 * b0;
  c[8] = a0 * b8 + a1 * b7 + a2 * b6 + a3 * b5 + a4 * b4 + a5 * b3 + a6 * b2 + a7 * b1 + a8 * b0;
  c[9] = a0 * b9 + a1 * b8 + a2 * b7 + a3 * b6 + a4 * b5 + a5 * b4 + a6 * b3 + a7 * b2 + a8 * b1 + a9 * b0;
  c[10] =
    a0 * b10 +
    a1 * b9 +
    a2 * b8 +
    a3 * b7 +
    a4 * b6 +
    a5 * b5 +
    a6 * b4 +
    a7 * b3 +
    a8 * b2 +
    a9 * b1 +
    a10 * b0;
  c[11] = a1 * b10 + a2 * b9 + a3 * b8 + a4 * b7 + a5 * b6 + a6 * b5 + a7 * b4 + a8 * b3 + a9 * b2 + a10 * b1;
  c[12] = a2 * b10 + a3 * b9 + a4 * b8 + a5 * b7 + a6 * b6 + a7 * b5 + a8 * b4 + a9 * b3 + a10 * b2;
  c[13] = a3 * b10 + a4 * b9 + a5 * b8 + a6 * b7 + a7 * b6 + a8 * b5 + a9 * b4 + a10 * b3;
  c[14] = a4 * b10 + a5 * b9 + a6 * b8 + a7 * b7 + a8 * b6 + a9 * b5 + a10 * b4;
  c[15] = a5 * b10 + a6 * b9 + a7 * b8 + a8 * b7 + a9 * b6 + a10 * b5;
  c[16] = a6 * b10 + a7 * b9 + a8 * b8 + a9 * b7 + a10 * b6;
  c[17] = a7 * b10 + a8 * b9 + a9 * b8 + a10 * b7;
  c[18] = a8 * b10 + a9 * b9 + a10 * b8;
  c[19] = a9 * b10 + a10 * b9;
  c[20] = a10 * b10;
  return folded();
}

/** A square; two products of different limbs are the same one. */
export function square(a: Limbs): Limbs {
  const c = COLUMNS;
  const a0 = a[0];
  const a1 = a[1];
  const a2 = a[2];
  const a3 = a[3];
  const a4 = a[4];
  const a5 = a[5];
  const a6 = a[6];
  const a7 = a[7];
  const a8 = a[8];
  const a9 = a[9];
  const a10 = a[10];
  c[0] = a0 * a0;
  c[1] = 2 * a0 * a1;
  c[2] = 2 * a0 * a2 + a1 * a1;
  c[3] = 2 * (a0 * a3 + a1 * a2);
  c[4] = 2 * (a0 * a4 + a1 * a3) + a2 * a2;
  c[5] = 2 * (a0 * a5 + a1 * a4 + a2 * a3);
  c[6] = 2 * (a0 * a6 + a1 * a5 + a2 * a4) + a3 * a3;
  c[7] = 2 * (a0 * a7 + a1 * a6 + a2 * a5 + a3 * a4);
  c[8] = 2 * (a0 * a8 + a1 * a7 + a2 * a6 + a3 * a5) + a4 * a4;
  c[9] = 2 * (a0 * a9 + a1 * a8 + a2 * a7 + a3 * a6 + a4 * a5);
  c[10] = 2 * (a0 * a10 + a1 * a9 + a2 * a8 + a3 * a7 + a4 * a6) + a5 * a5;
  c[11] = 2 * (a1 * a10 + a2 * a9 + a3 * a8 + a4 * a7 + a5 * a6);
  c[12] = 2 * (a2 * a10 + a3 * a9 + a4 * a8 + a5 * a7) + a6 * a6;
  c[13] = 2 * (a3 * a10 + a4 * a9 + a5 * a8 + a6 * a7);
  c[14] = 2 * (a4 * a10 + a5 * a9 + a6 * a8) + a7 * a7;
  c[15] = 2 * (a5 * a10 + a6 * a9 + a7 * a8);
  c[16] = 2 * (a6 * a10 + a7 * a9) + a8 * a8;
  c[17] = 2 * (a7 * a10 + a8 * a9);
  c[18] = 2 * a8 * a10 + a9 * a9;
  c[19] = 2 * a9 * a10;
  c[20] = a10 * a10;
  return folded();
}

/** The columns of a product as limbs: carried, and what stands above 2²⁶⁴ counted below. */
function folded(): Limbs {
  const c = COLUMNS;
  const round = ROUND;
  const over = OVER;
  const low = LOW;
  const high = HIGH;
  let last = 0;
  for (let at = 0; at < 21; at += 1) {
    const column = c[at] ?? 0;
    const rest = column + round - round;
    c[at] = column - rest + last;
    last = rest * over;
  }
  // Those above count much below, so that they are carried once more.
  c[11] += last * high;
  let more = 0;
  for (let at = 11; at < 21; at += 1) {
    const column = c[at] ?? 0;
    const rest = column + round - round;
    c[at] = column - rest + more;
    more = rest * over;
  }
  c[11] += more * high;
  c[0] += c[11] * low;
  c[1] += c[12] * low + c[11] * high;
  c[2] += c[13] * low + c[12] * high;
  c[3] += c[14] * low + c[13] * high;
  c[4] += c[15] * low + c[14] * high;
  c[5] += c[16] * low + c[15] * high;
  c[6] += c[17] * low + c[16] * high;
  c[7] += c[18] * low + c[17] * high;
  c[8] += c[19] * low + c[18] * high;
  c[9] += c[20] * low + c[19] * high;
  c[10] += (last + more) * low + c[20] * high;
  return lowest();
}

/**
 * The lowest eleven columns, below 2⁴⁴, each carried into the next, and what stands above 2²⁶⁴ counted below.
 *
 * What a column carries is told from itself alone: to wait for what comes from the one before takes twice the time.
 */
function lowest(): Limbs {
  const c = COLUMNS;
  const round = ROUND;
  const over = OVER;
  const low = LOW;
  const high = HIGH;
  const h0 = c[0] + round - round;
  const h1 = c[1] + round - round;
  const h2 = c[2] + round - round;
  const h3 = c[3] + round - round;
  const h4 = c[4] + round - round;
  const h5 = c[5] + round - round;
  const h6 = c[6] + round - round;
  const h7 = c[7] + round - round;
  const h8 = c[8] + round - round;
  const h9 = c[9] + round - round;
  const h10 = c[10] + round - round;
  const above = h10 * over;
  const t0 = c[0] - h0 + above * low;
  const g0 = t0 + round - round;
  const t1 = c[1] - h1 + (h0 + g0) * over + above * high;
  const g1 = t1 + round - round;
  return [
    t0 - g0,
    t1 - g1,
    c[2] - h2 + (h1 + g1) * over,
    c[3] - h3 + h2 * over,
    c[4] - h4 + h3 * over,
    c[5] - h5 + h4 * over,
    c[6] - h6 + h5 * over,
    c[7] - h7 + h6 * over,
    c[8] - h8 + h7 * over,
    c[9] - h9 + h8 * over,
    c[10] - h10 + h9 * over,
  ];
}
