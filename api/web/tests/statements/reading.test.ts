/** The statements of the vectors and of the examples, read, and what is wrong with some that are not in order. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isArray, isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { parseStatement } from "../../src/core/statement.ts";
import { parseTime } from "../../src/core/times.ts";
import { commitments, fileDigests, read, TYPES } from "../../src/statements/catalogue.ts";
import { enrolledKey, identifies } from "../../src/statements/enrolment.ts";
import type { Signed } from "../../src/statements/reading.ts";
import { type Held, recognise } from "../../src/statements/recognition.ts";
import { StatementInvalidError } from "../../src/statements/shape.ts";
import { toHex } from "../../src/core/bytes.ts";

declare const REPOSITORY: string;
const VECTORS = join(REPOSITORY, "tests/vectors/statements");
const EXAMPLES = join(REPOSITORY, "examples");

function vector(name: string): ReturnType<typeof parseStatement> {
  return parseStatement(Uint8Array.from(readFileSync(join(VECTORS, name))));
}

/** An example as its reader sees it once it is signed; with members of its subject set. */
function example(name: string, members: JsonObject = {}): Signed {
  const document = JSON.parse(readFileSync(join(EXAMPLES, `${name}.json`), "utf8")) as JsonObject;
  const { credentialSubject: subject, issuer, type, validFrom } = document;
  assert.ok(isObject(subject) && isArray(type));
  const kind = type[1];
  assert.ok(typeof kind === "string" && typeof issuer === "string" && typeof validFrom === "string");
  return {
    type: kind,
    issuer,
    created: parseTime(validFrom),
    verificationMethod: `${issuer}#1`,
    subject: { ...subject, ...members },
  };
}

function problems(statement: Signed): string[] {
  try {
    read(statement);
  } catch (error) {
    if (error instanceof StatementInvalidError) {
      assert.equal(error.code, "statement-invalid");
      assert.equal(error.pointer, error.problems[0]?.pointer);
      return error.problems.map(
        ({ pointer, code }) => `${pointer.replace("/credentialSubject", "")} ${code}`,
      );
    }
    throw error;
  }
  return [];
}

const accepted = readdirSync(VECTORS).filter((name) => !name.startsWith("refused-"));

test("every vector in order is read as the value of its type", () => {
  const types = new Set<string>();
  for (const name of accepted) {
    const statement = vector(name);
    assert.equal(read(statement).type, statement.type);
    types.add(statement.type);
  }
  assert.deepEqual([...types].sort(), [...TYPES.keys()].sort());
});

test("every example is in order", () => {
  for (const file of readdirSync(EXAMPLES).filter((name) => name.endsWith(".json"))) {
    const document = JSON.parse(readFileSync(join(EXAMPLES, file), "utf8")) as Json;
    if (isObject(document) && "credentialSubject" in document) {
      assert.deepEqual(problems(example(file.replace(".json", ""))), [], file);
    }
  }
});

test("a statement of no such type is refused, whatever objects inherit", () => {
  for (const type of ["Nothing", "constructor", "__proto__"]) {
    assert.throws(() => read({ ...example("transfer-record"), type }), {
      code: "statement-type",
      pointer: "/type/1",
    });
  }
});

test("all problems are told, in the order of the members, then of the rules", () => {
  const statement = example("transfer-record", {
    flow: "sideways",
    retentionUntil: "2026-11-20",
    criticalInfrastructure: 1,
    extra: 1,
  });
  assert.deepEqual(problems({ ...statement, issuer: "did:web:other.example.xa" }), [
    "/criticalInfrastructure wrong-type",
    "/extra member-unknown",
    "/flow not-in-list",
    "/exporter/did issuer-mismatch",
    "/retentionUntil time-order",
  ]);
});

