/**
 * A small language for strict JSON fields: one description checks values and gives them their type.
 *
 * A shape reports every error of a value at once, each with the RFC 6901 pointer of the member at fault and a stable
 * code.  Members are looked at in the order of their names, which is that of canonical JSON, then those that are
 * missing in the same order, then the conditions over several members.
 *
 * Codes: wrong-type, member-missing, member-unknown, wrong-form, wrong-length, not-in-list, out-of-range, duplicate;
 * conditions add their own.
 */

import { LedgerError } from "../core/error.ts";
import { has, isArray, isObject, type Json, type JsonObject, pointerTo } from "../core/json.ts";

/** One error in a document. */
export interface Problem {
  readonly pointer: string;
  readonly code: string;
  /** What is required, for people. */
  readonly detail: string;
}

/** Reports an error. */
export type Tell = (pointer: string, code: string, detail: string) => void;

/** The fields of a statement are not those of its type; `problems` lists every error. */
export class StatementInvalidError extends LedgerError {
  readonly problems: readonly Problem[];

  constructor(what: string, problems: readonly Problem[]) {
    const first = problems[0];
    const shown = problems
      .slice(0, SHOWN)
      .map((each) => `${each.pointer === "" ? "/" : each.pointer}: ${each.detail}`);
    if (problems.length > SHOWN) shown.push(`and ${problems.length - SHOWN} more`);
    const count = `${problems.length} problem${problems.length === 1 ? "" : "s"}`;
    super("malformed", `${what} has ${count}: ${shown.join("; ")}`, {
      code: "statement-invalid",
      ...(first === undefined ? {} : { pointer: first.pointer }),
    });
    this.problems = problems;
  }
}

const SHOWN = 8;
const LONGEST_NAME = 128;

/** A description of values of type T. */
export interface Shape<T> {
  /** Tell every error of `value`, which stands at the pointer `at`. */
  readonly check: (value: Json, at: string, tell: Tell) => void;
  /** Never there: it carries the type of the values in order. */
  readonly of?: T;
}

/** The type of the values of a shape. */
export type Of<S> = S extends Shape<infer T> ? T : never;

type Members = Readonly<Record<string, Shape<unknown>>>;
type Needed<R extends Members> = { readonly [K in keyof R]: Of<R[K]> };
type Possible<O extends Members> = { readonly [K in keyof O]?: Of<O[K]> };

/** What a condition is asked of: the members it needs, present or not where they are optional, each in order. */
type Asked<T, K extends keyof T> = Pick<T, K>;

/** Whether the object has a member, in order or not. */
type Has = (name: string) => boolean;

interface Condition {
  readonly needs: readonly string[];
  readonly run: (value: Json, at: string, tell: Tell, has: Has) => void;
}

/** A JSON object with exactly these members. */
export class ObjectShape<T> implements Shape<T> {
  declare readonly of?: T;
  readonly #members: ReadonlyMap<string, Shape<unknown>>;
  readonly #required: readonly string[];
  readonly #anyOf: readonly string[];
  readonly #conditions: readonly Condition[];

  constructor(
    members: ReadonlyMap<string, Shape<unknown>>,
    required: readonly string[],
    anyOf: readonly string[] = [],
    conditions: readonly Condition[] = [],
  ) {
    this.#members = members;
    this.#required = required;
    this.#anyOf = anyOf;
    this.#conditions = conditions;
  }

