import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeUtf8, encodeUtf8, toHex } from "../../src/core/bytes.ts";
import { commitment, committed, parseOpenings } from "../../src/core/commitment.ts";
import { isDid, isKeyId, splitDidUrl } from "../../src/core/did.ts";
import { encodeDecoded, type Json } from "../../src/core/json.ts";
import { encodeMultikey, parseMultikey, verify } from "../../src/core/keys.ts";
import { leafHash } from "../../src/core/merkle.ts";
import { parseStatement, verifyStatement } from "../../src/core/statement.ts";
import { EARLIEST, formatTime, LATEST, parseTime } from "../../src/core/times.ts";
import { codeOf, own, ownBytes, unhex } from "../vectors.ts";

interface Row {
  readonly file: string;
  readonly multikey?: string;
  readonly messageToSign: string;
  readonly signature: string;
  readonly digest: string;
  readonly leafHash: string;
  readonly expect: string;
}

const CODES: Readonly<Record<string, string>> = {
  "statements/refused-high-s.json": "high-s",
  "statements/refused-expires.json": "proof-malformed",
  "statements/refused-no-proof-context.json": "proof-malformed",
  "statements/refused-eighth-member.json": "statement-malformed",
  "statements/refused-tampered.json": "signature-invalid",
};

/** Whoever signed what a refused statement was made of: the exporter. */
function signerOf(file: string): string {
  const rows = own<{ ed25519: { name: string; multikey: string }[] }>("keys.json").ed25519;
  const found = rows.find(({ name }) => name === "exporter")?.multikey;
  assert.ok(found !== undefined, file);
  return found;
}

test("every statement of the vectors verifies, or is refused by its code", async () => {
  const rows = own<Row[]>("statements.json");
  assert.equal(rows.filter((row) => row.file in CODES).length, 5);
  for (const row of rows) {
    const key = parseMultikey(row.multikey ?? signerOf(row.file));
    const code = await codeOf(() => verifyStatement(parseStatement(ownBytes(row.file)), key));
    assert.equal(code, CODES[row.file], row.file);
    if (code === undefined) {
      const statement = parseStatement(ownBytes(row.file));
      assert.deepEqual(
        [statement.message, statement.signature, statement.digest, leafHash(statement.digest)].map(toHex),
        [row.messageToSign, row.signature, row.digest, row.leafHash],
      );
    }
  }
});

test("a statement is not verified by a key of the other suite, nor by another of its own", async () => {
  const statement = parseStatement(ownBytes("statements/transfer-record.json"));
  const keys = own<{ ed25519: { multikey: string }[]; p256: { multikey: string }[] }>("keys.json");
  const p256 = parseMultikey(keys.p256[0]?.multikey ?? "");
  assert.equal(await codeOf(() => verifyStatement(statement, p256)), "suite-mismatch");
  const accepted: string[] = [];
  for (const { multikey } of keys.ed25519) {
    const key = parseMultikey(multikey);
    if ((await codeOf(() => verify(key, statement.message, statement.signature))) === undefined) {
      accepted.push(encodeMultikey(key));
    }
  }
  assert.equal(accepted.length, 1);
});

