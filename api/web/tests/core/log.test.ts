import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  type Bytes,
  bytes,
  decodeUtf8,
  encodeUtf8,
  fromBase64,
  fromHex,
  toBase64,
  toEvm,
  toHex,
  type Uint,
  asUint,
} from "../../src/core/bytes.ts";
import {
  mldsaMessage,
  parseCheckpoint,
  verifyCosignature,
  verifyLogLines,
} from "../../src/core/checkpoint.ts";
import { headDigest, logId } from "../../src/core/evm/anchor.ts";
import { sha256 } from "../../src/core/hashes.ts";
import { EMPTY_ROOT, leafHash, verifyConsistency, verifyInclusion } from "../../src/core/merkle.ts";
import { encodeNote, encodeVkey, isKeyName, parseNote, parseVkey } from "../../src/core/note.ts";
import { encodeReceipt, parseReceipt, verifyReceipt } from "../../src/core/receipt.ts";
import { codeOf, outside, own, ownBytes, parsed, parsedText, unhex } from "../vectors.ts";

interface Row {
  readonly file: string;
  readonly size: number;
  readonly root: string;
  readonly mlDsaTimestamp: number;
  readonly mlDsaMessage: string;
  readonly headDigest: string;
  readonly receipts: { file: string; entry: string; leafHash: string; path: string[] }[];
}
interface Log {
  readonly origin: string;
  readonly vkeys: string[];
  readonly checkpoints: Row[];
  readonly emptyRoot: string;
  readonly consistency: { from: number; to: number; proof: string[] }[];
}

const log = own<Log>("log.json");
const vkeys = log.vkeys.map(parseVkey);
const heads = vkeys.filter((vkey) => vkey.type === 0xff).map((vkey) => vkey.key.slice(-20));
const named = { origin: log.origin, vkeys, headAddresses: heads };

test("every checkpoint of the vectors is signed in three lines and written as it was read", async () => {
  assert.equal(toHex(EMPTY_ROOT), log.emptyRoot);
  for (const row of log.checkpoints) {
    const data = ownBytes(row.file);
    const signed = parseCheckpoint(data);
    assert.deepEqual(encodeNote(signed.note), data);
    assert.equal(signed.checkpoint.size, row.size);
    assert.equal(toHex(signed.checkpoint.root), row.root);
    const lines = await verifyLogLines(signed, log.origin, vkeys, heads);
    assert.equal(lines.mldsaTime, row.mlDsaTimestamp);
    assert.equal(toHex(mldsaMessage(signed.checkpoint, log.origin, row.mlDsaTimestamp)), row.mlDsaMessage);
    const id = logId(log.origin, lines.headAddress);
    assert.equal(toEvm(headDigest(id, signed.checkpoint.size, signed.checkpoint.root)), row.headDigest);
  }
});

test("every receipt of the vectors proves its entry and no other, and is written as it was read", async () => {
  let count = 0;
  for (const { receipts } of log.checkpoints) {
    for (const row of receipts) {
      const data = ownBytes(row.file);
      const receipt = parseReceipt(data);
      assert.deepEqual(encodeReceipt(receipt), data);
      assert.equal(toHex(leafHash(unhex(row.entry))), row.leafHash);
      assert.deepEqual(receipt.path.map(toHex), row.path);
      await verifyReceipt(receipt, unhex(row.entry), named);
      assert.equal(await codeOf(() => verifyReceipt(receipt, sha256(), named)), "proof-invalid");
      count += 1;
    }
  }
  assert.equal(count, 10);
});

test("every consistency proof of the vectors holds, and not between other sizes", async () => {
  const roots = new Map(log.checkpoints.map((row) => [row.size, unhex(row.root)]));
  const rootOf = (size: number) => roots.get(size) ?? EMPTY_ROOT;
  for (const { from, to, proof } of log.consistency) {
    const path = proof.map((one) => unhex(one));
    verifyConsistency(from, to, rootOf(from), rootOf(to), path);
    for (const other of [0, from - 1, to + 1]) {
      const code = await codeOf(() => {
        verifyConsistency(other, to, rootOf(from), rootOf(to), path);
      });
      assert.equal(code, "proof-invalid", `${other} for ${from}`);
    }
  }
});

test("each byte of a note's text and of the log's three lines is signed or its form", async () => {
  const original = ownBytes("log/checkpoint-7.txt");
  let survived = 0;
  for (let place = 0; place < original.length; place += 7) {
    const data = original.slice();
    data[place] = (data[place] ?? 0) ^ 1;
    const code = await codeOf(() => verifyLogLines(parseCheckpoint(data), log.origin, vkeys, heads));
    survived += code === undefined ? 1 : 0;
  }
  assert.equal(survived, 0);
});

test("a line missing, given twice, or of another log is told by its own code", async () => {
  const text = decodeUtf8(ownBytes("log/checkpoint-7.txt")) ?? "";
  const lines = text.split("\n");
  const [, , , , ed25519 = "", , head = ""] = lines;
  const judged = (changed: string) =>
    codeOf(() => verifyLogLines(parseCheckpoint(encodeUtf8(changed)), log.origin, vkeys, heads));
  assert.equal(await judged(text.replace(`${ed25519}\n`, "")), "line-missing");
  assert.equal(await judged(`${text}${ed25519}\n`), "line-twice");
  assert.equal(await judged(`${text}${head}\n`), "line-twice");
  assert.equal(await judged(text.replace("registry", "registrx")), "origin-mismatch");
  assert.equal(await judged(text.replace("\n7\n", "\n07\n")), "checkpoint-malformed");
  assert.equal(await judged(text.replace("\n7\n", "\n9223372036854775808\n")), "checkpoint-malformed");
  assert.equal(await judged(text.replace("\n7\n", "\n9223372036854775807\n")), "line-invalid");
  assert.equal(await judged(`${text}— stranger AAAAAAA=\n`), undefined);
  assert.equal(await judged(`${text}— stranger AAAAAA==\n`), "note-malformed");
  assert.equal(await judged(`${text}— stranger AAAAAAB=\n`), "note-malformed");
  assert.equal(await judged(text + "— stranger AAAAAAA=\n".repeat(62)), "too-large");
});