  /** The same with a condition, which is asked where none of the members it needs is missing or at fault. */
  where<K extends keyof T & string>(
    needs: readonly K[],
    condition: (value: Asked<T, K>, at: string, tell: Tell, has: Has) => void,
  ): ObjectShape<T> {
    // The members needed were found in order before: that is what makes the value one of this type.
    const run: Condition["run"] = (value, at, tell, has) => {
      condition(value as unknown as Asked<T, K>, at, tell, has);
    };
    return new ObjectShape<T>(this.#members, this.#required, this.#anyOf, [
      ...this.#conditions,
      { needs, run },
    ]);
  }

  /** The same, but that at least one of these optional members has to be there. */
  withAnyOf(...names: readonly (keyof T & string)[]): ObjectShape<T> {
    return new ObjectShape<T>(this.#members, this.#required, names, this.#conditions);
  }

  readonly check = (value: Json, at: string, tell: Tell): void => {
    if (!isObject(value)) {
      tell(at, "wrong-type", "an object belongs here");
      return;
    }
    const bad = this.#checkMembers(value, at, tell);
    for (const name of this.#required) {
      if (!has(value, name)) {
        tell(`${at}/${name}`, "member-missing", `member "${name}" is missing`);
        bad.add(name);
      }
    }
    if (this.#anyOf.length > 0 && !this.#anyOf.some((name) => has(value, name))) {
      tell(at, "member-missing", `none of ${this.#anyOf.join(", ")} is given; one is needed`);
    }
    const present: Has = (name) => has(value, name);
    for (const condition of this.#conditions) {
      if (!condition.needs.some((name) => bad.has(name))) condition.run(value, at, tell, present);
    }
  };

  /** Check each member; the names of those at fault. */
  #checkMembers(value: JsonObject, at: string, tell: Tell): Set<string> {
    const bad = new Set<string>();
    for (const name of Object.keys(value).sort()) {
      const shape = this.#members.get(name);
      if (shape === undefined) {
        const where = codePoints(name) <= LONGEST_NAME ? pointerTo(at, name) : at;
        tell(where, "member-unknown", "no such member here");
        bad.add(name);
        continue;
      }
      shape.check(value[name] ?? null, `${at}/${name}`, (pointer, code, detail) => {
        tell(pointer, code, detail);
        bad.add(name);
      });
    }
    return bad;
  }
}

/** An object of these required and these optional members. */
export function object<R extends Members>(required: R): ObjectShape<Needed<R>>;
export function object<R extends Members, O extends Members>(
  required: R,
  optional: O,
): ObjectShape<Needed<R> & Possible<O>>;
export function object(required: Members, optional: Members = {}): ObjectShape<unknown> {
  const members = new Map(Object.entries({ ...required, ...optional }));
  return new ObjectShape(members, Object.keys(required).sort());
}

/** Any value; it is checked elsewhere. */
export const ANYTHING: Shape<Json> = { check: () => undefined };

/**
 * A list with bounds; items beyond the bound are not looked at.
 *
 * @param unique true: no item twice; a member's name: no two objects with the same value there.
 */
export function array<T>(
  item: Shape<T>,
  minimum: number,
  maximum: number,
  unique: string | boolean = false,
): Shape<readonly T[]> {
  return {
    check: (value, at, tell) => {
      if (!isArray(value)) {
        tell(at, "wrong-type", "a list belongs here");
        return;
      }
      if (value.length < minimum || value.length > maximum) {
        tell(at, "wrong-length", `${value.length} items where ${minimum} to ${maximum} belong`);
      }
      const items = value.slice(0, maximum);
      for (const [index, each] of items.entries()) item.check(each, `${at}/${index}`, tell);
      if (unique !== false) findDuplicates(items, unique, at, tell);
    },
  };
}

function findDuplicates(items: readonly Json[], unique: string | true, at: string, tell: Tell): void {
  const first = new Map<string, number>();
  for (const [index, item] of items.entries()) {
    const compared = unique === true ? item : isObject(item) ? item[unique] : undefined;
    // Lists are nowhere items of a list without repetition, and null stands nowhere.
    if (compared === undefined || compared === null || isArray(compared)) continue;
    const key = keyOf(compared);
    const earlier = first.get(key);
    if (earlier === undefined) {
      first.set(key, index);
    } else {
      const where = unique === true ? `${at}/${index}` : `${at}/${index}/${unique}`;
      tell(where, "duplicate", `the same as item ${earlier}`);
    }
  }
}

/** Text that is equal for equal values, whatever the order of an object's members. */
function keyOf(value: Json): string {
  if (!isObject(value)) return JSON.stringify(value);
  return JSON.stringify(
    Object.keys(value)
      .sort()
      .map((name) => [name, value[name]]),
  );
}

/** How long text is, in code points. */
export function codePoints(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0xdc00 || unit > 0xdfff) count += 1; // the second half of a pair is not counted
  }
  return count;
}
