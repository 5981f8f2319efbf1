/**
 * The evidence bundle: one file that holds all that is needed to verify one matter offline.
 *
 * Reading is step 1 of verification: shape, bounds and the rules that need nothing but the file.
 * Source: docs/spec/bundle.md.
 */

import { type Bytes, encodeUtf8, equal, toHex } from "../core/bytes.ts";
import { isOrigin } from "../core/checkpoint.ts";
import { isLedgerError, malformed } from "../core/error.ts";
import { BUNDLE_LIMIT, type Json, decode } from "../core/json.ts";
import { Members } from "../core/members.ts";
import { type Statement, statementOf } from "../core/statement.ts";
import { type Anchor, type Foreign, readAnchors, readForeign, readPath } from "./chainParts.ts";

export const FORMAT = "evidence-bundle/1";
const SECTION_LIMIT = 16;
const ITEM_LIMIT = 1024;
/** Entries of all status lists together: a megabyte of them may inflate to hundreds. */
const ENTRY_LIMIT = 2 ** 27;

/** What a file with evidence may be. */
export type Kind = "bundle" | "receipt" | "statement" | "fork";

/** Each role an item may play, and the one type of statement that fits it; the subject may be of any type. */
const TYPE_OF_ROLE: ReadonlyMap<string, string | null> = new Map([
  ["subject", null],
  ["acknowledgement", "TransferAcknowledgement"],
  ["enrolment", "Enrolment"],
  ["keyRevocation", "KeyRevocation"],
  ["accreditation", "Accreditation"],
  ["certificate", "ConformityCertificate"],
  ["arrangement", "RecognitionArrangement"],
  ["endorsement", "Endorsement"],
  ["recognition", "Recognition"],
  ["statusChange", "StatusChange"],
  ["statusList", "StatusList"],
  ["identityRecognition", "IdentityRecognition"],
  ["jurisdictionEntry", "JurisdictionEntry"],
  ["measure", "PolicyMeasure"],
  ["decision", "Decision"],
  ["datasetRegistration", "DatasetRegistration"],
  ["parent", "TransferRecord"],
]);
const ROLES = [...TYPE_OF_ROLE.keys()];

/** An opened commitment: its salt, and either the value or the SHA-256 of the file that was committed to. */
export type Disclosure =
  | { readonly salt: Bytes; readonly fileSha256: Bytes }
  | { readonly salt: Bytes; readonly fileSha256: null; readonly value: Json };

/** A statement, its place in the section's log, and what it is there for. */
export interface Item {
  readonly role: string;
  readonly statement: Statement;
  readonly index: number;
  readonly path: readonly Bytes[];
  readonly disclosures: ReadonlyMap<string, Disclosure>;
}

/** One log at one checkpoint.  `extends` is the consistency path from the last section of the same log. */
export interface Section {
  readonly origin: string;
  readonly checkpoint: string;
  readonly extends: readonly Bytes[] | null;
  readonly items: readonly Item[];
  readonly anchors: readonly Anchor[];
  readonly foreign: readonly Foreign[];
}

/** A parsed bundle.  `subject` is the digest of the statement that the bundle is about. */
export interface Bundle {
  readonly subject: Bytes;
  readonly sections: readonly Section[];
  /** The one item whose role is `subject`. */
  readonly subjectItem: Item;
}

const RECEIPT_BEGINS = encodeUtf8("c2sp.org/tlog-proof@");
const FORK_BEGINS = encodeUtf8('{"a":');
const STATEMENT_BEGINS = encodeUtf8('{"@context":');

/** What a file claims to be, by its first bytes.  Anything unknown is treated as a bundle, and refused as one. */
export function kindOf(data: Bytes): Kind {
  if (begins(data, RECEIPT_BEGINS)) return "receipt";
  if (begins(data, FORK_BEGINS)) return "fork";
  return begins(data, STATEMENT_BEGINS) ? "statement" : "bundle";
}

function begins(data: Bytes, start: Bytes): boolean {
  return equal(data.subarray(0, start.length), start);
}

/** Read a bundle, strictly; the error has the code of the first rule broken and the pointer of the member. */
export function parseBundle(data: Bytes): Bundle {
  const value = decode(data, { limit: BUNDLE_LIMIT, what: "bundle" });
  const top = new Members(value, "bundle", "", ["format", "sections", "subject"]);
  if (top.json("format") !== FORMAT) throw top.fault("format", FORMAT, "format-unknown");
  const subject = top.digest("subject");
  const required = ["anchors", "checkpoint", "foreign", "items", "origin"];
  const listed = top.each("sections", required, ["extends"]);
  if (listed.length < 1 || listed.length > SECTION_LIMIT) {
    throw top.fault("sections", `1 to ${SECTION_LIMIT} sections`, "too-many-sections");
  }
  const sections = listed.map(readSection);
  const subjectItem = checkWhole(subject, sections);
  return { subject, sections, subjectItem };
}

