/** Multibase base58btc: `z` and the Bitcoin alphabet, as `proofValue` and `publicKeyMultibase` use it. */

import { type Bytes, bytes } from "./bytes.ts";
import { malformed } from "./error.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** Longest text read, in characters; decoding costs the square of the length. */
const LENGTH_LIMIT = 256;

export function base58btcEncode(data: Uint8Array): string {
  let digits = "";
  let number = 0n;
  for (const byte of data) {
    number = (number << 8n) | BigInt(byte);
  }
  for (; number > 0n; number /= 58n) {
    digits = ALPHABET.charAt(Number(number % 58n)) + digits;
  }
  const zeros = data.findIndex((byte) => byte !== 0);
  return `z${"1".repeat(zeros < 0 ? data.length : zeros)}${digits}`;
}

/** Read `z` and base58btc digits; `multibase-malformed` for anything else, or more than 256 characters. */
export function base58btcDecode(text: string): Bytes {
  if (!text.startsWith("z") || text.length > LENGTH_LIMIT) {
    throw malformed(
      `a multibase value is z and base58btc, at most ${LENGTH_LIMIT} characters in all`,
      "multibase-malformed",
    );
  }
  let number = 0n;
  for (const character of text.slice(1)) {
    const digit = ALPHABET.indexOf(character);
    if (digit < 0) {
      throw malformed(
        "multibase value has a character outside the base58btc alphabet",
        "multibase-malformed",
      );
    }
    number = number * 58n + BigInt(digit);
  }
  const decoded: number[] = [];
  for (; number > 0n; number >>= 8n) {
    decoded.push(Number(number & 0xffn));
  }
  for (let n = 1; text.charAt(n) === "1"; n += 1) {
    decoded.push(0);
  }
  return bytes(decoded.reverse());
}
