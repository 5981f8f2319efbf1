import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8, toHex } from "../../src/core/bytes.ts";
import { isLedgerError, LedgerError } from "../../src/core/error.ts";
import { decode, encode, type Json, STATEMENT_LIMIT } from "../../src/core/json.ts";
import { own, outside, unhex } from "../vectors.ts";

const READING = { limit: STATEMENT_LIMIT, what: "statement" };

interface Row {
  readonly name: string;
  readonly hex?: string;
  readonly says: string;
}

const { refused, accepted } = own<{ refused: Row[]; accepted: { hex: string }[] }>("json.json");

function refusalOf(data: Uint8Array): LedgerError {
  try {
    decode(data, READING);
  } catch (error) {
    if (isLedgerError(error)) {
      return error;
    }
    throw error;
  }
  throw new Error("accepted");
}

test("every refused document of the vectors is refused by its code, and at its offset", () => {
  assert.equal(refused.length, 34);
  for (const row of refused) {
    const data = row.hex === undefined ? encodeUtf8(`{"a":"${"x".repeat(262_137)}"}`) : unhex(row.hex);
    const error = refusalOf(data);
    const [code, rest = ""] = row.says.split(": ");
    assert.equal(error.code, code, row.name);
    const offset = /^offset (\d+)$/.exec(rest)?.[1];
    if (offset !== undefined) {
      assert.equal(error.offset, Number(offset), row.name);
    }
  }
});

test("every accepted document of the vectors is its own encoding", () => {
  assert.equal(accepted.length, 8);
  for (const { hex } of accepted) {
    assert.equal(toHex(encode(decode(unhex(hex), READING))), hex);
  }
});

test("a lone surrogate is refused though it is written as the encoder would escape it", () => {
  assert.equal(refusalOf(encodeUtf8('{"a":"\\ud800"}')).code, "not-canonical");
});

test("a document has no members that it does not have", () => {
  const value = decode(encodeUtf8('{"__proto__":{"a":1},"b":{}}'), READING);
  assert.equal(toHex(encode(value)), toHex(encodeUtf8('{"__proto__":{"a":1},"b":{}}')));
  const below = (value as Record<string, Json>)["b"] as Record<string, Json>;
  assert.equal(Object.keys(below).length, 0);
  assert.ok(!("constructor" in below));
});

test("names that look like numbers are sorted as text", () => {
  assert.equal(decodeUtf8(encode({ "9": 1, "10": 2, a: 3 })), '{"10":2,"9":1,"a":3}');
});

test("the depth of 32 is read and no more, however deep it gets", () => {
  const deep = (levels: number) => encodeUtf8("[".repeat(levels) + "]".repeat(levels));
  assert.equal(encode(decode(deep(32), READING)).length, 64);
  for (const levels of [33, 1_000, 1_025, 100_000]) {
    assert.equal(refusalOf(deep(levels)).code, "too-deep");
  }
});

test("whatever the bytes, the answer is a value that is their meaning or an error of ours", () => {
  const values = fc.letrec<{ value: Json }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small" },
      fc.boolean(),
      fc.maxSafeInteger(),
      fc.string({ unit: "binary" }),
      fc.array(tie("value")),
      fc.dictionary(fc.string({ unit: "grapheme-ascii" }), tie("value")),
    ),
  })).value;
  fc.assert(
    fc.property(values, fc.nat(), fc.nat(255), (value, place, byte) => {
      const data = encode(value);
      assert.deepEqual(encode(decode(data, READING)), data);
      data[place % data.length] = byte;
      try {
        assert.deepEqual(encode(decode(data, READING)), data);
      } catch (error) {
        assert.ok(isLedgerError(error));
      }
    }),
    { numRuns: 500 },
  );
});

test("the outside documents of RFC 8785 are written byte for byte, but for what documents may not hold", (t) => {
  const place = outside(t, "jcs");
  if (place === undefined) {
    return;
  }
  const names = readdirSync(join(place, "testdata/input"));
  const refusedByUs: string[] = [];
  for (const name of names) {
    const input = JSON.parse(readFileSync(join(place, "testdata/input", name), "utf8")) as Json;
    const output = readFileSync(join(place, "testdata/output", name), "utf8").trimEnd();
    try {
      assert.equal(decodeUtf8(encode(input)), output, name);
    } catch (error) {
      assert.ok(isLedgerError(error), name);
      refusedByUs.push(`${name}: ${error.code}`);
    }
  }
  assert.deepEqual(refusedByUs.sort(), [
    "arrays.json: not-canonical",
    "french.json: member-name",
    "values.json: not-canonical",
    "weird.json: member-name",
  ]);
});
