/**
 * Whether a condition holds: true, false, unknown for want of named facts, or in error.
 *
 * Source: docs/spec/deciding.md, section Truth.
 */

/** A value that cannot be computed. */
export const FAULT = Symbol("rule-error");
/** Unknown, for want of these facts. */
export type Missing = ReadonlySet<string>;
export type Unsettled = Missing | typeof FAULT;
export type Truth = boolean | Unsettled;

/** Whether a value is unknown; no fact is a set. */
export function isMissing(value: unknown): value is Missing {
  return value instanceof Set;
}

/** False if either is, else an error if either is, else unknown if either is, else true. */
export function both(one: Truth, other: Truth): Truth {
  return one === false || other === false ? false : withoutValue<boolean, boolean>([one, other], () => true);
}

/** True if either is, else an error if either is, else unknown if either is, else false. */
export function either(one: Truth, other: Truth): Truth {
  return one === true || other === true ? true : withoutValue<boolean, boolean>([one, other], () => false);
}

/** What `compute` says of values none of which is in error or unknown; else that, with all that is missing. */
export function withoutValue<V, W>(
  values: readonly (V | Unsettled)[],
  compute: (...values: V[]) => W,
): W | Unsettled {
  const known: V[] = [];
  const missing = new Set<string>();
  for (const value of values) {
    if (value === FAULT) return FAULT;
    if (isMissing(value)) value.forEach((name) => missing.add(name));
    else known.push(value); // neither of the two that are no value
  }
  return missing.size > 0 ? missing : compute(...known);
}
