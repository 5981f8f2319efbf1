/** The first place where two JSON values differ. Source: docs/spec/verification.md, "Step 11 in full". */

import { isArray, isObject, type Json, pointerTo } from "../core/json.ts";

/** A place, and what stands there on either side; undefined where one side has nothing. */
export interface Difference {
  readonly pointer: string;
  readonly one: Json | undefined;
  readonly other: Json | undefined;
}

/** Null where two values are the same. */
export function differenceOf(
  one: Json | undefined,
  other: Json | undefined,
  pointer = "",
): Difference | null {
  if (isObject(one) && isObject(other)) {
    const names = new Set([...Object.keys(one), ...Object.keys(other)]);
    return first([...names].sort(), (name) => differenceOf(one[name], other[name], pointerTo(pointer, name)));
  }
  if (isArray(one) && isArray(other)) {
    const places = Array.from({ length: Math.max(one.length, other.length) }, (_, place) => place);
    return first(places, (place) => differenceOf(one[place], other[place], pointerTo(pointer, place)));
  }
  return one === other ? null : { pointer, one, other };
}

function first<P>(places: readonly P[], find: (place: P) => Difference | null): Difference | null {
  for (const place of places) {
    const found = find(place);
    if (found !== null) return found;
  }
  return null;
}
