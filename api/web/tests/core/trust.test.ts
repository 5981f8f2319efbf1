import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUtf8, encodeUtf8, toHex } from "../../src/core/bytes.ts";
import { first, succeed } from "../../src/core/pinning.ts";
import { parseTrustList } from "../../src/core/trust/index.ts";
import { codeOf, own, ownBytes } from "../vectors.ts";

const rows = own<{ file: string; listHash: string }[]>("trust.json");
const load = (file: string) => parseTrustList(ownBytes(file));

test("both lists of the vectors load with their fingerprints, the second after the first", async () => {
  for (const { file, listHash } of rows) {
    assert.equal(toHex((await load(file)).listHash), listHash);
  }
  const [v1, v2] = [await load("trust/v1.json"), await load("trust/v2.json")];
  assert.equal(first(v1, v1.listHash), v1);
  assert.equal(await codeOf(() => first(v1, v2.listHash)), "fingerprint-mismatch");
  assert.equal(await succeed(v1, v2), v2);
  assert.equal(await succeed(v2, await load("trust/v2.json")), v2);
  assert.equal(await codeOf(() => succeed(v2, v1)), "version-back");
});

test("a successor is refused for what the list before it does not allow", async () => {
  const [v1, v2] = [await load("trust/v1.json"), await load("trust/v2.json")];
  const other = { ...v2, publisher: { ...v2.publisher, id: "did:web:other.example.xa" } };
  assert.equal(await codeOf(() => succeed(v1, other)), "publisher-changed");
  assert.equal(await codeOf(() => succeed(v1, { ...v2, version: 3 })), "version-gap");
  assert.equal(await codeOf(() => succeed(v1, { ...v2, version: 1 })), "version-fork");
  assert.equal(await codeOf(() => succeed(v1, { ...v2, previous: v2.listHash })), "previous-mismatch");
  assert.equal(await codeOf(() => succeed(v1, { ...v2, previous: null })), "previous-mismatch");
  const [key] = v1.publisher.keys.values();
  assert.ok(key !== undefined);
  const reused = { ...v2, publisher: { ...v2.publisher, keys: new Map([["#2", key]]) } };
  assert.equal(await codeOf(() => succeed(v1, reused)), "key-id-reused");
  const unsigned = { ...v2, signatures: v2.signatures.filter(([id]) => id !== "#1") };
  assert.equal(await codeOf(() => succeed(v1, unsigned)), "previous-threshold");
});

test("a list that was changed after it was signed, or signed by too few, does not load", async () => {
  const text = decodeUtf8(ownBytes("trust/v1.json")) ?? "";
  const judged = (changed: string) => codeOf(() => parseTrustList(encodeUtf8(changed)));
  assert.equal(await judged(text), undefined);
  assert.equal(
    await judged(text.replace('"roles":["registrar"]', '"roles":["accreditor"]')),
    "signature-invalid",
  );
  assert.equal(await judged(text.replace(/,\{"key":"#2","value":"[^"]*"\}/, "")), "publisher-threshold");
});
