/**
 * Points of secp256k1, as far as a key is recovered from a signature: u1 G + u2 R, of numbers that everybody may know.
 *
 * Both factors are split by the curve's endomorphism, λ (x, y) = (β x, y), so that half as many points are doubled, and
 * written with few digits other than 0.  Coordinates are Jacobian, x = X / Z², y = Y / Z³.  The time that this takes
 * tells of the numbers: it is for no secret.
 *
 * Source: SEC 2 section 2.4.1; "Guide to Elliptic Curve Cryptography" (2004), algorithms 3.51 and 3.74;
 * "Explicit-Formulas Database", dbl-2009-l and add-2007-bl.
 */

import { mod } from "./numbers.ts";
import { less, fromBigInt, isZero, type Limbs, minus, P, scaled, times, toBigInt } from "./secp256k1Field.ts";

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
/** X, Y and Z, carried; Z is `ONE` where that is known.  Undefined stands for the point at infinity. */
type Point = readonly [x: Limbs, y: Limbs, z: Limbs];

const ONE = fromBigInt(1n);

/** The point with this x, from 1 to P - 1, and a y that is odd or is not; undefined where the curve has none. */
export function lift(x: bigint, isOdd: boolean): Affine | undefined {
  const square = mod(x * x * x + B, P);
  const limbs = rootOf(fromBigInt(square));
  if (toBigInt(times(limbs, limbs)) !== square) return undefined;
  const root = toBigInt(limbs);
  return [x, ((root & 1n) === 1n) === isOdd ? root : P - root];
}

/** `value` to the power (P + 1) / 4, whose bits are runs of 223, 22 and 2 ones: a root where there is one. */
function rootOf(value: Limbs): Limbs {
  const squared = (base: Limbs, count: number): Limbs => {
    let result = base;
    for (let left = count; left > 0; left -= 1) result = times(result, result);
    return result;
  };
  const joined = (high: Limbs, low: Limbs, bits: number): Limbs => times(squared(high, bits), low);
  const ones2 = joined(value, value, 1);
  const ones3 = joined(ones2, value, 1);
  const ones11 = joined(joined(joined(ones3, ones3, 3), ones3, 3), ones2, 2);
  const ones22 = joined(ones11, ones11, 11);
  const ones44 = joined(ones22, ones22, 22);
  const ones88 = joined(ones44, ones44, 44);
  const ones223 = joined(joined(joined(ones88, ones88, 88), ones44, 44), ones3, 3);
  return squared(joined(joined(ones223, ones22, 23), ones2, 6), 2);
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
  ofBase ??= multiplesOf(limbsOf([G_X, G_Y]), DIGIT_OF_BASE).map((one) => limbsOf(affine(one)));
  const terms = [
    ...termsOf(base, ofBase, DIGIT_OF_BASE),
    ...termsOf(factor, multiplesOf(limbsOf(point), DIGIT), DIGIT),
  ];
  let sum: Point | undefined;
  for (let place = Math.max(...terms.map(({ digits }) => digits.length)) - 1; place >= 0; place -= 1) {
    sum &&= double(sum);
    for (const { digits, odd } of terms) {
      const digit = digits[place] ?? 0;
      const multiple = odd[Math.abs(digit) >> 1];
      if (digit === 0 || multiple === undefined) continue;
      const term = digit > 0 ? multiple : negative(multiple);
      sum = sum === undefined ? term : add(sum, term);
    }
  }
  return sum && affine(sum);
}

function affine(point: Point): Affine {
  const [x, y, z] = point.map(toBigInt) as [bigint, bigint, bigint];
  const over = inverse(z, P);
  const square = (over * over) % P;
  return [(x * square) % P, (y * ((square * over) % P)) % P];
}

/** With Z = 1, by which a point is added sooner. */
function limbsOf([x, y]: Affine): Point {
  return [fromBigInt(x), fromBigInt(y), ONE];
}

let ofBase: readonly Point[] | undefined;

/** The point times 1, 3, 5 and so on. */
function multiplesOf(point: Point, bits: number): readonly Point[] {
  const twice = double(point);
  const found = [point];
  for (let last: Point | undefined = point; found.length < 1 << (bits - 2); found.push(last)) {
    last = add(last, twice);
    if (last === undefined) break; // no small multiple of a point of this order is
  }
  return found;
}

/** A term of a sum of multiples: digits by their power of two, and the odd multiples that they choose. */
interface Term {
  readonly digits: readonly number[];
  readonly odd: readonly Point[];
}

/** A multiple as two terms with half as many digits: k = k1 + k2 λ. */
function termsOf(k: bigint, odd: readonly Point[], bits: number): readonly [Term, Term] {
  const [c1, c2] = [rounded(A1 * k), rounded(-B1 * k)];
  return [
    { digits: digitsOf(k - c1 * A1 - c2 * A2, bits), odd },
    { digits: digitsOf(-c1 * B1 - c2 * A1, bits), odd: odd.map(([x, y, z]) => [times(x, BETA), y, z]) },
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

function negative([x, y, z]: Point): Point {
  return [x, scaled(y, -1), z];
}

function double([x, y, z]: Point): Point {
  const b = times(y, y);
  const d = times(scaled(x, 4), b);
  const e = times(scaled(x, 3), x);
  const newX = less(times(e, e), 2, d);
  const newY = less(times(e, minus(d, newX)), 8, times(b, b));
  return [newX, newY, times(scaled(y, 2), z)];
}

function add(one: Point, other: Point): Point | undefined {
  const [x1, y1, z1] = one;
  const [x2, y2, z2] = other;
  const isAffine = z2 === ONE;
  const zz1 = times(z1, z1);
  const zz2 = isAffine ? ONE : times(z2, z2);
  const u1 = isAffine ? x1 : times(x1, zz2);
  const s1 = isAffine ? y1 : times(y1, times(zz2, z2));
  const h = less(times(x2, zz1), 1, u1);
  const r = minus(times(y2, times(zz1, z1)), s1);
  if (isZero(h)) return isZero(less(r, 0, r)) ? double(one) : undefined;
  const hh = times(h, h);
  const hhh = times(hh, h);
  const v = times(u1, hh);
  const x = less(times(r, r), 1, hhh, 2, v);
  const y = less(times(r, minus(v, x)), 1, times(s1, hhh));
  return [x, y, times(isAffine ? z1 : times(z1, z2), h)];
}
