/** Arithmetic in prime fields, as far as points of curves are checked before a library sees them; and numbers as types. */

/** `value` modulo `modulus`, from 0 on. */
export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** `base` to the power `exponent` >= 0 modulo `modulus`. */
export function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = mod(base, modulus);
  for (let rest = exponent; rest > 0n; rest >>= 1n) {
    if ((rest & 1n) === 1n) {
      result = (result * square) % modulus;
    }
    square = (square * square) % modulus;
  }
  return result;
}

/** The indexes of a list of N, for one whose length is known: what stands there is there. */
export type Below<N extends number, Found extends number[] = []> = Found["length"] extends N
  ? Found[number]
  : Below<N, [...Found, Found["length"]]>;
