import assert from "node:assert/strict";
import { test } from "node:test";
import { isLedgerError } from "../../src/core/error.ts";
import { parse } from "../../src/rules/cel.ts";
import { holds } from "../../src/rules/evaluate.ts";
import type { Fact } from "../../src/rules/facts.ts";
import { FAULT, isMissing } from "../../src/rules/truth.ts";
import { own } from "../vectors.ts";

interface Expressions {
  readonly facts: Readonly<Record<string, Fact>>;
  readonly cases: {
    readonly text: string;
    readonly value?: boolean | "rule-error" | { readonly missing: string[] };
    readonly refusedAt?: number;
  }[];
}

const { facts, cases } = own<Expressions>("rules/expressions.json");
const known = new Map(Object.entries(facts));

test("every expression has its value, or names what it misses, or is in error", () => {
  const valued = cases.filter((one) => one.value !== undefined);
  assert.ok(valued.length >= 25);
  for (const { text, value } of valued) {
    const truth = holds(parse(text), known);
    const found = isMissing(truth) ? { missing: [...truth].sort() } : truth === FAULT ? "rule-error" : truth;
    assert.deepEqual(found, value, text);
  }
});

test("what is no expression is refused", () => {
  const refused = cases.filter((one) => one.refusedAt !== undefined);
  assert.ok(refused.length >= 30);
  for (const { text } of refused) {
    assert.throws(
      () => parse(text),
      (error) => isLedgerError(error) && error.code === "cel-invalid",
      text,
    );
  }
});
