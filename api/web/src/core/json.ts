/**
 * Canonical JSON: the one writer and the one reader of documents.
 *
 * A document is its RFC 8785 bytes, in which numbers are integers of at most 2^53 - 1, member names are ASCII, and
 * there is neither null nor a lone surrogate. `encode(decode(b))` gives b for every b that `decode` accepts.
 *
 * Source: docs/spec/json.md.
 */

import { type Bytes, decodeUtf8, encodeUtf8 } from "./bytes.ts";
import { LedgerError, malformed } from "./error.ts";

/** An object without a prototype: it has the members of the document and no others. */
export interface JsonObject {
  readonly [name: string]: Json;
}
/** `null` occurs in what is made here alone, never in a document. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject;

export const STATEMENT_LIMIT = 256 * 1024;
export const TRUST_LIMIT = 4 * 1024 * 1024;
export const BUNDLE_LIMIT = 16 * 1024 * 1024;
export const NOTE_LIMIT = 128 * 1024;
/** Arrays and objects inside each other; the outermost is the first. */
export const DEPTH_LIMIT = 32;
export const INTEGER_LIMIT = Number.MAX_SAFE_INTEGER;

/** Nesting that is refused before anything is parsed: the parser takes memory for each level. */
const PARSED_DEPTH_LIMIT = 1024;
const QUOTED_LIMIT = 200;
const SURROGATE = /\p{Surrogate}/u;
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u;
const ASCII = /^[\0-\x7f]*$/;
const [QUOTE, BACKSLASH, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x5b, 0x5d, 0x7b, 0x7d,
];

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isArray(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export function isInteger(value: Json | undefined): value is number {
  return Number.isSafeInteger(value);
}

/** Whether an object has a member; what it inherits is none. */
export function has(value: JsonObject, name: string): boolean {
  return Object.hasOwn(value, name);
}

/** Whether an object has these members and no others. */
export function hasExactly(value: JsonObject, names: readonly string[]): boolean {
  return Object.keys(value).length === names.length && names.every((name) => has(value, name));
}

/** The object without a member. */
export function without(value: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([each]) => each !== name));
}

