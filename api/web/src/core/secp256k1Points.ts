/**
 * Points of secp256k1, as far as a key is recovered from a signature: u1 G + u2 R, of numbers that everybody may know.
 *
 * Both factors are split by the curve's endomorphism, λ (x, y) = (β x, y), so that half as many points are doubled, and
 * written with few digits other than 0.  Coordinates are Jacobian, x = X / Z², y = Y / Z³.  The odd multiples of R are
 * made with one Z for all of them and taken for points with Z = 1 of the isomorphic curve whose x and y are those of
 * this one times Z² and Z³: no formula here needs to know which curve of the kind a point is on.  The time that all
 * this takes tells of the numbers: it is for no secret.
 *
 * Source: SEC 2 section 2.4.1; "Guide to Elliptic Curve Cryptography" (2004), algorithms 3.51 and 3.74;
 * "Explicit-Formulas Database", dbl-2009-l and madd-2004-hmv; Meloni, "New Point Addition Formulae for ECC
 * Applications" (2007), for the one Z.
 */

import { mod } from "./numbers.ts";
import {
  fromBigInt,
  isZero,
  less,
  type Limbs,
  minus,
  P,
  scaled,
  square,
  times,
  toBigInt,
} from "./secp256k1Field.ts";

export const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const B = 7n;
const G_X = 0x79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798n;
const G_Y = 0x483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8n;
const BETA = fromBigInt(0x7ae96a2b657c07106e64479eac3434e99cf0497512f58995c1396c28719501een);
/** Two short vectors (a, b) with a + b λ = 0 modulo the order; b of the second is a of the first. */
const A1 = 0x3086d221a7d46bcde86c90e49284eb15n;
const B1 = -0xe4437ed6010e88286f547fa90abfe4c3n;
const A2 = 0x114ca50f7a8e2f3f657c1108d9d44cfd8n;
/** Bits of a digit, by which a table of odd multiples has 2 ** (bits - 2) of them. */
const DIGIT = 5;
const DIGIT_OF_BASE = 7;

/** A point as x and y from 0 to P - 1. */
export type Affine = readonly [x: bigint, y: bigint];
/** A point with Z = 1, carried. */
type Flat = readonly [x: Limbs, y: Limbs];
/** X, Y and Z, carried.  Undefined stands for the point at infinity. */
interface Point {
  readonly x: Limbs;
  readonly y: Limbs;
  readonly z: Limbs;
}
/** A sum, and what the Z of the point that another was added to has been multiplied with. */
interface Sum extends Point {
  readonly ratio: Limbs;
}

const ONE = fromBigInt(1n);

/** The point with this x, from 1 to P - 1, and a y that is odd or is not; undefined where the curve has none. */
export function lift(x: bigint, isOdd: boolean): Affine | undefined {
  const squared = mod(x * x * x + B, P);
  const limbs = rootOf(fromBigInt(squared));
  if (toBigInt(square(limbs)) !== squared) return undefined;
  const root = toBigInt(limbs);
  return [x, ((root & 1n) === 1n) === isOdd ? root : P - root];
}

/** A power whose exponent is that of `high`, followed by as many bits, with which that of `low` ends. */
function joined(high: Limbs, low: Limbs, bits: number): Limbs {
  let result = high;
  for (let left = bits; left > 0; left -= 1) result = square(result);
  return times(result, low);
}

/** `value` to powers whose bits are ones alone, 2 of them, and 223 followed by a zero and 22. */
function powers(value: Limbs): { ones2: Limbs; begun: Limbs } {
  const ones2 = joined(value, value, 1);
  const ones3 = joined(ones2, value, 1);
  const ones11 = joined(joined(joined(ones3, ones3, 3), ones3, 3), ones2, 2);
  const ones22 = joined(ones11, ones11, 11);
  const ones44 = joined(ones22, ones22, 22);
  const ones88 = joined(ones44, ones44, 44);
  const ones223 = joined(joined(joined(ones88, ones88, 88), ones44, 44), ones3, 3);
  return { ones2, begun: joined(ones223, ones22, 23) };
}

/** `value` to the power (P + 1) / 4: a root where there is one. */
function rootOf(value: Limbs): Limbs {
  const { ones2, begun } = powers(value);
  return square(square(joined(begun, ones2, 6)));
}

/** `value` to the power P - 2: what it gives 1 with, unless it is 0. */
function inverted(value: Limbs): Limbs {
  const { ones2, begun } = powers(value);
  return joined(joined(joined(begun, value, 5), ones2, 3), value, 2);
}

/** The inverse of a number that is not 0 modulo a prime. */
export function inverse(value: bigint, prime: bigint): bigint {
  let [rest, last] = [mod(value, prime), prime];
  let [factor, before] = [1n, 0n];
  while (rest !== 0n) {
    const quotient = last / rest;
    [last, rest] = [rest, last - quotient * rest];
    [before, factor] = [factor, before - quotient * factor];
  }
  return mod(before, prime);
}

