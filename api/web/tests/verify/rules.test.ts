import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTime } from "../../src/core/times.ts";
import { parseTrustList } from "../../src/core/trust/index.ts";
import { differenceOf } from "../../src/verify/difference.ts";
import { reportJson, stepOf } from "../../src/verify/report.ts";
import { verifyBundle } from "../../src/verify/verifier.ts";
import { own, ownBytes } from "../vectors.ts";

interface Row {
  readonly name: string;
  readonly verdict: string;
  readonly outcome: string;
  readonly code: string;
  readonly pointer: string | null;
  /** How many are of step 11. */
  readonly notices: number;
  readonly notCounted: number;
  readonly notChecked: string[];
  readonly rules: unknown;
}

const { now, rows } = own<{ now: string; rows: Row[] }>("decided/verdicts.json");
const trust = await parseTrustList(ownBytes("decided/trust.json"));

test("every decision of the vectors is judged as its row says", async () => {
  assert.ok(rows.length >= 30);
  for (const row of rows) {
    const data = ownBytes(`decided/${row.name}.evidence.json`);
    const report = await verifyBundle(data, trust, { now: parseTime(now) });
    const { outcome, code, pointer = null } = stepOf(report.checks, 11);
    const { verdict, notChecked, rules } = reportJson(report) as unknown as Row;
    const found = { name: row.name, verdict, outcome, code, pointer, notChecked, rules };
    const { notices, notCounted, ...wanted } = row;
    assert.equal(report.notCounted.length, notCounted, `${row.name}: ${report.notCounted.join("; ")}`);
    assert.deepEqual(found, wanted);
    const told = report.notices.filter((one) => /measure|mechanism|assessment|rules that decided/.test(one));
    assert.equal(told.length, notices, `${row.name}: ${report.notices.join("; ")}`);
  }
});

test("the first place where two values differ is named with what stands there", () => {
  const one = { a: [1, { "b/c": 2 }], d: "x" };
  assert.equal(differenceOf(one, { ...one }), null);
  assert.deepEqual(differenceOf(one, { a: [1, { "b/c": 3 }], d: "y" }), {
    pointer: "/a/1/b~1c",
    one: 2,
    other: 3,
  });
  assert.deepEqual(differenceOf(one, { a: [1], d: "x" }), {
    pointer: "/a/1",
    one: { "b/c": 2 },
    other: undefined,
  });
  assert.deepEqual(differenceOf({ d: "x" }, one), { pointer: "/a", one: undefined, other: one.a });
});
