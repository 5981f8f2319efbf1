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
import type { DecisionSubject } from "../../src/statements/decision.ts";
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
/** An answer written by hand; reasons as number/rule, in any order. */
interface Expected {
  readonly outcome: string;
  readonly outbound: {
    readonly outcome: string;
    readonly reasons: string[];
    readonly missing: readonly string[];
  }[];
  inbound?: Expected["outbound"];
}
interface Case {
  readonly name: string;
  readonly at: string;
  readonly measures: string[];
  readonly transfer: TransferSubject;
  readonly decision: Json;
  readonly expected?: Expected;
}
interface Decisions {
  readonly measures: Readonly<Record<string, MeasureSubject>>;
  readonly cases: Case[];
}

const china = own<China>("rules/china-2024.json");

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
    const decided = decide(china.transferDigest, record, measures, parseTime(china.at)).subject;
    const [line] = decided.outbound.lines;
    assert.equal(decided.outcome, outcome, name);
    assert.deepEqual(line?.missing ?? [], missing, name);
    assert.equal(toHex(sha256(encode(decided as unknown as Json))), decision, name);
  }
});

/** Each case, with what is decided of it where the measures come in one order and in the other. */
function* decidedOf({ measures: subjects, cases }: Decisions): Generator<[Case, DecisionSubject]> {
  for (const one of cases) {
    const given = one.measures.flatMap((digest) => {
      const subject = subjects[digest];
      return subject === undefined ? [] : [ready(digest, subject)];
    });
    assert.equal(given.length, one.measures.length);
    const distinct = [...new Map(given.map((each) => [each.digest, each])).values()];
    for (const ordered of [distinct, [...distinct].reverse()]) {
      yield [one, decide(china.transferDigest, one.transfer, ordered, parseTime(one.at)).subject];
    }
  }
}

for (const file of ["decisions", "by-hand"]) {
  test(`every decision of ${file} is the same to the byte, in whatever order the measures come`, () => {
    const vectors = own<Decisions>(`rules/${file}.json`);
    assert.ok(vectors.cases.length >= 60);
    for (const [{ name, decision }, decided] of decidedOf(vectors)) {
      assert.equal(decodeUtf8(encode(decided)), decodeUtf8(encode(decision)), name);
    }
  });
}

test("every record with an answer written by hand has that answer", () => {
  for (const [{ name, expected }, decided] of decidedOf(own<Decisions>("rules/by-hand.json"))) {
    const numbers = new Map(decided.measures.map(({ digest, number }) => [digest, number]));
    const plain = (side: DecisionSubject["outbound"]): Expected["outbound"] =>
      side.lines.map(({ outcome, reasons, missing = [] }) => {
        const named = reasons.map(({ measure, rule, reason }) => {
          const error = reason === "rule-error" ? " rule-error" : "";
          return `${numbers.get(measure) ?? ""}/${rule}${error}`;
        });
        return { outcome, reasons: named.sort(), missing };
      });
    const { outcome, outbound, inbound, strictest, mechanisms, declared } = decided;
    const found = {
      outcome,
      outbound: plain(outbound),
      strictest,
      ...(inbound === undefined ? {} : { inbound: plain(inbound) }),
      ...(mechanisms === undefined ? {} : { mechanisms, declared }),
    };
    const sorted = (side: Expected["outbound"]): Expected["outbound"] =>
      side.map((line) => ({ ...line, reasons: [...line.reasons].sort() }));
    assert.ok(expected !== undefined, name);
    const wanted = { ...expected, outbound: sorted(expected.outbound) };
    if (expected.inbound !== undefined) wanted.inbound = sorted(expected.inbound);
    assert.deepEqual(found, wanted, name);
  }
});
