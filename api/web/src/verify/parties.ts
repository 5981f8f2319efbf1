/**
 * Step 9: the receiver acknowledged this very record and content, and custody has neither gap, fork nor break.
 *
 * Source: docs/spec/verification.md, "Step 9 in full".
 */

import { toHex } from "../core/bytes.ts";
import { type LedgerError, isLedgerError, verificationError } from "../core/error.ts";
import type { TransferAcknowledgement } from "../statements/acknowledgement.ts";
import type { TransferRecord } from "../statements/transfer.ts";
import type { Authorship, Subjects } from "./authorship.ts";
import type { Bundle, Item } from "./bundle.ts";
import { requireIdentity } from "./keyrule.ts";
import type { Check, Outcome } from "./report.ts";
import type { Examined } from "./sections.ts";

/** Relations by which a record goes on from an earlier record. */
const CUSTODY: ReadonlySet<string> = new Set(["derivedFrom", "revises", "corrects"]);

interface Carried {
  readonly at: Examined;
  readonly item: Item;
  readonly given: TransferAcknowledgement;
}

/** The one check of step 9. */
export function checkParties(
  bundle: Bundle,
  examined: readonly Examined[],
  subjects: Subjects,
  authorship: Authorship,
): Check {
  const carried = acknowledgements(examined, subjects);
  const record = subjects.get(toHex(bundle.subject));
  if (record?.type !== "TransferRecord") {
    if (carried.length > 0) {
      return check(
        "failed",
        "acknowledgement-stray",
        `an acknowledgement of a ${bundle.subjectItem.statement.type}`,
      );
    }
    return check("absent", "not-a-transfer", "not a transfer record");
  }
  let gap: string | null;
  try {
    gap = custody(bundle, subjects);
    if (carried.length > 1) {
      const told = `${carried.length} acknowledgements; exactly one is required`;
      return check("failed", "acknowledgement-twice", told);
    }
    for (const one of carried) requireReceiver(record, toHex(bundle.subject), one, authorship);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    return check("failed", error.code, error.message);
  }
  const [given] = carried;
  if (given === undefined) return check("absent", "not-acknowledged", "no acknowledgement carried");
  if (gap !== null) return check("absent", "custody-gap", gap);
  for (const at of examined) {
    for (const item of at.section.items) {
      const restsOn = item.role === "acknowledgement" || item.role === "parent" || item.role === "subject";
      const digest = toHex(item.statement.digest);
      if (restsOn && !(at.stands && authorship.grants.has(digest))) {
        const told = `the ${item.role} ${digest} itself is not shown to be signed and logged`;
        return check("absent", "premise-failed", told);
      }
    }
  }
  const how = given.given.outcome === "accepted" ? "acknowledged" : "acknowledged with reservation";
  return check("passed", given.given.outcome, `${how} by ${given.item.statement.issuer}`);
}

function check(outcome: Outcome, code: string, detail: string): Check {
  return { step: 9, outcome, code, detail };
}

function refused(code: string, message: string): LedgerError {
  return verificationError(message, code);
}

function acknowledgements(examined: readonly Examined[], subjects: Subjects): readonly Carried[] {
  const found: Carried[] = [];
  for (const at of examined) {
    for (const item of at.section.items) {
      if (item.role !== "acknowledgement") continue;
      const subject = subjects.get(toHex(item.statement.digest));
      if (subject?.type === "TransferAcknowledgement") found.push({ at, item, given: subject });
    }
  }
  return found;
}