test("white space of any script is no part of a key name", () => {
  for (const space of ["\u0085", "\u00a0", "\u1680", "\u2003", "\u2028", "\u3000", "+", "\u001f", "\n"]) {
    assert.ok(!isKeyName(`a${space}b`), JSON.stringify(space));
  }
  assert.ok(isKeyName("日本.example\u007f\ufeff"));
  assert.ok(isKeyName("é".repeat(127)) && !isKeyName("é".repeat(128)));
});

interface MerkleRow {
  readonly leafHash?: string | null;
  readonly leafIdx: string;
  readonly treeSize: string;
  readonly size1: string;
  readonly size2: string;
  readonly root1?: string | null;
  readonly root2?: string | null;
  readonly root?: string | null;
  readonly proof: string[] | null;
  readonly wantErr: boolean;
}

const decoded = (text: string | null | undefined): Bytes => fromBase64(text ?? "") ?? new Uint8Array();

/** Sizes of the outside vectors go to 2^64, beyond what a JSON reader keeps apart: they are read as text. */
function merkleRows(place: string, kind: string): (readonly [name: string, row: MerkleRow])[] {
  const folder = join(place, "testdata", kind);
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((name) => name.endsWith(".json") && statSync(join(folder, name)).isFile())
    .map((name) => {
      const row = parsed<Record<string, unknown>>(folder, name);
      const raw = parsedText(folder, name);
      for (const member of ["leafIdx", "treeSize", "size1", "size2"]) {
        row[member] = new RegExp(`"${member}":\\s*(\\d+)`).exec(raw)?.[1] ?? "0";
      }
      return [name, row as unknown as MerkleRow] as const;
    });
}

test("the outside verdicts about Merkle proofs hold", async (t) => {
  const place = outside(t, "merkle-rfc6962");
  if (place === undefined) {
    return;
  }
  const size = (text: string): Uint => asUint(BigInt(text));
  const differing: string[] = [];
  let count = 0;
  for (const kind of ["inclusion", "consistency"]) {
    for (const [name, row] of merkleRows(place, kind)) {
      const path = (row.proof ?? []).map(decoded);
      const code = await codeOf(() => {
        if (kind === "inclusion") {
          const leaf = decoded(row.leafHash);
          verifyInclusion(leaf, size(row.leafIdx), size(row.treeSize), path, decoded(row.root));
        } else {
          verifyConsistency(size(row.size1), size(row.size2), decoded(row.root1), decoded(row.root2), path);
        }
      });
      count += 1;
      if ((code !== undefined) !== row.wantErr) {
        differing.push(`${kind}/${name}`);
      }
    }
  }
  assert.ok(count > 150, String(count));
  assert.deepEqual(differing, []);
});

test("notes, keys and cosignatures made by others are read and written back", async (t) => {
  const place = outside(t, "c2sp-examples");
  if (place === undefined) {
    return;
  }
  const text = parsedText(place, "vectors.json");
  assert.ok(text.length > 0);
  const rows = JSON.parse(text) as unknown;
  const notes = textsOf(rows).filter((one) => one.includes("\n\n— "));
  assert.ok(notes.length > 0);
  for (const note of notes) {
    const data = encodeUtf8(
      note.slice(note.startsWith("c2sp.org/tlog-proof") ? note.indexOf("\n\n") + 2 : 0),
    );
    if ((await codeOf(() => parseNote(data))) === undefined) {
      assert.deepEqual(encodeNote(parseNote(data)), data);
    }
  }
  for (const vkey of textsOf(rows).filter((one) => /^[^\s+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(one))) {
    if ((await codeOf(() => parseVkey(vkey))) === undefined) {
      assert.equal(encodeVkey(parseVkey(vkey)), vkey);
    }
  }
});

function textsOf(value: unknown): string[] {
  if (typeof value === "string") {
    return [value];
  }
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

test("base64 and hex are read in the one form they are written in", () => {
  for (let length = 0; length < 50; length += 1) {
    const data = bytes(Array.from({ length }, (_, n) => (n * 37 + length * 11) & 0xff));
    assert.deepEqual(fromBase64(toBase64(data)), data);
    assert.equal(toBase64(data), Buffer.from(data).toString("base64"));
    assert.deepEqual(fromHex(toHex(data)), data);
  }
  for (const text of ["A", "AA", "AAA", "AA=A", "AB==", "AAB=", "A===", "====", "AA-_", "AAAA\n", " AAA"]) {
    assert.equal(fromBase64(text), undefined, text);
  }
  for (const text of ["0", "0G", "AA", "0x"]) {
    assert.equal(fromHex(text), undefined, text);
  }
});

test("a cosignature by another key, or of a type that does not cosign, does not verify", async () => {
  const signed = parseCheckpoint(ownBytes("log/checkpoint-7.txt"));
  const [first, second] = signed.note.signatures;
  const [ed25519, mldsa] = vkeys;
  assert.ok(first !== undefined && second !== undefined && ed25519 !== undefined && mldsa !== undefined);
  assert.equal(await codeOf(() => verifyCosignature(signed, first, ed25519)), "line-invalid");
  assert.equal(await codeOf(() => verifyCosignature(signed, first, mldsa)), "line-invalid");
  assert.equal(await codeOf(() => verifyCosignature(signed, second, mldsa)), undefined);
});