/** `base` G + `factor` `point`, both factors from 0 to the order; undefined where it is the point at infinity. */
export function combine(base: bigint, factor: bigint, point: Affine): Affine | undefined {
  ofBase ??= multiplesOfBase();
  const multiples = multiplesOf([fromBigInt(point[0]), fromBigInt(point[1])], DIGIT);
  const terms = [
    ...termsOf(factor, multiples.odd, DIGIT, ONE),
    ...termsOf(base, ofBase, DIGIT_OF_BASE, multiples.z),
  ];
  let sum: Point | undefined;
  for (let place = Math.max(...terms.map(({ digits }) => digits.length)) - 1; place >= 0; place -= 1) {
    sum &&= double(sum);
    for (const { digits, odd, z } of terms) {
      const digit = digits[place] ?? 0;
      const multiple = odd[Math.abs(digit) >> 1];
      if (digit === 0 || multiple === undefined) continue;
      const [x, y] = multiple;
      const term: Flat = [x, digit > 0 ? y : scaled(y, -1)];
      sum = sum === undefined ? flatPoint(flattened(term, z)) : add(sum, term, z);
    }
  }
  if (sum === undefined) return undefined;
  const [x, y] = flattened([sum.x, sum.y], inverted(times(sum.z, multiples.z)));
  return [toBigInt(x), toBigInt(y)];
}

function flatPoint([x, y]: Flat): Point {
  return { x, y, z: ONE };
}

/** The point with x and y times the square and the third power of a number: of the inverse of Z, that with Z = 1. */
function flattened([x, y]: Flat, by: Limbs): Flat {
  const squared = square(by);
  return [times(x, squared), times(y, times(squared, by))];
}

let ofBase: readonly Flat[] | undefined;

function multiplesOfBase(): readonly Flat[] {
  const { odd, z } = multiplesOf([fromBigInt(G_X), fromBigInt(G_Y)], DIGIT_OF_BASE);
  const over = inverted(z);
  return odd.map((one) => flattened(one, over));
}

/** The point times 1, 3, 5 and so on: X and Y, that go with one Z. */
function multiplesOf(point: Flat, bits: number): { odd: readonly Flat[]; z: Limbs } {
  // Twice the point, which is added again and again, has Z = 1 on the curve on which these sums are made.
  const { x, y, z } = double(flatPoint(point));
  const [firstX, firstY] = flattened(point, z);
  const sums: Sum[] = [];
  for (
    let last: Sum | undefined = { x: firstX, y: firstY, z: ONE, ratio: ONE };
    sums.length < 1 << (bits - 2);
  ) {
    if (last === undefined) break; // no small multiple of a point of this order is
    sums.push(last);
    last = add(last, [x, y], ONE);
  }
  let toLast = ONE;
  const odd = sums.reverse().map((sum): Flat => {
    const one = flattened([sum.x, sum.y], toLast);
    toLast = times(toLast, sum.ratio);
    return one;
  });
  return { odd: odd.reverse(), z: times(sums[0]?.z ?? ONE, z) };
}

/** A term of a sum of multiples: digits by their power of two, and the odd multiples that they choose. */
interface Term {
  readonly digits: readonly number[];
  readonly odd: readonly Flat[];
  readonly z: Limbs;
}

/** A multiple as two terms with half as many digits: k = k1 + k2 λ. */
function termsOf(k: bigint, odd: readonly Flat[], bits: number, z: Limbs): readonly [Term, Term] {
  const [c1, c2] = [rounded(A1 * k), rounded(-B1 * k)];
  return [
    { digits: digitsOf(k - c1 * A1 - c2 * A2, bits), odd, z },
    { digits: digitsOf(-c1 * B1 - c2 * A1, bits), odd: odd.map(([x, y]) => [times(x, BETA), y]), z },
  ];
}

/** A product divided by the order, to the nearest number. */
function rounded(product: bigint): bigint {
  return (product + ORDER / 2n) / ORDER;
}

/** The signed digits of a number in non-adjacent form of a width: odd or 0, of which few are not 0. */
function digitsOf(value: bigint, bits: number): readonly number[] {
  const digits: number[] = [];
  const sign = value < 0n ? -1 : 1;
  const binary = (value < 0n ? -value : value).toString(2);
  let carry = 0;
  for (let end = binary.length; end > 0 || carry > 0;) {
    if ((binary[end - 1] === "1") === (carry === 1)) {
      digits.push(0);
      end -= 1;
      continue;
    }
    const window = Number(`0b0${binary.slice(Math.max(0, end - bits), Math.max(0, end))}`) + carry;
    carry = window >> (bits - 1);
    digits.push(sign * (window - (carry << bits)), ...Array<number>(bits - 1).fill(0));
    end -= bits;
  }
  return digits;
}

function double({ x, y, z }: Point): Sum {
  const b = square(y);
  const d = times(scaled(x, 4), b);
  const e = scaled(square(x), 3);
  const newX = less(square(e), 2, d);
  const newY = less(times(e, minus(d, newX)), 8, square(b));
  const ratio = scaled(y, 2);
  return { x: newX, y: newY, z: times(ratio, z), ratio };
}

/**
 * The sum of a point and of one with x and y; undefined where it is the point at infinity.
 *
 * @param curve - Z of the points of the curve of `other` on that of `one`; `ONE` where it is the same.
 */
function add(one: Point, [x2, y2]: Flat, curve: Limbs): Sum | undefined {
  const z1 = curve === ONE ? one.z : times(one.z, curve);
  const zz = square(z1);
  const h = less(times(x2, zz), 1, one.x);
  const r = minus(times(y2, times(zz, z1)), one.y);
  if (isZero(h)) return isZero(less(r, 0, r)) ? double(one) : undefined;
  const hh = square(h);
  const hhh = times(hh, h);
  const v = times(one.x, hh);
  const x = less(square(r), 1, hhh, 2, v);
  const y = less(times(r, minus(v, x)), 1, times(one.y, hhh));
  return { x, y, z: times(one.z, h), ratio: h };
}