/** The acknowledgement is the named importer's, of this record, in a log of its own jurisdiction. */
function requireReceiver(
  record: TransferRecord,
  subject: string,
  { at, item, given }: Carried,
  authorship: Authorship,
): void {
  const { importer } = record;
  const { issuer } = item.statement;
  if (given.record !== subject) {
    const told = `the acknowledgement is of ${given.record}; the subject is ${subject}`;
    throw refused("acknowledgement-of-another", told);
  }
  if (issuer !== importer.did) {
    throw refused(
      "acknowledgement-by-another",
      `acknowledged by ${issuer}; the record names ${importer.did}`,
    );
  }
  const grant = authorship.grants.get(toHex(item.statement.digest));
  if (grant !== undefined) {
    if (grant.jurisdiction !== importer.jurisdiction) {
      const told = `${grant.holder} is enrolled in ${grant.jurisdiction}; the record names ${importer.jurisdiction}`;
      throw refused("importer-jurisdiction", told);
    }
    requireIdentity(grant, importer);
  }
  if (at.log !== null && at.log.jurisdiction !== importer.jurisdiction) {
    const told = `the acknowledgement stands in a log of ${at.log.jurisdiction}; the importer acts for`;
    throw refused("acknowledgement-log", `${told} ${importer.jurisdiction}`);
  }
  if (given.receivedPayload !== null) {
    const sent = record.subject.payload?.commitment ?? null;
    if (given.receivedPayload !== sent) {
      const told = `${issuer} received ${given.receivedPayload}; the record commits to ${sent ?? "no payload"}`;
      throw refused("content-disputed", told);
    }
  }
  if (given.outcome === "rejected") throw refused("transfer-rejected", `${issuer} rejected the transfer`);
}

/** Follow each carried record to those before it; what is missing of the line, null where there is no gap. */
function custody(bundle: Bundle, subjects: Subjects): string | null {
  const carried = records(bundle, subjects);
  const replaced = new Map<string, string>();
  const named = new Set<string>();
  let gap: string | null = null;
  for (const [digest, record] of carried) {
    if (record.supersedes !== null) {
      const earlier = record.supersedes;
      if (replaced.has(earlier)) throw refused("custody-fork", `two records replace ${earlier}`);
      replaced.set(earlier, digest);
    }
    const before = earlierOf(record);
    for (const parent of before.keys()) named.add(parent);
    if (record.flow !== "onward") continue;
    if (before.size === 0) gap = `the onward transfer ${digest} does not say which record it goes on from`;
    for (const [parent, relation] of before) {
      const earlier = carried.get(parent);
      if (earlier !== undefined) requireOnward(digest, record, parent, earlier, relation);
    }
  }
  const missing = [...named].filter((digest) => !carried.has(digest)).sort();
  if (missing[0] !== undefined) gap = `the earlier record ${missing[0]} is not carried`;
  const subject = toHex(bundle.subject);
  const stray = [...carried.keys()].filter((digest) => digest !== subject && !named.has(digest)).sort();
  if (stray[0] !== undefined) {
    throw refused("custody-stray", `the record ${stray[0]} is carried and no other one refers to it`);
  }
  return gap;
}

/** The subject and the earlier records carried, by digest. */
function records(bundle: Bundle, subjects: Subjects): ReadonlyMap<string, TransferRecord> {
  const found = new Map<string, TransferRecord>();
  for (const { items } of bundle.sections) {
    for (const item of items) {
      const digest = toHex(item.statement.digest);
      const subject = subjects.get(digest);
      if ((item.role === "subject" || item.role === "parent") && subject?.type === "TransferRecord") {
        found.set(digest, subject);
      }
    }
  }
  return found;
}

/** The records that a record goes on from: digest and relation. */
function earlierOf(record: TransferRecord): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const parent of record.parents) {
    if (CUSTODY.has(parent.rel)) found.set(parent.digest, parent.rel);
  }
  if (record.supersedes !== null) {
    const replaced = record.supersedes;
    if (!found.has(replaced)) found.set(replaced, "supersedes");
  }
  return found;
}

/** An onward transfer is made by whom the earlier one went to, and only where that one does not forbid it. */
function requireOnward(
  digest: string,
  record: TransferRecord,
  parent: string,
  earlier: TransferRecord,
  relation: string,
): void {
  // Another version of the same transfer, by the same exporter.
  if (relation !== "derivedFrom" && record.exporter.did === earlier.exporter.did) return;
  if (record.exporter.did !== earlier.importer.did) {
    const told = `${record.exporter.did} sends on, in ${digest}, what ${parent} sent to ${earlier.importer.did}`;
    throw refused("custody-break", told);
  }
  if (earlier.onwardAllowed === false) {
    throw refused("onward-forbidden", `${digest} sends on what ${parent} says must not be sent on`);
  }
}
