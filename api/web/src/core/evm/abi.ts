/** Values as the Solidity ABI writes them, as far as ids and signed structs are made of them. */

import { ADDRESS_SIZE, type Bytes, concat, encodeUtf8, fromUint256, HASH_SIZE, join } from "../bytes.ts";
import { malformed } from "../error.ts";

const WORD = 32;

/** A number as one word; `out-of-range` where it does not fit in `bits` bits. */
export function uint(value: number | bigint, bits: number, what: string): Bytes {
  const number = BigInt(value);
  if (number < 0n || number >> BigInt(bits) > 0n) {
    throw malformed(`${what} is ${value}; a uint${bits} is required`, "out-of-range");
  }
  return fromUint256(number);
}

/** A hash or an id as one word. */
export function bytes32(value: Bytes, what: string): Bytes {
  if (value.length !== HASH_SIZE) {
    throw malformed(`${what} has ${value.length} bytes; ${HASH_SIZE} are required`, "out-of-range");
  }
  return value;
}

/** An address as one word. */
export function address(value: Bytes, what: string): Bytes {
  if (value.length !== ADDRESS_SIZE) {
    throw malformed(`${what} has ${value.length} bytes; ${ADDRESS_SIZE} are required`, "out-of-range");
  }
  return concat(new Uint8Array(WORD - ADDRESS_SIZE), value);
}

/** `abi.encode(address[] members, string[] organisations, uint256 threshold)`. */
export function signerSet(
  members: readonly Bytes[],
  organisations: readonly string[],
  threshold: number,
): Bytes {
  const first = array(members.map((member) => address(member, "member")));
  const second = arrayOfTails(organisations.map(text));
  return concat(
    uint(3 * WORD, 64, "offset"),
    uint(3 * WORD + first.length, 64, "offset"),
    uint(threshold, 256, "threshold"),
    first,
    second,
  );
}

function text(value: string): Bytes {
  const data = encodeUtf8(value);
  const padding = (WORD - (data.length % WORD)) % WORD;
  return concat(uint(data.length, 64, "length"), data, new Uint8Array(padding));
}

function array(words: readonly Bytes[]): Bytes {
  return concat(uint(words.length, 64, "length"), join(words));
}

function arrayOfTails(tails: readonly Bytes[]): Bytes {
  const offsets: Bytes[] = [];
  let position = WORD * tails.length;
  for (const tail of tails) {
    offsets.push(uint(position, 64, "offset"));
    position += tail.length;
  }
  return concat(array(offsets), join(tails));
}
