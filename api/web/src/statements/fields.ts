/** The leaves of the shape language: text, codes, digests, times, numbers; and the fields many types share. */

import { parseTime } from "../core/times.ts";
import { COUNTRIES, type Codes } from "./codes.ts";
import { array, codePoints, object, type Shape } from "./shape.ts";

/** 64 lower-case hexadecimal digits: the name of a statement, or another SHA-256.  Digests order as their bytes do. */
export type Digest = string;

/** What a text has to look like. */
interface Form {
  /** In words, for details. */
  readonly what: string;
  /** For the whole text. */
  readonly pattern: RegExp;
  /** Most characters, as code points; a longer text is not compared with the pattern. */
  readonly maximum: number;
}

/** Text of a form. */
export function text(what: string, pattern: string, maximum: number): Shape<string> {
  const form: Form = { what, pattern: new RegExp(`^(?:${pattern})$`, "u"), maximum };
  return {
    check: (value, at, tell) => {
      if (typeof value !== "string") {
        tell(at, "wrong-type", "text belongs here");
      } else if (codePoints(value) > form.maximum) {
        tell(at, "wrong-length", `at most ${form.maximum} characters belong here`);
      } else if (!form.pattern.test(value)) {
        tell(at, "wrong-form", `not ${form.what}`);
      }
    },
  };
}

/** One of a closed list of words. */
export function code(what: string, codes: Codes): Shape<string> {
  return {
    check: (value, at, tell) => {
      if (typeof value !== "string") tell(at, "wrong-type", "text belongs here");
      else if (!codes.has(value)) tell(at, "not-in-list", `not a code of the list of ${what}`);
    },
  };
}

/** A list of one or more different codes. */
export function codes(what: string, of: Codes): Shape<readonly string[]> {
  return array(code(what, of), 1, MOST_CODES, true);
}

const MOST_CODES = 32;

/** An integer from `minimum` to `maximum`, both included. */
export function integer(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return {
    check: (value, at, tell) => {
      if (typeof value !== "number") tell(at, "wrong-type", "an integer belongs here");
      else if (value < minimum || value > maximum) {
        tell(at, "out-of-range", `${minimum} to ${maximum} is allowed`);
      }
    },
  };
}

function timeOf(words: string, rest: string): Shape<string> {
  return {
    check: (value, at, tell) => {
      if (typeof value !== "string") {
        tell(at, "wrong-type", "text belongs here");
        return;
      }
      try {
        parseTime(value + rest);
      } catch {
        tell(at, "wrong-form", words);
      }
    },
  };
}

const HEX_DIGITS = "[0-9a-f]";
const BASE58 = "[1-9A-HJ-NP-Za-km-z]";
const PART = "(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+";

export const TIME = timeOf("a time is written YYYY-MM-DDThh:mm:ssZ, and exists", "");
export const DATE = timeOf("a date is written YYYY-MM-DD, and exists", "T00:00:00Z");
export const BOOLEAN: Shape<boolean> = {
  check: (value, at, tell) => {
    if (typeof value !== "boolean") tell(at, "wrong-type", "true or false belongs here");
  },
};
export const DID = text(
  "a DID, did:web or did:key",
  `did:web:[a-z0-9](?:[a-z0-9.-]|%3A)*(?::${PART})*|did:key:z${BASE58}+`,
  255,
);
export const KEY_ID = text("a key id, # and 1 to 64 of A-Z a-z 0-9 . _ -", "#[A-Za-z0-9._-]{1,64}", 65);
export const DIGEST = text("a digest, 64 lower-case hex digits", `${HEX_DIGITS}{64}`, 64);
export const MULTIKEY = text("a Multikey, z and base58btc", `z${BASE58}{1,127}`, 128);
export const ADDRESS = text("an address, 0x and 40 lower-case hex digits", `0x${HEX_DIGITS}{40}`, 42);
export const URI = text(
  "an absolute URI",
  String.raw`[a-z][a-z0-9+.\-]*:[A-Za-z0-9._~:\/?#@!$&'()*+,;=%\[\]\-]+`,
  512,
);
/** RFC 6838 section 4.2, without parameters. */
export const MEDIA_TYPE = text(
  "a media type in lower case, type/subtype",
  String.raw`[a-z0-9][a-z0-9!#$&^_.+\-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+\-]{0,126}`,
  255,
);
/** A number or code of the parties' own books, which both sides know. */
export const REFERENCE = text(
  "a reference: letters, digits and ._/:- , first a letter or digit",
  String.raw`[A-Za-z0-9][A-Za-z0-9._\/:\-]{0,63}`,
  64,
);
/** Without control characters, direction marks and the like; inner spaces are free. */
export const LABEL = text(
  "one line of 1 to 120 printable characters without outer spaces",
  String.raw`(?! )[^\x00-\x1f\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]{1,120}(?<! )`,
  120,
);
export const COUNTRY = code("countries", COUNTRIES);
/** A salted commitment to a value or file that stays with the signer. */
export const COMMITMENT = object({ commitment: DIGEST });
