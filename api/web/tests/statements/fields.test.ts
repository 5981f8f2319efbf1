/** Forms, codes and check digits of single fields, and how errors of objects and lists are told. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import type { Json } from "../../src/core/json.ts";
import { bit, decode } from "../../src/statements/bitstring.ts";
import {
  COUNTRIES,
  DATA_TYPES,
  DATA_TYPES_SENSITIVE,
  PURPOSES,
  TEST_COUNTRIES,
} from "../../src/statements/codes.ts";
import { DID, integer, LABEL, TIME, URI } from "../../src/statements/fields.ts";
import { identifierFault } from "../../src/statements/identifiers.ts";
import { array, object, type Shape } from "../../src/statements/shape.ts";

function faults(shape: Shape<unknown>, value: Json): string[] {
  const found: string[] = [];
  shape.check(value, "", (pointer, code) => found.push(`${pointer} ${code}`));
  return found;
}

test("text is counted in characters, not in halves of surrogate pairs", () => {
  assert.deepEqual(faults(LABEL, "𝄞".repeat(120)), []);
  assert.deepEqual(faults(LABEL, "𝄞".repeat(121)), [" wrong-length"]);
});

test("a label has no outer spaces, no control and no direction marks", () => {
  for (const text of ["a b", "标签", "\u3000x", "e\u0301"]) assert.deepEqual(faults(LABEL, text), [], text);
  for (const text of ["", " a", "a ", "a\u200eb", "a\u00a0b", "a\nb", "a\u007f", "\u2066a", "\ufeffa"]) {
    assert.deepEqual(faults(LABEL, text), [" wrong-form"], JSON.stringify(text));
  }
});

test("a line feed at the end is not passed over", () => {
  assert.deepEqual(faults(DID, "did:web:a.example\n"), [" wrong-form"]);
  assert.deepEqual(faults(URI, "urn:a:b\n"), [" wrong-form"]);
  assert.deepEqual(faults(TIME, "2026-11-22T00:00:00Z\n"), [" wrong-form"]);
});

test("members are looked at in the order of their names, whatever these look like", () => {
  const shape = object({ b: integer(0), a: integer(0) }, { c: integer(0) });
  const value = JSON.parse('{"10":1,"9":1,"b":"x","__proto__":1,"toString":1}') as Json;
  assert.deepEqual(faults(shape, value), [
    "/10 member-unknown",
    "/9 member-unknown",
    "/__proto__ member-unknown",
    "/b wrong-type",
    "/toString member-unknown",
    "/a member-missing",
  ]);
});

test("a member is not taken from what every object inherits", () => {
  assert.deepEqual(faults(object({ constructor: integer(0), toString: integer(0) } as never), {}), [
    "/constructor member-missing",
    "/toString member-missing",
  ]);
});

test("a condition is asked where what it needs is in order, and nowhere else", () => {
  const shape = object({ low: integer(0) }, { high: integer(0) }).where(
    ["low", "high"],
    (value, at, tell) => {
      if (value.high !== undefined && value.high < value.low) tell(`${at}/high`, "order", "too small");
    },
  );
  assert.deepEqual(faults(shape, { low: 2, high: 1 }), ["/high order"]);
  assert.deepEqual(faults(shape, { low: 2 }), []);
  assert.deepEqual(faults(shape, { low: 2, high: "1" }), ["/high wrong-type"]);
  assert.deepEqual(faults(shape, { high: 1 }), ["/low member-missing"]);
});

test("items are compared by kind and value, and no further than the bound", () => {
  const items = array(integer(0), 0, 3, true);
  assert.deepEqual(faults(items, [1, 2, 1]), ["/2 duplicate"]);
  assert.deepEqual(faults(items, [1, true, "1"]), ["/1 wrong-type", "/2 wrong-type"]);
  assert.deepEqual(faults(items, [1, 2, 3, 1]), [" wrong-length"]);
});

test("the check digits of registers are asked, and of invented identifiers only where no state is", () => {
  const cases = [
    ["LEI", "5493001KJTIIGC8Y1R12", null],
    ["LEI", "5493001KJTIIGC8Y1R17", "check-digit"],
    ["LEI", "5493001kjtiigc8y1r12", "wrong-form"],
    ["USCC", "91110000600037341L", null],
    ["USCC", "91110000600037341M", "check-digit"],
    ["USCC", "9111000I600037341L", "check-digit"],
    ["VAT", "FR40303265045", null],
    ["GLN", "4006381333931", null],
    ["GLN", "4006381333932", "check-digit"],
    ["LEI", "TEST00B0D1CE27A1F300", "test-identifier"],
    ["constructor", "x", "wrong-form"],
  ] as const;
  for (const [scheme, id, code] of cases) {
    assert.equal(identifierFault(scheme, id, "FR")?.[0] ?? null, code, `${scheme} ${id}`);
  }
  assert.equal(identifierFault("LEI", "TEST00B0D1CE27A1F300", "XA"), null);
  assert.equal(identifierFault("GLN", "TEST000000000", "XA")?.[0], "wrong-form");
});

test("the code lists are whole", () => {
  assert.equal(TEST_COUNTRIES.size, 26);
  assert.ok(COUNTRIES.size > 270 && COUNTRIES.has("XZ") && COUNTRIES.has("FR"));
  assert.ok(PURPOSES.size > 100 && PURPOSES.has("dpv:CustomerCare"));
  assert.deepEqual(
    [...DATA_TYPES_SENSITIVE].filter((code) => !DATA_TYPES.has(code)),
    [],
  );
});

test("an encoded list has one form, and its first bit is the highest of the first byte", () => {
  const written = (bytes: readonly number[]): string =>
    gzipSync(Uint8Array.from(bytes)).toString("base64url");
  const text = `u${written([0x80, 0x01])}`;
  const bits = decode(text, 16);
  assert.deepEqual(
    [...Array(16).keys()].filter((index) => bit(bits, index)),
    [0, 15],
  );
  for (const other of [text.slice(1), `m${text.slice(1)}`, `${text}=`, `${text}A`, `${text}AA`, "u", ""]) {
    assert.throws(() => decode(other, 16), { code: "list-malformed" }, other);
  }
  for (const length of [8, 24]) assert.throws(() => decode(text, length), { code: "list-malformed" });
});

test("bits that the last character has over are zero", () => {
  const bytes = [1, 2, 3];
  const text = `u${gzipSync(Uint8Array.from(bytes)).toString("base64url")}`;
  assert.notEqual((text.length - 1) % 4, 0);
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = digits.indexOf(text.slice(-1));
  assert.deepEqual([...decode(text, 24)], bytes);
  assert.throws(() => decode(text.slice(0, -1) + digits.charAt(last + 1), 24), { code: "list-malformed" });
});
