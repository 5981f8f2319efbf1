/**
 * The verifier as a process: requests on standard input, reports on standard output, one JSON document a line.
 *
 * A request has `bundle` (any file with evidence) and `trust`, both base64, and `now`, POSIX seconds.  It may have `at`,
 * `into`, `purpose`, `content` (SHA-256 of files in hand, in hex, by name), `openings` and `statement` (base64),
 * `require` (steps), `requireNow` and `beside` (base64, several); and, for who measures, `times`: how often the file is
 * verified before it is answered.
 *
 * Answers stand in the order of the requests.  Verdicts of signatures and hashes are kept, so that many files that are
 * nearly alike cost less; with the argument `--afresh` they are not.
 */

import { type Bytes, fromHex } from "./core/bytes.ts";
import { parseOpenings } from "./core/commitment.ts";
import { isLedgerError } from "./core/error.ts";
import { keepAnswers } from "./core/kept.ts";
import { type Json, type JsonObject, isArray, isObject } from "./core/json.ts";
import { parseTrustList } from "./core/trust/index.ts";
import type { TrustList } from "./core/trust/values.ts";
import { NO_PURPOSE, type Purpose, partyKey } from "./statements/premises/purpose.ts";
import { scenarioOf } from "./statements/scenario.ts";
import type { Content, ContentFile } from "./verify/content.ts";
import { type AskedOfFile, fileReportJson, verifyFile } from "./verify/file.ts";

/** Trust lists that are kept; requests come in runs under the same one. */
const KEPT = 8;
/** Verdicts of signatures, and hashes, that are kept; files that come in a row have most of them in common. */
const ANSWERS = 4096;
const lists = new Map<string, TrustList>();

async function trustOf(encoded: string): Promise<TrustList> {
  const known = lists.get(encoded);
  if (known !== undefined) return known;
  const read = await parseTrustList(bytesOf(encoded, "trust"));
  if (lists.size >= KEPT) lists.clear();
  lists.set(encoded, read);
  return read;
}

function wrong(name: string): Error {
  return new Error(`the request's ${name} is missing or of another kind`);
}

function bytesOf(value: Json | undefined, name: string): Bytes {
  if (typeof value !== "string") throw wrong(name);
  return new Uint8Array(Buffer.from(value, "base64"));
}

function optional<T>(value: Json | undefined, read: (value: Json) => T): T | null {
  return value === undefined || value === null ? null : read(value);
}

function textOf(value: Json | undefined): string {
  if (typeof value !== "string") throw wrong("text");
  return value;
}

function integerOf(value: Json | undefined): number {
  if (!Number.isSafeInteger(value)) throw wrong("number");
  return value as number;
}

function listOf(value: Json | undefined): readonly Json[] {
  if (value === undefined) return [];
  if (!isArray(value)) throw wrong("list");
  return value;
}

function contentOf(request: JsonObject): Content {
  const given = request["content"];
  const files: ContentFile[] = [];
  for (const [name, digest] of Object.entries(isObject(given) ? given : {})) {
    const sha256 = fromHex(textOf(digest));
    if (sha256 === undefined) throw wrong("content");
    files.push({ name, size: 0, sha256: () => Promise.resolve(sha256) });
  }
  const openings = optional(request["openings"], (value) => parseOpenings(bytesOf(value, "openings")));
  return { files, openings };
}

function pairsOf(
  value: Json | undefined,
  write: (one: string, other: string) => string,
): ReadonlySet<string> {
  return new Set(
    listOf(value).map((pair) => {
      const [one, other] = listOf(pair);
      return write(textOf(one), textOf(other));
    }),
  );
}

function purposeOf(value: Json): Purpose {
  if (!isObject(value)) throw wrong("purpose");
  return {
    ...NO_PURPOSE,
    scenarios: pairsOf(value["scenarios"], (scheme, code) => scenarioOf({ scheme, code })),
    dataCategories: new Set(listOf(value["dataCategories"]).map(textOf)),
    destination: optional(value["destination"], textOf),
    documentType: optional(value["documentType"], textOf),
    persons: optional(value["persons"], integerOf),
    sensitivePersons: optional(value["sensitivePersons"], integerOf),
    standard: optional(value["standard"], textOf),
    level: optional(value["level"], integerOf),
    family: optional(value["family"], textOf),
    parties: pairsOf(value["parties"], (did, jurisdiction) => partyKey({ did, jurisdiction })),
  };
}

function askedOf(request: JsonObject): AskedOfFile {
  return {
    now: integerOf(request["now"]),
    at: optional(request["at"], integerOf),
    into: optional(request["into"], textOf),
    purpose: optional(request["purpose"], purposeOf),
    content: contentOf(request),
    statement: optional(request["statement"], (value) => bytesOf(value, "statement")),
    require: listOf(request["require"]).map(integerOf),
    requireNow: request["requireNow"] === true,
    beside: listOf(request["beside"]).map((value) => bytesOf(value, "beside")),
  };
}

/** The report on one request; `unfinished` with a code where the trust list or the openings do not load. */
async function answer(line: string): Promise<Json> {
  const request = JSON.parse(line) as Json;
  if (!isObject(request)) throw wrong("form");
  try {
    const trust = await trustOf(textOf(request["trust"]));
    const asked = askedOf(request);
    const file = bytesOf(request["bundle"], "bundle");
    for (let left = integerOf(request["times"] ?? 1); left > 1; left -= 1)
      await verifyFile(file, trust, asked);
    return fileReportJson(await verifyFile(file, trust, asked));
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    return { verdict: "could not finish", code: error.code, detail: error.message };
  }
}

/** Bytes as characters below 256: the cheapest text that tells them apart. */
function nameOf(input: Uint8Array): string {
  return Buffer.from(input.buffer, input.byteOffset, input.length).toString("latin1");
}

if (!process.argv.includes("--afresh")) keepAnswers(ANSWERS, nameOf);
/** Lines of standard input; cheaper than readline's, which looks for all that may end one. */
async function* requests(): AsyncGenerator<string> {
  let begun: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    let from = 0;
    for (let end = chunk.indexOf("\n"); end >= 0; end = chunk.indexOf("\n", from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, end)]).toString();
      begun = [];
      from = end + 1;
    }
    begun.push(chunk.subarray(from));
  }
  const last = Buffer.concat(begun).toString();
  if (last !== "") yield last;
}

for await (const line of requests()) {
  process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
}