test("each member of a statement that is not of its form is told at its place", async () => {
  const text = decodeUtf8(ownBytes("statements/enrolment.json")) ?? "";
  const changes: readonly (readonly [from: string | RegExp, to: string, code: string])[] = [
    [/"id":"urn:uuid:[^"]*"/, '"id":"urn:uuid:1"', "statement-malformed"],
    ["credentials/v2", "credentials/v1", "statement-malformed"],
    ["VerifiableCredential", "Credential", "statement-malformed"],
    ['"Enrolment"', '"enrolment"', "statement-malformed"],
    [/"issuer":"[^"]*"/, '"issuer":"did:web:-"', "statement-malformed"],
    [/"validFrom":"[^"]*"/, '"validFrom":"2026-02-29T00:00:00Z"', "statement-malformed"],
    [/"created":"[^"]*"/, '"created":"2026-11-22T00:00:60Z"', "proof-malformed"],
    ["eddsa-jcs-2022", "eddsa-rdfc-2022", "proof-malformed"],
    ["assertionMethod", "authentication", "proof-malformed"],
    ["DataIntegrityProof", "Ed25519Signature2020", "proof-malformed"],
    [/"proofValue":"z/, '"proofValue":"z1', "proof-malformed"],
    [/"proofValue":"z/, '"proofValue":"y', "proof-malformed"],
    [/#1"},"type"/, '#"},"type"', "proof-malformed"],
    [/"verificationMethod":"did:web:r/, '"verificationMethod":"did:web:x', "proof-malformed"],
  ];
  for (const [from, to, code] of changes) {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text, String(from));
    assert.equal(await codeOf(() => parseStatement(encodeUtf8(changed))), code, to);
  }
});

test("commitments are those of the vectors", () => {
  const rows =
    own<
      { statementId: string; pointer: string; salt: string; v: string; commitment: string; value?: Json }[]
    >("commitments.json");
  assert.equal(rows.length, 3);
  for (const row of rows) {
    const computed = commitment(row.statementId, row.pointer, unhex(row.salt), unhex(row.v));
    assert.equal(toHex(computed), row.commitment);
    if (row.value !== undefined) {
      assert.equal(toHex(encodeDecoded(row.value)), row.v);
    }
  }
});

test("an openings file gives what opens the commitments of its statement", async () => {
  const data = ownBytes("openings/example.openings.json");
  const { statement, openings } = parseOpenings(data);
  const rows = own<{ statementId: string; pointer: string; commitment: string }[]>("commitments.json");
  let opened = 0;
  for (const [pointer, opening] of openings) {
    const row = rows.find((one) => one.statementId === statement && one.pointer === pointer);
    const computed = commitment(statement, pointer, opening.salt, committed(opening));
    opened += row?.commitment === toHex(computed) ? 1 : 0;
  }
  assert.equal(opened, openings.size);
  assert.ok(opened > 0);
  const text = decodeUtf8(data) ?? "";
  for (const [from, to] of [
    ["evidence-openings/1", "evidence-openings/2"],
    ['"salt":"', '"salt":"0'],
    ["urn:uuid:", "urn:oid:"],
    [/"salt":"[0-9a-f]{64}","value":4200/, '"value":4200'],
  ] as const) {
    const changed = text.replace(from, to);
    assert.equal(await codeOf(() => parseOpenings(encodeUtf8(changed))), "openings-malformed", to);
  }
});

test("times are read in one form, and written so again", async () => {
  for (const [text, posix] of [
    ["1970-01-01T00:00:00Z", 0],
    ["0000-01-01T00:00:00Z", EARLIEST],
    ["9999-12-31T23:59:59Z", LATEST],
    ["2000-02-29T12:00:00Z", 951_825_600],
    ["0099-03-01T00:00:00Z", -59_037_897_600],
  ] as const) {
    assert.equal(parseTime(text), posix, text);
    assert.equal(formatTime(posix), text);
  }
  for (const text of [
    "1900-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00z",
    "2026-01-01t00:00:00Z",
    "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00.0Z",
    "2026-01-01T00:00:00Z\n",
    "２026-01-01T00:00:00Z",
    "",
  ]) {
    assert.equal(await codeOf(() => parseTime(text)), "time-malformed", text);
  }
  for (const posix of [EARLIEST - 1, LATEST + 1, 2n ** 63n]) {
    assert.equal(await codeOf(() => formatTime(posix)), "time-malformed");
  }
});

test("DIDs and key ids have the form that documents name parties by", async () => {
  for (const did of [
    "did:web:a",
    "did:web:a.b%3A8080:c:D_e-%2F",
    "did:key:z6Mk",
    `did:web:${"a".repeat(247)}`,
  ]) {
    assert.ok(isDid(did), did);
  }
  for (const did of [
    "did:web:",
    "did:web:A",
    "did:web:a:",
    "did:web:a%2F",
    "did:web:a:%2f",
    "did:key:z0",
    "did:ion:a",
    `did:web:${"a".repeat(248)}`,
    "did:web:a\n",
  ]) {
    assert.ok(!isDid(did), did);
  }
  assert.ok(isKeyId("#a") && isKeyId(`#${"a".repeat(64)}`));
  assert.ok(!isKeyId("#") && !isKeyId(`#${"a".repeat(65)}`) && !isKeyId("a") && !isKeyId("#a b"));
  assert.deepEqual(splitDidUrl("did:web:a#1"), ["did:web:a", "#1"]);
  for (const text of ["did:web:a", "#1", "did:web:a#1#2"]) {
    assert.equal(await codeOf(() => splitDidUrl(text)), "did-malformed");
  }
});