test("dates may be a day off the day of signing, and no further", () => {
  assert.deepEqual(problems(example("transfer-record", { retentionUntil: "2026-11-21" })), []);
  const issued = (issueDate: string): JsonObject => ({
    document: { type: "380", commitment: "ab".repeat(32), issueDate },
  });
  assert.deepEqual(problems(example("transfer-record", issued("2026-11-23"))), []);
  assert.deepEqual(problems(example("transfer-record", issued("2026-11-24"))), [
    "/document/issueDate time-order",
  ]);
});

test("text that looks like personal data is read, since who verifies does not screen", () => {
  assert.deepEqual(problems(example("transfer-record", { reference: "13800138000" })), []);
});

test("a revocation is not signed with the key that it revokes", () => {
  const statement = example("key-revocation");
  const { party, key } = statement.subject;
  assert.ok(typeof party === "string" && typeof key === "string");
  const signed = { ...statement, verificationMethod: party + key };
  assert.deepEqual(problems(signed), ["/key signed-by-revoked-key"]);
});

test("an enrolment tells its keys, and whom it identifies", () => {
  const enrolment = read(vector("enrolment.json"));
  const record = read(vector("transfer-record.json"));
  assert.ok(enrolment.type === "Enrolment" && record.type === "TransferRecord");
  assert.equal(enrolledKey(enrolment, "#2026")?.id, "#2026");
  assert.equal(enrolledKey(enrolment, "#none"), null);
  assert.ok(identifies(enrolment, record.exporter));
  assert.ok(!identifies(enrolment, record.importer));
  assert.ok(!identifies(enrolment, { ...record.exporter, jurisdiction: "XB" }));
  assert.ok(!identifies(enrolment, { ...record.exporter, id: "TEST00B0D1CE27A1F300" }));
  assert.ok(identifies(enrolment, { ...record.exporter, scheme: "DID", id: record.exporter.did }));
});

test("the commitments of a document are found by name", () => {
  assert.deepEqual(
    [...commitments(vector("transfer-record.json").document)],
    [
      ["payload", "/credentialSubject/payload/commitment"],
      ["volume", "/credentialSubject/volume/commitment"],
    ],
  );
  assert.deepEqual([...fileDigests(vector("transfer-record.json").document)], []);
  assert.deepEqual(
    [...fileDigests(vector("identity-recognition.json").document)],
    [["credential", "/credentialSubject/credential/digest"]],
  );
});

const BEGIN = parseTime("2026-11-22T04:03:04Z");

/** The case that the vectors of mutual recognition are: a certificate of XA that counts in XB. */
function verdict(known: number, without = ""): string {
  const names = accepted.filter((name) => !/^(enrolment|jurisdiction|key|log|transfer)/u.test(name));
  const evidence: Held[] = names
    .filter((name) => name !== without)
    .map((name) => {
      const statement = vector(name);
      const { issuer, type, created } = statement;
      const jurisdiction = issuer.slice(-2).toUpperCase();
      const told = { issuer, type, created, jurisdiction, proven: null, operator: null };
      return { ...told, digest: toHex(statement.digest), value: read(statement) };
    });
  const listed = (code: string) => ({ jurisdiction: code, roles: new Set(["authority"]) });
  const authorities = new Map([
    ["did:web:authority.example.xa", listed("XA")],
    ["did:web:authority.example.xb", listed("XB")],
  ]);
  const certificate = toHex(vector("conformity-certificate.json").digest);
  const report = recognise(certificate, {
    into: "XB",
    purpose: null,
    at: BEGIN,
    known,
    evidence,
    trust: { authorities },
  });
  return `${report.verdict} ${report.statusNow}`;
}

test("the certificate of the vectors counts in the other country, and no longer once it is suspended", () => {
  assert.equal(verdict(BEGIN + 86_400), "VALID valid");
  assert.equal(verdict(parseTime("2027-12-02T00:00:00Z")), "VALID_THEN_NOT_NOW suspended");
  assert.equal(verdict(BEGIN + 86_400, "endorsement-xa.json"), "UNKNOWN not checked");
  assert.equal(verdict(BEGIN + 86_400, "status-list.json"), "UNKNOWN not checked");
});
