/**
 * Verify what is less than a bundle: a receipt, or a statement by itself.
 *
 * Both reports use the eleven steps; what such a file cannot show is `absent`.
 * Source: docs/spec/verification.md, "Other things to verify".
 */

import { type Bytes, HASH_SIZE, decodeUtf8, equal, toHex } from "../core/bytes.ts";
import { isLedgerError, proofError } from "../core/error.ts";
import { leafHash, verifyInclusion } from "../core/merkle.ts";
import { type Receipt, parseReceipt } from "../core/receipt.ts";
import { type Statement, parseStatement } from "../core/statement.ts";
import { DEFAULT_STEPS, type TrustList } from "../core/trust/values.ts";
import { type Subject, TYPES, read } from "../statements/catalogue.ts";
import {
  type OpenNote,
  type Witnessing,
  cosigned,
  independent,
  openNote,
  requireQuorum,
  witnessed,
} from "./notes.ts";
import { type Check, type Report, conclude } from "./report.ts";
import { toldAlone } from "./succession.ts";
import { type Asked, nothingRequired, ofALaterVersion, unreadable } from "./verifier.ts";

const RECEIPT_STEPS = [1, 4, 5];

/** What is asked of a receipt; `statement` is the one that it is of, needed where it does not carry the entry. */
export interface AskedOfReceipt extends Pick<Asked, "now" | "require" | "requireNow"> {
  readonly statement?: Bytes | null;
}

/** Check that a receipt's entry is in its log. */
export async function verifyReceiptFile(
  data: Bytes,
  trust: TrustList,
  asked: AskedOfReceipt,
): Promise<Report> {
  const required = [...RECEIPT_STEPS, ...(asked.require ?? [])];
  const { now, statement = null } = asked;
  let receipt: Receipt;
  let document: Statement | null = null;
  try {
    receipt = parseReceipt(data);
    if (statement !== null) {
      document = parseStatement(statement);
      if (!TYPES.has(document.type)) return ofALaterVersion(document.type, trust, required, { now });
      read(document);
    }
  } catch (error) {
    if (!isLedgerError(error) || error.kind !== "malformed") throw error;
    return unreadable(error, trust, required, { now });
  }
  const placed = await placedIn(receipt, document, trust, now);
  const checks: Check[] = [
    { step: 1, outcome: "passed", code: "receipt", detail: "c2sp.org/tlog-proof@v1" },
    { step: 3, outcome: "absent", code: "not-carried", detail: "a receipt names no keys" },
    ...placed.checks,
  ];
  return conclude(checks, trust, {
    subject: document === null ? entryOf(receipt) : document.digest,
    subjectType: document?.type ?? null,
    required,
    requireNow: asked.requireNow ?? false,
    now,
    notCounted: placed.notCounted,
  });
}

/** Read a statement by itself: it parses, and nothing shows who enrolled its signer or that it was logged. */
export async function verifyStatementFile(
  data: Bytes,
  trust: TrustList,
  asked: Pick<Asked, "now" | "require" | "requireNow">,
): Promise<Report> {
  const added = asked.require ?? [];
  const { now } = asked;
  let statement: Statement;
  let subject: Subject;
  try {
    statement = parseStatement(data);
    if (!TYPES.has(statement.type)) return ofALaterVersion(statement.type, trust, [1, ...added], { now });
    subject = read(statement);
  } catch (error) {
    if (!isLedgerError(error) || error.kind !== "malformed") throw error;
    return unreadable(error, trust, [1, ...added], { now });
  }
  const requirement = trust.require.get(statement.type) ?? null;
  const named = `${statement.type} ${toHex(statement.digest)}`;
  const detail = "a statement by itself: no enrolment, entry or anchor is carried";
  const alone = [3, 4, 5, 6, 7].map((step): Check => ({
    step,
    outcome: "absent",
    code: "not-carried",
    detail,
  }));
  return conclude([{ step: 1, outcome: "passed", code: "statement", detail: named }, ...alone], trust, {
    subject: statement.digest,
    subjectType: statement.type,
    required: [...(requirement?.steps ?? DEFAULT_STEPS), ...added],
    requireNow: asked.requireNow ?? false,
    now,
    unfinished: requirement === null ? [nothingRequired(statement.type)] : [],
    notices: subject.type === "LogSuccession" ? await toldAlone(statement, subject, trust, now) : [],
  });
}

/** The entry as the receipt itself gives it; other people's `extra` may be anything. */
function entryOf(receipt: Receipt): Bytes | null {
  return receipt.extra?.length === HASH_SIZE ? receipt.extra : null;
}

interface PlacedIn {
  readonly checks: readonly Check[];
  readonly notCounted: readonly string[];
}

/** Steps 4 and 5 of a receipt, and the lines of its checkpoint that were passed over. */
async function placedIn(
  receipt: Receipt,
  document: Statement | null,
  trust: TrustList,
  now: number,
): Promise<PlacedIn> {
  const origin = (decodeUtf8(receipt.checkpoint) ?? "").split("\n", 1)[0] ?? "";
  const log = trust.logs.get(origin);
  if (log === undefined) {
    const detail = `${origin} is not a log of the trust list`;
    const checks: Check[] = [
      { step: 4, outcome: "absent", code: "premise-failed", detail },
      { step: 5, outcome: "absent", code: "log-unknown", detail },
    ];
    return { checks, notCounted: [] };
  }
  const known = independent(trust, log);
  const quorum = quorumOf(document, trust);
  let note: OpenNote;
  let witnessing: Witnessing | null = null;
  try {
    note = await openNote(receipt.checkpoint, origin, log);
    witnessing = await cosigned(note, trust, log, now);
    requireQuorum(witnessing, quorum, known);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    const checks: Check[] = [
      { step: 4, outcome: "absent", code: "premise-failed", detail: "the checkpoint does not hold" },
      { step: 5, outcome: "failed", code: error.code, detail: `${origin}: ${error.message}` },
    ];
    return { checks, notCounted: witnessing?.notCounted ?? [] };
  }
  const detail = `${origin} at size ${note.size}: ${witnessed(witnessing, quorum, known)}`;
  const passed: Check = { step: 5, outcome: "passed", code: "checkpoint", detail };
  return { checks: [included(receipt, document, note), passed], notCounted: witnessing.notCounted };
}

/** What the list requires of the statement's type; without the statement, the largest that it requires of any. */
function quorumOf(document: Statement | null, trust: TrustList): number {
  if (document !== null) return trust.require.get(document.type)?.quorum ?? 0;
  return Math.max(0, ...[...trust.require.values()].map((requirement) => requirement.quorum));
}

function included(receipt: Receipt, document: Statement | null, note: OpenNote): Check {
  const own = entryOf(receipt);
  const entry = document === null ? own : document.digest;
  if (entry === null) {
    const detail = "the receipt carries no entry; give the statement it is of";
    return { step: 4, outcome: "absent", code: "entry-missing", detail };
  }
  try {
    if (own !== null && !equal(own, entry)) {
      throw proofError(`the receipt is of another entry than ${toHex(entry)}`, "receipt-of-another");
    }
    verifyInclusion(leafHash(entry), receipt.index, note.size, receipt.path, note.root);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    return { step: 4, outcome: "failed", code: error.code, detail: error.message };
  }
  const detail = `entry ${receipt.index} of ${note.size} in ${note.signed.checkpoint.origin}`;
  return { step: 4, outcome: "passed", code: "included", detail };
}
