/** What one premise came to: a code, an outcome, a sentence, and the statements it rests on. */

import type { Json } from "../../core/json.ts";
import type { Digest } from "../fields.ts";
import type { Held } from "./evidence.ts";

/** absent: the evidence does not say. */
export type Outcome = "passed" | "failed" | "absent";

/** One condition at one moment. */
export interface Premise {
  /** Stable; docs/spec/recognition.md lists them. */
  readonly code: string;
  readonly outcome: Outcome;
  /** For people: what was found, lower case. */
  readonly detail: string;
  /** Digests of the statements that decided, each once. */
  readonly restsOn: readonly Digest[];
}

/** From the best to the worst. */
export const RANK: Readonly<Record<Outcome, number>> = { passed: 0, absent: 1, failed: 2 };

const maker =
  (outcome: Outcome) =>
  (code: string, detail: string, ...held: readonly Held<unknown>[]): Premise => ({
    code,
    outcome,
    detail,
    restsOn: [...new Set(held.map((one) => one.digest))],
  });

/** A premise that is shown. */
export const passed = maker("passed");
/** A premise of which the contrary is shown. */
export const failed = maker("failed");
/** A premise that the evidence does not decide. */
export const absent = maker("absent");

/** The premise with what others rest on in the place of its own. */
export function restingOn(premise: Premise, digests: Iterable<Digest>): Premise {
  return { ...premise, restsOn: [...new Set(digests)] };
}

/** The premise with a prefix before its code. */
export function prefixed(prefix: string, premise: Premise): Premise {
  return { ...premise, code: prefix + premise.code };
}

/** The first that failed, else the first that is absent; null where all passed. */
export function decisive(premises: Iterable<Premise>): Premise | null {
  let found: Premise | null = null;
  for (const premise of premises) {
    if (premise.outcome === "failed") return premise;
    if (premise.outcome === "absent") found ??= premise;
  }
  return found;
}

/** The best of several, the first of equals; null of none. */
export function best(premises: readonly Premise[]): Premise | null {
  let found: Premise | null = null;
  for (const premise of premises) {
    if (found === null || RANK[premise.outcome] < RANK[found.outcome]) found = premise;
  }
  return found;
}

/** The premise as a member of a report. */
export function premiseJson({ code, outcome, detail, restsOn }: Premise): Json {
  return { code, outcome, detail, restsOn };
}
