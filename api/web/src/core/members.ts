/**
 * Strict reading of JSON objects: no member missing, none unknown, each of its kind.
 *
 * The first fault is thrown, with its JSON pointer; codes are `member-missing`, `member-unknown` and `member-value`.
 */

import { type Bytes, fromEvm, fromHex, HASH_SIZE } from "./bytes.ts";
import { isLedgerError, type LedgerError, malformed } from "./error.ts";
import {
  has,
  INTEGER_LIMIT,
  isArray,
  isInteger,
  isObject,
  type Json,
  type JsonObject,
  pointerTo,
  quoted,
} from "./json.ts";
import { parseTime } from "./times.ts";

const QUOTED_LIMIT = 80;

export class Members {
  readonly pointer: string;
  readonly #members: JsonObject;
  readonly #what: string;

  /**
   * @param value Out of `decode`.
   * @param what The document, for messages.
   * @param pointer Where `value` stands in it, RFC 6901.
   * @param required Names that must be there.
   * @param optional Names that may be.
   */
  constructor(
    value: Json,
    what: string,
    pointer: string,
    required: readonly string[],
    optional: readonly string[] = [],
  ) {
    this.pointer = pointer;
    this.#what = what;
    if (!isObject(value)) {
      throw malformed(`${what} has no object at ${quoted(pointer)}`, "member-value", pointer);
    }
    this.#members = value;
    const missing = required.find((name) => !has(value, name));
    if (missing !== undefined) {
      throw malformed(
        `${what} lacks the member "${missing}" at ${quoted(pointer)}`,
        "member-missing",
        pointerTo(pointer, missing),
      );
    }
    const unknown = Object.keys(value).find((name) => !required.includes(name) && !optional.includes(name));
    if (unknown !== undefined) {
      throw malformed(
        `${what} has the unknown member ${quoted(unknown)} at ${quoted(pointer)}`,
        "member-unknown",
        pointerTo(pointer, unknown),
      );
    }
  }

  has(name: string): boolean {
    return has(this.#members, name);
  }

  /** The error that the member `name` is not what is required; for the caller to throw. */
  fault(name: string, requirement: string, code = "member-value"): LedgerError {
    const place = pointerTo(this.pointer, name);
    return malformed(
      `${this.#what} has ${describe(this.#members[name])} at ${quoted(place)}; ${requirement} is required`,
      code,
      place,
    );
  }

  /** The member as it is. */
  json(name: string): Json {
    return this.#members[name] ?? null;
  }

  /** A string that is not empty. */
  text(name: string): string {
    const value = this.json(name);
    if (typeof value !== "string" || value === "") {
      throw this.fault(name, "a string that is not empty");
    }
    return value;
  }

  /** One of the strings `allowed`. */
  choice<const T extends string>(name: string, allowed: readonly T[]): T {
    const value = this.json(name);
    const found = allowed.find((one) => one === value);
    if (found === undefined) {
      throw this.fault(name, `one of ${allowed.join(", ")}`);
    }
    return found;
  }

  /** An integer from `least` to `most`. */
  integer(name: string, least = 0, most = INTEGER_LIMIT): number {
    const value = this.json(name);
    if (!isInteger(value) || value < least || value > most) {
      throw this.fault(name, `an integer from ${least} to ${most}`);
    }
    return value;
  }

  /** POSIX seconds of a time. */
  time(name: string): number {
    return this.as(name, "a time written YYYY-MM-DDThh:mm:ssZ", parseTime);
  }

  /** What `read` makes of a text; its error stands at this member and keeps its code. */
  as<T>(name: string, requirement: string, read: (text: string) => T): T {
    const text = this.text(name);
    try {
      return read(text);
    } catch (error) {
      throw isLedgerError(error) ? this.fault(name, requirement, error.code) : error;
    }
  }

  /** 32 bytes written as 64 lower-case hex digits without prefix. */
  digest(name: string): Bytes {
    const value = fromHex(this.text(name), HASH_SIZE);
    if (value === undefined) {
      throw this.fault(name, "64 lower-case hex digits");
    }
    return value;
  }

  /** `size` bytes written as `0x` and lower-case hex digits. */
  evm(name: string, size: number): Bytes {
    const value = fromEvm(this.text(name), size);
    if (value === undefined) {
      throw this.fault(name, `0x and ${2 * size} lower-case hex digits`);
    }
    return value;
  }

  /** The items of an array. */
  array(name: string): readonly Json[] {
    const value = this.json(name);
    if (!isArray(value)) {
      throw this.fault(name, "an array");
    }
    return value;
  }

  /** The items of an array, each with its pointer. */
  items(name: string): readonly (readonly [pointer: string, item: Json])[] {
    const pointer = pointerTo(this.pointer, name);
    return this.array(name).map((item, index) => [`${pointer}/${index}`, item] as const);
  }

  /** The items of an array of distinct strings, none of them empty. */
  texts(name: string): readonly string[] {
    const found: string[] = [];
    for (const item of this.array(name)) {
      if (typeof item !== "string" || item === "") {
        throw this.fault(name, "an array of strings that are not empty");
      }
      found.push(item);
    }
    if (new Set(found).size !== found.length) {
      throw this.fault(name, "an array that has nothing twice");
    }
    return found;
  }

  /** The members of an object that is a member. */
  below(name: string, required: readonly string[], optional: readonly string[] = []): Members {
    return new Members(this.json(name), this.#what, pointerTo(this.pointer, name), required, optional);
  }

  /** The members of each object in an array. */
  each(name: string, required: readonly string[], optional: readonly string[] = []): readonly Members[] {
    return this.items(name).map(
      ([pointer, item]) => new Members(item, this.#what, pointer, required, optional),
    );
  }

  /** The members of an object whose own member names are free, each an object. */
  named(
    name: string,
    required: readonly string[],
    optional: readonly string[] = [],
  ): readonly (readonly [name: string, members: Members])[] {
    const value = this.json(name);
    if (!isObject(value)) {
      throw this.fault(name, "an object");
    }
    const pointer = pointerTo(this.pointer, name);
    return Object.entries(value).map(
      ([key, item]) =>
        [key, new Members(item, this.#what, pointerTo(pointer, key), required, optional)] as const,
    );
  }
}

/** What was found, in a few words on one line. */
function describe(value: Json | undefined): string {
  if (typeof value === "string") {
    return value.length <= QUOTED_LIMIT ? quoted(value) : `a string of ${value.length} characters`;
  }
  if (isArray(value)) {
    return `an array of ${value.length} items`;
  }
  if (isObject(value)) {
    return "an object";
  }
  return value === undefined || value === null ? "nothing" : String(value);
}

/** The bytes of strings, each of `prefix` and lower-case hex digits; undefined if one is anything else. */
export function hexTexts(values: readonly Json[], prefix = ""): readonly Bytes[] | undefined {
  const found: Bytes[] = [];
  for (const value of values) {
    const data =
      typeof value === "string" && value.startsWith(prefix) ? fromHex(value.slice(prefix.length)) : undefined;
    if (data === undefined) {
      return undefined;
    }
    found.push(data);
  }
  return found;
}
