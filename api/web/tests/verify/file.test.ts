import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bytes } from "../../src/core/bytes.ts";
import { parseTrustList } from "../../src/core/trust/index.ts";
import { FILE_LIMIT, fileExitStatus, isWrongUse, verifyFile } from "../../src/verify/file.ts";
import { type Check, stepOf } from "../../src/verify/report.ts";
import { own, ownBytes } from "../vectors.ts";

const NOW = 1_795_392_000;
const trust = await parseTrustList(ownBytes("trust/v1.json"));

/** Outcome and code of steps of the report on a file. */
async function told(data: Bytes, ...steps: readonly number[]): Promise<readonly string[]> {
  const report = await verifyFile(data, trust, { now: NOW });
  assert.equal(report.kind, "report");
  return steps.map((step) => {
    const { outcome, code } = stepOf(report.checks, step);
    return `${step} ${outcome} ${code}`;
  });
}

test("every fork proof of the vectors has its verdict and code", async () => {
  const listed = await parseTrustList(ownBytes("forks/trust.json"));
  const { rows } = own<{ rows: readonly { name: string; verdict: string; code: string }[] }>(
    "forks/verdicts.json",
  );
  assert.ok(rows.length > 20);
  for (const { name, verdict, code } of rows) {
    const report = await verifyFile(ownBytes(`forks/${name}.fork.json`), listed, { now: NOW });
    assert.equal(report.kind, "fork");
    assert.deepEqual([report.verdict, report.code], [verdict, code], name);
  }
});

test("every receipt of the vectors shows its entry, and none with a changed index does", async () => {
  for (let index = 0; index < 7; index += 1) {
    const data = ownBytes(`log/size-7-index-${index}.tlog-proof`);
    assert.deepEqual(await told(data, 1, 4, 5), [
      "1 passed receipt",
      "4 passed included",
      "5 passed checkpoint",
    ]);
    const text = new TextDecoder().decode(data).replace(`\nindex ${index}\n`, `\nindex ${(index + 1) % 7}\n`);
    assert.deepEqual(await told(new TextEncoder().encode(text), 4), ["4 failed proof-invalid"]);
  }
});

test("a statement by itself shows its form and nothing else", async () => {
  const data = ownBytes("statements/transfer-record.json");
  assert.deepEqual(await told(data, 1, 3, 6), [
    "1 passed statement",
    "3 absent not-carried",
    "6 absent not-carried",
  ]);
});

test("what is larger than a bundle may be is refused by its size", async () => {
  assert.deepEqual(await told(new Uint8Array(FILE_LIMIT + 1), 1, 2), [
    "1 failed too-large",
    "2 absent premise-failed",
  ]);
});

test("what is no file with evidence fails step 1, and is told step by step", async () => {
  const checks: Check[] = [];
  const onStep = (check: Check): void => {
    checks.push(check);
  };
  const report = await verifyFile(new TextEncoder().encode("{}"), trust, { now: NOW, onStep });
  assert.equal(fileExitStatus(report), 1);
  assert.deepEqual(
    checks.map(({ step, outcome }) => `${step} ${outcome}`),
    ["1 failed", ...[2, 3, 4, 5, 6, 7, 8, 9, 10, 11].map((step) => `${step} absent`)],
  );
});

test("a fork proof answers nothing that is asked of evidence", () => {
  assert.equal(isWrongUse("fork", { now: NOW }), false);
  assert.equal(isWrongUse("fork", { now: NOW, require: [1] }), true);
  assert.equal(isWrongUse("fork", { now: NOW, into: "XB" }), true);
  assert.equal(isWrongUse("bundle", { now: NOW, into: "XB" }), false);
});
