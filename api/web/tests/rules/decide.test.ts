import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { decodeUtf8, toHex } from "../../src/core/bytes.ts";
import { sha256 } from "../../src/core/hashes.ts";
import { encode, type Json } from "../../src/core/json.ts";
import { parseTime } from "../../src/core/times.ts";
import { decide } from "../../src/rules/decide.ts";
import { type Ready, ready } from "../../src/rules/ruling.ts";
import type { MeasureSubject } from "../../src/statements/measure.ts";
import type { TransferSubject } from "../../src/statements/transfer.ts";
import { own } from "../vectors.ts";

declare const REPOSITORY: string;

interface China {
  readonly at: string;
  readonly transferDigest: string;
  readonly measures: { readonly file: string; readonly digest: string }[];
  readonly shared: object;
  readonly cases: {
    readonly name: string;
    readonly transfer: object;
    readonly outcome: string;
    readonly missing: string[];
    readonly decision: string;
  }[];
}
interface Decisions {
  readonly measures: Readonly<Record<string, MeasureSubject>>;
  readonly cases: {
    readonly name: string;
    readonly at: string;
    readonly measures: string[];
    readonly transfer: TransferSubject;
    readonly decision: Json;
  }[];
}

const china = own<China>("rules/china-2024.json");
const decisions = own<Decisions>("rules/decisions.json");

function shipped(): readonly Ready[] {
  return china.measures.map(({ file, digest }) => {
    const { subject } = JSON.parse(readFileSync(join(REPOSITORY, file), "utf8")) as {
      subject: MeasureSubject;
    };
    assert.equal(toHex(sha256(encode(subject as unknown as Json))), digest, file);
    return ready(digest, subject);
  });
}

test("every boundary of the provisions of 2024 is decided to the byte", () => {
  const measures = shipped();
  assert.ok(china.cases.length >= 480);
  for (const { name, transfer, outcome, missing, decision } of china.cases) {
    const record = { ...china.shared, ...transfer } as TransferSubject;
    const decided = decide(china.transferDigest, record, measures, parseTime(china.at));
    const [line] = decided.outbound.lines;
    assert.equal(decided.outcome, outcome, name);
    assert.deepEqual(line?.missing ?? [], missing, name);
    assert.equal(toHex(sha256(encode(decided as unknown as Json))), decision, name);
  }
});

test("every decision is the same to the byte, in whatever order the measures come", () => {
  assert.ok(decisions.cases.length >= 50);
  for (const { name, at, measures, transfer, decision } of decisions.cases) {
    const of = new Map(measures.map((digest) => [digest, decisions.measures[digest]] as const));
    const given = [...of].flatMap(([digest, one]) => (one === undefined ? [] : [ready(digest, one)]));
    for (const ordered of [given, [...given].reverse()]) {
      const decided = decide(china.transferDigest, transfer, ordered, parseTime(at));
      const written = decodeUtf8(encode(decided));
      assert.equal(written, decodeUtf8(encode(decision)), name);
    }
  }
});