function readSection(part: Members): Section {
  const listed = part.each("items", ["index", "path", "role", "statement"], ["disclosures"]);
  if (listed.length === 0) throw part.fault("items", "at least one item");
  const origin = part.text("origin");
  if (!isOrigin(origin)) throw part.fault("origin", "1 to 255 characters A-Z a-z 0-9 . / -");
  return {
    origin,
    checkpoint: part.text("checkpoint"),
    extends: part.has("extends") ? readPath(part, "extends") : null,
    items: listed.map(readItem),
    anchors: readAnchors(part),
    foreign: readForeign(part),
  };
}

function readItem(part: Members): Item {
  const role = part.choice("role", ROLES);
  const statement = readStatement(part);
  const fitting = TYPE_OF_ROLE.get(role) ?? null;
  if (fitting !== null && statement.type !== fitting) {
    throw part.fault("role", `another role than ${role} for a ${statement.type}`, "role-type");
  }
  const disclosed = part.has("disclosures")
    ? part.named("disclosures", ["salt"], ["fileSha256", "value"])
    : null;
  if (disclosed?.length === 0) throw part.fault("disclosures", "at least one disclosure, or no such member");
  return {
    role,
    statement,
    index: part.integer("index"),
    path: readPath(part, "path"),
    disclosures: new Map(
      inOrder(disclosed ?? []).map(([pointer, opened]) => [pointer, readDisclosure(opened)]),
    ),
  };
}

/** Members as they stand in the document: an object of this language has those that look like numbers first. */
function inOrder<T>(members: readonly (readonly [string, T])[]): readonly (readonly [string, T])[] {
  return [...members].sort(([one], [other]) => (one < other ? -1 : 1));
}

function readStatement(part: Members): Statement {
  try {
    return statementOf(part.json("statement"));
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    throw malformed(error.message, error.code, `${part.pointer}/statement${error.pointer ?? ""}`);
  }
}

function readDisclosure(part: Members): Disclosure {
  if (part.has("value") === part.has("fileSha256")) {
    throw part.fault("value", "either this or fileSha256", "disclosure-shape");
  }
  if (part.has("fileSha256")) {
    const fileSha256 = part.digest("fileSha256");
    return { salt: part.digest("salt"), fileSha256 };
  }
  return { salt: part.digest("salt"), fileSha256: null, value: part.json("value") };
}

/** The rules of step 1 that span items and sections; returns the subject's item. */
function checkWhole(subject: Bytes, sections: readonly Section[]): Item {
  const items = sections.flatMap((section) => section.items);
  if (items.length > ITEM_LIMIT) {
    const told = `bundle has ${items.length} items; at most ${ITEM_LIMIT}`;
    throw malformed(told, "too-many-items", "/sections");
  }
  const entries = items.reduce((sum, item) => sum + entriesOf(item.statement), 0);
  if (entries > ENTRY_LIMIT) {
    const told = `the status lists have ${entries} entries; at most ${ENTRY_LIMIT}`;
    throw malformed(told, "too-many-entries", "/sections");
  }
  const subjects = items.filter((item) => item.role === "subject");
  const [subjectItem] = subjects;
  if (
    subjects.length !== 1 ||
    subjectItem === undefined ||
    toHex(subjectItem.statement.digest) !== toHex(subject)
  ) {
    const told = `bundle has ${subjects.length} items of role subject`;
    throw malformed(
      `${told}; exactly one with digest ${toHex(subject)} is required`,
      "subject-missing",
      "/subject",
    );
  }
  checkDistinct(items);
  checkSections(sections);
  return subjectItem;
}

function checkDistinct(items: readonly Item[]): void {
  const named = new Map<string, string>();
  const digests = new Set<string>();
  for (const { statement } of items) {
    const digest = toHex(statement.digest);
    const name = `${statement.issuer} ${statement.id}`;
    if ((named.get(name) ?? digest) !== digest) {
      const told = `${statement.issuer} signed two statements with the id ${statement.id}`;
      throw malformed(told, "id-reused", "/sections");
    }
    named.set(name, digest);
    digests.add(digest);
  }
  if (digests.size !== items.length) {
    throw malformed("a statement stands in the bundle twice", "digest-twice", "/sections");
  }
}

function checkSections(sections: readonly Section[]): void {
  const origins = new Set<string>();
  for (const [n, section] of sections.entries()) {
    const at = `/sections/${n}`;
    const isLater = origins.has(section.origin);
    if (isLater && section.extends === null) {
      throw malformed(`section ${n} is a later one of its log and needs extends`, "extends-missing", at);
    }
    if (!isLater && section.extends !== null) {
      const told = `section ${n} is the first of its log and must not have extends`;
      throw malformed(told, "extends-superfluous", at);
    }
    origins.add(section.origin);
    if ([...section.anchors, ...section.foreign].some((part) => part.checkpoint === section.checkpoint)) {
      const told = `section ${n} repeats its own checkpoint in an anchor or a foreign part`;
      throw malformed(`${told}; leave it out there`, "checkpoint-repeated", at);
    }
  }
}

/** Entries that a status list says to have; 0 for what says nothing that its type would read. */
function entriesOf(statement: Statement): number {
  const length = statement.type === "StatusList" ? statement.subject["length"] : undefined;
  return typeof length === "number" && length > 0 ? length : 0;
}
