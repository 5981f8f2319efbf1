/**
 * Answers questions about statements, one of a line, as JSON: how they are read, and what they come to together.
 *
 * The suite of the other implementation asks both the same (tests/web).
 */

import { createInterface } from "node:readline";
import { toHex } from "../../src/core/bytes.ts";
import { isLedgerError } from "../../src/core/error.ts";
import { encode, isArray, isObject, type Json, type JsonObject } from "../../src/core/json.ts";
import { parseStatement } from "../../src/core/statement.ts";
import { parseTime } from "../../src/core/times.ts";
import { decide } from "../../src/rules/decide.ts";
import { ready } from "../../src/rules/ruling.ts";
import { read, type Subject } from "../../src/statements/catalogue.ts";
import { recogniseIdentity } from "../../src/statements/identityRecognition.ts";
import type { MeasureSubject } from "../../src/statements/measure.ts";
import type { Signed } from "../../src/statements/reading.ts";
import { type Believed, type Held, type Purpose, recognise } from "../../src/statements/recognition.ts";
import { StatementInvalidError } from "../../src/statements/shape.ts";
import type { TransferSubject } from "../../src/statements/transfer.ts";

/** Names of members that are sets; in JSON they are lists. */
const SETS: ReadonlySet<string> = new Set([
  "activities",
  "dataCategories",
  "destinations",
  "documentTypes",
  "families",
  "roles",
  "scenarios",
  "toward",
  "versions",
]);
/** Names of members that are bytes; in JSON hex digits. */
const BYTES: ReadonlySet<string> = new Set(["refresh", "revocation", "suspension"]);

/** JSON as the value it stands for. */
function revived(value: Json, name = ""): unknown {
  if (isArray(value)) {
    const items = value.map((item) => revived(item));
    return SETS.has(name) ? new Set(items) : items;
  }
  if (typeof value === "string" && BYTES.has(name)) return Uint8Array.from(Buffer.from(value, "hex"));
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, revived(item, key)]));
}

/** A value as JSON: sets in order, bytes as hex digits. */
function plain(value: unknown): Json {
  if (value instanceof Uint8Array) return toHex(value);
  if (value instanceof Set) return [...(value as Set<string>)].sort();
  if (value instanceof Map) return [...(value as Map<string, unknown>).keys()].sort();
  if (isArray(value as Json)) return (value as readonly unknown[]).map(plain);
  if (typeof value === "bigint") return value.toString();
  if (!isObject(value as Json)) return value as Json;
  return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, plain(item)]));
}

function faults(error: unknown): Json {
  if (error instanceof StatementInvalidError) {
    return { code: error.code, problems: error.problems.map(({ pointer, code }) => [pointer, code]) };
  }
  if (!isLedgerError(error)) throw error;
  return { code: error.code, problems: [[error.pointer ?? "", error.code]] };
}

/** What the reader of a type makes of a statement. */
function readAnswer(statement: Signed): Json {
  let subject: Subject;
  try {
    subject = read(statement);
  } catch (error) {
    return faults(error);
  }
  return { value: plain("subject" in subject ? { ...subject, subject: null } : subject) };
}

function parseAnswer(text: string): Json {
  try {
    return readAnswer(parseStatement(Uint8Array.from(Buffer.from(text, "base64"))));
  } catch (error) {
    return faults(error);
  }
}

/** A question of recognition; the evidence stands in it, or is that of the question before. */
interface Asked {
  readonly certificate: string | null;
  readonly party: string | null;
  readonly into: string | null;
  readonly of: string | null;
  readonly only: string | null;
  readonly at: number | null;
  readonly known: number;
  readonly purpose: Purpose | null;
}

interface World {
  readonly evidence: readonly Held[];
  readonly trust: Believed;
}

function worldOf(value: JsonObject): World {
  const authorities = revived(value["authorities"] ?? {}) as Record<string, never>;
  return {
    evidence: revived(value["evidence"] ?? []) as Held[],
    trust: { authorities: new Map(Object.entries(authorities)) },
  };
}

function recognitionAnswer(asked: Asked, world: World): Json {
  try {
    const question = { ...world, ...asked };
    const report =
      asked.certificate === null
        ? recogniseIdentity(asked.party ?? "", { ...question, into: asked.into ?? "" })
        : recognise(asked.certificate, question);
    return report.toJson();
  } catch (error) {
    return faults(error);
  }
}

/** A question of deciding; record and measures are in order, but that a draft may say less than a record has to. */
interface Undecided {
  readonly digest: string;
  readonly transfer: TransferSubject;
  readonly measures: readonly { readonly digest: string; readonly subject: MeasureSubject }[];
  readonly at: string;
}

function decisionAnswer({ digest, transfer, measures, at }: Undecided): Json {
  const atHand = measures.map((each) => ready(each.digest, each.subject));
  try {
    return Buffer.from(encode(decide(digest, transfer, atHand, parseTime(at)).subject)).toString();
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    return { code: error.code };
  }
}

function answer(question: JsonObject): Json {
  if (question["decide"] !== undefined) return decisionAnswer(question["decide"] as unknown as Undecided);
  if (typeof question["bytes"] === "string") return parseAnswer(question["bytes"]);
  if (question["statement"] !== undefined) return readAnswer(question["statement"] as unknown as Signed);
  const world = worldOf(question);
  const questions = question["questions"] as readonly JsonObject[];
  return questions.map((asked) => {
    const { purpose, ...rest } = revived(asked) as Asked & {
      purpose: (Purpose & { parties: string[] }) | null;
    };
    return recognitionAnswer(
      { ...rest, purpose: purpose && { ...purpose, parties: new Set(purpose.parties) } },
      world,
    );
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answer(JSON.parse(line) as JsonObject)));
}