/** The RFC 6901 pointer of the member `name` of what stands at `pointer`. */
export function pointerTo(pointer: string, name: string | number): string {
  return `${pointer}/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/**
 * Canonical bytes of a value made here.
 *
 * @throws LedgerError `not-canonical`, `member-name` or `too-deep`, with the pointer of the value at fault.
 */
export function encode(value: Json, what = "document"): Bytes {
  requireRestrictions(value, what);
  return encodeDecoded(value);
}

/** Canonical bytes of a value that came out of `decode`, or of members chosen from one; checks nothing. */
export function encodeDecoded(value: Json): Bytes {
  return encodeUtf8(isSorted(value) ? JSON.stringify(value) : write(value));
}

/** Whether all members stand in the order of RFC 8785, so that the platform, which keeps it, writes canonical text. */
function isSorted(value: Json): boolean {
  if (isArray(value)) {
    return value.every(isSorted);
  }
  if (isObject(value)) {
    let before = "";
    for (const name of Object.keys(value)) {
      if (name < before || !isSorted(value[name] ?? null)) {
        return false;
      }
      before = name;
    }
  }
  return true;
}

function write(value: Json): string {
  if (isArray(value)) {
    return `[${value.map(write).join(",")}]`;
  }
  if (isObject(value)) {
    // By default names are sorted by their UTF-16 code units, which is the order of RFC 8785.
    const members = Object.keys(value)
      .sort()
      .map((name) => `${JSON.stringify(name)}:${write(value[name] ?? null)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** What is read: most bytes of it, one of the `…_LIMIT` constants, and its name for messages. */
export interface Reading {
  readonly limit: number;
  readonly what: string;
}

/**
 * Read a document that must be canonical.
 *
 * @throws LedgerError `too-large`; `too-deep`; `member-name` for a name that is not ASCII; else `not-canonical`, with
 * `offset` where the bytes are JSON but not the canonical ones.
 */
export function decode(data: Uint8Array, { limit, what }: Reading): Json {
  if (data.length > limit) {
    throw malformed(`${what} has ${data.length} bytes; at most ${limit} are read`, "too-large");
  }
  const deepest = nesting(data);
  if (deepest > PARSED_DEPTH_LIMIT) {
    throw tooDeep(what);
  }
  const text = decodeUtf8(data);
  if (text === undefined) {
    throw malformed(`${what} is not JSON: it is not UTF-8`, "not-canonical");
  }
  const value = parse(text, what);
  // Of ASCII without escapes neither names nor texts can be at fault.
  if (deepest > DEPTH_LIMIT || !areInOrder(value, data.length === text.length && !text.includes("\\u"))) {
    requireRestrictions(value, what);
  }
  const written = isSorted(value) ? JSON.stringify(value) : write(value);
  if (written !== text) {
    const offset = encodeUtf8(text.slice(0, firstDifference(written, text))).length;
    throw new LedgerError(
      "malformed",
      `${what} is not in canonical form (RFC 8785): first difference at byte ${offset}`,
      { code: "not-canonical", offset },
    );
  }
  return value;
}

function parse(text: string, what: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unreadable";
    throw malformed(`${what} is not JSON: ${reason}`, "not-canonical");
  }
}

/** How many arrays and objects stand inside each other at most, in bytes that need not be JSON. */
function nesting(data: Uint8Array): number {
  let depth = 0;
  let deepest = 0;
  let inText = false;
  for (let n = 0; n < data.length; n += 1) {
    const byte = data[n];
    if (inText) {
      if (byte === BACKSLASH) {
        n += 1;
      } else if (byte === QUOTE) {
        inText = false;
      }
    } else if (byte === QUOTE) {
      inText = true;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth -= 1;
    }
  }
  return deepest;
}

function requireRestrictions(value: Json, what: string): void {
  if (isDeeper(value, DEPTH_LIMIT)) {
    throw tooDeep(what);
  }
  requireValues(value, "", what);
}

function isDeeper(value: Json, limit: number): boolean {
  if (isArray(value)) {
    return limit === 0 || value.some((each) => isDeeper(each, limit - 1));
  }
  if (isObject(value)) {
    return limit === 0 || Object.values(value).some((each) => isDeeper(each, limit - 1));
  }
  return false;
}

/** Whether all are values that documents have; takes from each object what it inherits. */
function areInOrder(value: Json, isPlain: boolean): boolean {
  if (isArray(value)) {
    return value.every((each) => areInOrder(each, isPlain));
  }
  if (isObject(value)) {
    Object.setPrototypeOf(value, null);
    return Object.keys(value).every(
      (name) => (isPlain || ASCII.test(name)) && areInOrder(value[name] ?? null, isPlain),
    );
  }
  return typeof value === "string"
    ? isPlain || !SURROGATE.test(value)
    : typeof value === "boolean" || isInteger(value);
}

/** Refuses what documents do not hold, naming the first of it, and takes from each object what it inherits. */
function requireValues(value: Json, pointer: string, what: string): void {
  if (isArray(value)) {
    value.forEach((each, index) => {
      requireValues(each, pointerTo(pointer, index), what);
    });
  } else if (isObject(value)) {
    const names = Object.keys(value);
    if (!names.every((name) => ASCII.test(name))) {
      throw malformed(
        `${what} has a member name that is not ASCII at ${quoted(pointer)}`,
        "member-name",
        pointer,
      );
    }
    Object.setPrototypeOf(value, null);
    for (const name of names) {
      requireValues(value[name] ?? null, pointerTo(pointer, name), what);
    }
  } else if (
    typeof value === "string" ? SURROGATE.test(value) : !isInteger(value) && typeof value !== "boolean"
  ) {
    throw malformed(`${what} holds ${faultOf(value)} at ${quoted(pointer)}`, "not-canonical", pointer);
  }
}

function faultOf(value: string | number | boolean | null): string {
  if (typeof value === "string") {
    return "a lone surrogate";
  }
  if (value === null) {
    return "null";
  }
  return Number.isInteger(value) ? "an integer beyond 2^53 - 1" : "a number that is not an integer";
}

/** What a document says, for a message of one line: between quotes, or only how long where that is unsuitable. */
export function quoted(text: string): string {
  const length = Array.from(text).length;
  return length <= QUOTED_LIMIT && PRINTABLE.test(text) ? `"${text}"` : `(text of ${length} characters)`;
}

function tooDeep(what: string): LedgerError {
  return malformed(`${what} has more than ${DEPTH_LIMIT} arrays and objects inside each other`, "too-deep");
}

function firstDifference(one: string, other: string): number {
  const shared = Math.min(one.length, other.length);
  let place = 0;
  while (place < shared && one.charCodeAt(place) === other.charCodeAt(place)) {
    place += 1;
  }
  // Both halves of a surrogate pair stand in the same bytes.
  const before = one.charCodeAt(place - 1);
  return before >= 0xd800 && before < 0xdc00 ? place - 1 : place;
}
