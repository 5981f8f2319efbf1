/**
 * Judges many inputs at once, for the tests that hold this implementation against the other.
 *
 * Standard input is a JSON array of [kind, hex of the bytes]; the answer an array of the code and JSON pointer of each
 * refusal, or null for what is accepted.
 */

import { readFileSync } from "node:fs";
import { type Bytes, decodeUtf8, fromHex } from "../src/core/bytes.ts";
import { parseCheckpoint } from "../src/core/checkpoint.ts";
import { parseOpenings } from "../src/core/commitment.ts";
import { splitDidUrl } from "../src/core/did.ts";
import { isLedgerError } from "../src/core/error.ts";
import { parseHeader } from "../src/core/evm/header.ts";
import { parseReceipt as parseTransactionReceipt } from "../src/core/evm/receipt.ts";
import { decode as decodeRlp } from "../src/core/evm/rlp.ts";
import { parseSealed } from "../src/core/evm/seals.ts";
import { decode, STATEMENT_LIMIT } from "../src/core/json.ts";
import { parseMultikey } from "../src/core/keys.ts";
import { parseNote, parseVkey } from "../src/core/note.ts";
import { parseReceipt } from "../src/core/receipt.ts";
import { parseStatement } from "../src/core/statement.ts";
import { parseTime } from "../src/core/times.ts";
import { parseTrustList } from "../src/core/trust/index.ts";

const text = (data: Bytes): string => decodeUtf8(data) ?? "";

const JUDGES: Readonly<Record<string, (data: Bytes) => unknown>> = {
  checkpoint: parseCheckpoint,
  did: (data) => splitDidUrl(text(data)),
  header: parseHeader,
  json: (data) => decode(data, { limit: STATEMENT_LIMIT, what: "document" }),
  multikey: (data) => parseMultikey(text(data)),
  note: parseNote,
  openings: parseOpenings,
  receipt: parseReceipt,
  rlp: decodeRlp,
  sealed: (data) => parseSealed(parseHeader(data)),
  statement: parseStatement,
  time: (data) => parseTime(text(data)),
  "transaction receipt": parseTransactionReceipt,
  trust: parseTrustList,
  vkey: (data) => parseVkey(text(data)),
};

async function judge(
  kind: string,
  data: Bytes,
): Promise<readonly [code: string, pointer: string | null] | null> {
  const judging = JUDGES[kind];
  if (judging === undefined) {
    throw new Error(`no judge of ${kind}`);
  }
  try {
    await judging(data);
    return null;
  } catch (error) {
    if (isLedgerError(error)) {
      return [error.code, error.pointer ?? null];
    }
    throw error;
  }
}

const given = JSON.parse(readFileSync(0, "utf8")) as (readonly [kind: string, hex: string])[];
const answers: (readonly [code: string, pointer: string | null] | null)[] = [];
for (const [kind, hex] of given) {
  const data = fromHex(hex);
  if (data === undefined) {
    throw new Error("an input is written in hex digits");
  }
  answers.push(await judge(kind, data));
}
process.stdout.write(JSON.stringify(answers));
