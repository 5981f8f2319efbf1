/**
 * Purpose: what a certificate is to be used for, and whether a scope covers that.
 *
 * Source: docs/spec/recognition.md, "Scopes".
 */

import type { Party } from "../party.ts";
import { scenarioOf } from "../scenario.ts";
import { DOCUMENT } from "../scheme.ts";
import { type Scope, sensitiveLimit, type Words } from "../scope.ts";
import type { TransferRecord, TransferSubject } from "../transfer.ts";
import { authorKey, type Author } from "./evidence.ts";

/** One use; what is null or empty is not asked. */
export interface Purpose {
  /** As `scenarioOf` writes them. */
  readonly scenarios: Words;
  readonly dataCategories: Words;
  /** Country. */
  readonly destination: string | null;
  /** Such as `einvoice/UBL-2.1`. */
  readonly documentType: string | null;
  /** How many are concerned. */
  readonly persons: number | null;
  /** Of how many sensitive data are. */
  readonly sensitivePersons: number | null;
  /** That the certificate has to count as. */
  readonly standard: string | null;
  /** The least that has to be certified. */
  readonly level: number | null;
  /** Of schemes. */
  readonly family: string | null;
  /** Those whose certificate it may be, as `partyKey` writes them. */
  readonly parties: Words;
}

/** A use of which nothing is asked. */
export const NO_PURPOSE: Purpose = {
  scenarios: new Set(),
  dataCategories: new Set(),
  destination: null,
  documentType: null,
  persons: null,
  sensitivePersons: null,
  standard: null,
  level: null,
  family: null,
  parties: new Set(),
};

/** UNTDID 1001: the kinds of invoices and of notes that change one. */
const INVOICES: Words = new Set(["325", "380", "381", "383", "384", "386", "389"]);
const BILL_OF_LADING = "705";

/** A party, for comparing: its DID and jurisdiction. */
export function partyKey({ did, jurisdiction }: Pick<Party, "did" | "jurisdiction">): string {
  const author: Author = { issuer: did, jurisdiction };
  return authorKey(author);
}

/**
 * The use that a transfer makes of the certificate its mechanism names.
 *
 * Persons are counted once a line: those who are in several count several times.  Where the year's total is more, it
 * is taken, since a limit may be one for the year.
 */
export function purposeOf({ subject, exporter, importer }: TransferRecord): Purpose {
  const lines = subject.lines ?? [];
  return {
    ...NO_PURPOSE,
    scenarios: new Set(lines.map((line) => scenarioOf(line.scenario))),
    dataCategories: new Set(lines.map((line) => line.category)),
    destination: importer.jurisdiction,
    documentType: subject.document === undefined ? null : kindOf(subject.document),
    persons: total(lines, "count", "ytdCount"),
    sensitivePersons: total(lines, "sensitiveCount", "ytdSensitiveCount"),
    parties: new Set([exporter, importer].map(partyKey)),
  };
}

function kindOf(document: NonNullable<TransferSubject["document"]>): string {
  const { type, format = "other" } = document;
  if (INVOICES.has(type)) return `einvoice/${format}`;
  return `${type === BILL_OF_LADING ? "ebl" : `type${type}`}/${format}`;
}

type Lines = NonNullable<TransferSubject["lines"]>;
type Count = "count" | "sensitiveCount" | "ytdCount" | "ytdSensitiveCount";

function total(lines: Lines, each: Count, year: Count): number | null {
  if (lines.length === 0) return null;
  const counted = (name: Count): readonly number[] => lines.map((line) => line.persons?.[name] ?? 0);
  return Math.max(
    counted(each).reduce((sum, count) => sum + count, 0),
    ...counted(year),
  );
}

/** What of a use lies outside a scope of a certificate of this family, in words; null: nothing does. */
export function outside(purpose: Purpose, scope: Scope, family: string): string | null {
  if (purpose.family !== null && purpose.family !== family) {
    return `the use asks for the family ${purpose.family}; the certificate is of ${family}`;
  }
  const asked: readonly (readonly [what: string, asked: Words, covered: Words])[] = [
    ["scenario", purpose.scenarios, scope.scenarios],
    ["data category", purpose.dataCategories, scope.dataCategories],
    ["destination", one(purpose.destination), scope.destinations],
    ["kind of document", documentAsked(purpose, family), scope.documentTypes],
  ];
  for (const [what, words, covered] of asked) {
    const missing = [...words]
      .filter((word) => !covered.has(word))
      .map((word) => word.slice(word.indexOf(" ") + 1)) // of a scenario, its code
      .sort()[0];
    if (missing !== undefined) return `the ${what} ${missing} is not covered`;
  }
  return (
    beyond("persons", purpose.persons, scope.persons) ??
    beyond("persons with sensitive data", purpose.sensitivePersons, sensitiveLimit(scope))
  );
}

/** The kind of document asked for: by its lines, not by its papers, is a transfer of data certified. */
function documentAsked(purpose: Purpose, family: string): Words {
  const ofData = purpose.scenarios.size > 0 || purpose.dataCategories.size > 0;
  return family !== DOCUMENT && ofData ? new Set() : one(purpose.documentType);
}

function one(word: string | null): Words {
  return new Set(word === null ? [] : [word]);
}

function beyond(what: string, count: number | null, limit: number | null): string | null {
  if (count === null || limit === null || count <= limit) return null;
  return `${count} ${what} are more than the ${limit} that are covered`;
}
