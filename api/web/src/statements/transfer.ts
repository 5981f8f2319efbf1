/**
 * TransferRecord: what went, or was opened, from one jurisdiction to another, under which rules.
 *
 * Source: docs/spec/transfer-record.md.
 */

import { parseTime } from "../core/times.ts";
import {
  CATEGORIES,
  COUNT_METHODS,
  CURRENCIES,
  DATA_TYPES,
  DATA_TYPES_NON_PERSONAL,
  DATA_TYPES_PERSONAL,
  DATA_TYPES_SENSITIVE,
  DOCUMENT_FORMATS,
  DOCUMENT_TYPES,
  EXEMPTIONS,
  FLOWS,
  GRADES,
  LEGAL_BASES,
  MECHANISMS,
  PURPOSES,
  RELATIONS,
} from "./codes.ts";
import {
  BOOLEAN,
  code,
  codes,
  COMMITMENT,
  COUNTRY,
  DATE,
  DIGEST,
  type Digest,
  integer,
  MEDIA_TYPE,
  REFERENCE,
  TIME,
} from "./fields.ts";
import { PARTY, type Party, partyOf, tellUnlessAcrossABorder } from "./party.ts";
import { Kind, type Signed, SUBJECT, tellUnlessIssuer } from "./reading.ts";
import { SCENARIO } from "./scenario.ts";
import { array, object, type Of, type Tell } from "./shape.ts";

/** An earlier statement this one rests on. */
export interface Parent {
  readonly digest: Digest;
  readonly rel: string;
}

/** One transfer; dates as written. */
export interface TransferRecord {
  readonly type: "TransferRecord";
  readonly exporter: Party;
  readonly importer: Party;
  readonly flow: string;
  readonly reference: string | null;
  readonly supersedes: Digest | null;
  readonly parents: readonly Parent[];
  /** Digest of the Decision it was made under. */
  readonly decision: Digest | null;
  /** Digest of the ConformityCertificate its mechanism names. */
  readonly certificate: Digest | null;
  /** Whether the importer may send it on; null: not said. */
  readonly onwardAllowed: boolean | null;
  /** All fields, in order. */
  readonly subject: TransferSubject;
}

const PERSONAL = "personal";
const SENSITIVE = "sensitivePersonal";
const NON_PERSONAL = "nonPersonal";
const GROUNDS = ["purpose", "legalBasis", "mechanism"] as const;
const EXEMPTING: ReadonlySet<string> = new Set(["exemption", "derogation"]);
const DAY = 86_400;

const COUNTED = [
  ["sensitiveCount", "count"],
  ["count", "ytdCount"],
  ["sensitiveCount", "ytdSensitiveCount"],
  ["ytdSensitiveCount", "ytdCount"],
] as const;
const PERSONS = object(
  { count: integer(0) },
  {
    sensitiveCount: integer(0),
    ytdCount: integer(0),
    ytdSensitiveCount: integer(0),
    method: code("methods", COUNT_METHODS),
  },
).where(["count", "sensitiveCount", "ytdCount", "ytdSensitiveCount"], (persons, at, tell) => {
  for (const [smaller, larger] of COUNTED) {
    if ((persons[smaller] ?? 0) > (persons[larger] ?? Infinity)) {
      tell(`${at}/${smaller}`, "counts-conflict", `more than "${larger}"`);
    }
  }
});

/** Whether a type of data cannot stand in a line of a category. */
function isForeign(dataType: string, category: string): boolean {
  if (category === NON_PERSONAL) return DATA_TYPES_PERSONAL.has(dataType);
  if (DATA_TYPES_NON_PERSONAL.has(dataType)) return true;
  return category === PERSONAL && DATA_TYPES_SENSITIVE.has(dataType);
}

/** Tell which types of data do not fit the category. */
export function tellUnlessFitting(
  { category, dataTypes }: { readonly category: string; readonly dataTypes?: readonly string[] },
  at: string,
  tell: Tell,
): void {
  for (const [index, dataType] of (dataTypes ?? []).entries()) {
    if (isForeign(dataType, category)) {
      tell(`${at}/dataTypes/${index}`, "category-conflict", `does not fit the category ${category}`);
    }
  }
}

const LINE = object(
  {
    line: integer(1, 1_000_000),
    category: code("categories", CATEGORIES),
    grade: code("grades", GRADES),
    scenario: SCENARIO,
  },
  {
    datasetRef: REFERENCE,
    dataTypes: codes("data types", DATA_TYPES),
    fields: COMMITMENT,
    volume: COMMITMENT,
    persons: PERSONS,
  },
)
  .where(["category", "dataTypes"], tellUnlessFitting)
  .where(["category", "persons"], ({ category, persons }, at, tell) => {
    if (category === NON_PERSONAL) {
      if (persons !== undefined) {
        tell(`${at}/persons`, "category-conflict", "a line without personal data counts no persons");
      }
    } else if (persons === undefined) {
      tell(`${at}/persons`, "member-missing", `a line of category ${category} counts them`);
    } else if (category === SENSITIVE && persons.sensitiveCount === undefined) {
      tell(`${at}/persons/sensitiveCount`, "member-missing", `a line of category ${category} gives it`);
    } else if (category === PERSONAL && (persons.sensitiveCount ?? 0) > 0) {
      const detail = "a line of category personal counts no persons with sensitive data";
      tell(`${at}/persons/sensitiveCount`, "category-conflict", detail);
    }
  });

const MECHANISM = object(
  { type: code("mechanisms", MECHANISMS) },
  {
    exemptionCode: code("exemptions", EXEMPTIONS),
    certificate: DIGEST,
    measure: DIGEST,
    reference: COMMITMENT,
  },
).where(["type", "exemptionCode", "certificate", "reference"], (mechanism, at, tell, has) => {
  const { type } = mechanism;
  if (EXEMPTING.has(type) && !has("exemptionCode")) {
    tell(`${at}/exemptionCode`, "member-missing", `the mechanism ${type} names one`);
  } else if (!EXEMPTING.has(type) && has("exemptionCode")) {
    tell(`${at}/exemptionCode`, "mechanism-conflict", `the mechanism ${type} has no exemption`);
  }
  if (type === "certification") {
    if (!has("certificate") && !has("reference")) {
      tell(at, "member-missing", "the mechanism certification needs a certificate or a reference");
    }
  } else if (has("certificate")) {
    tell(`${at}/certificate`, "mechanism-conflict", `the mechanism ${type} has no certificate`);
  }
});

const ONWARD = object({ allowed: BOOLEAN }, { conditions: COMMITMENT }).where(
  ["allowed", "conditions"],
  (onward, at, tell, has) => {
    if (!onward.allowed && has("conditions")) {
      tell(`${at}/conditions`, "onward-conflict", "what is not allowed has no conditions");
    }
  },
);

const WINDOW = object({ start: TIME }, { end: TIME }).where(["start", "end"], ({ start, end }, at, tell) => {
  // Times of one form order as text does.
  if (end !== undefined && end < start) tell(`${at}/end`, "time-order", "earlier than where it begins");
});

const DOCUMENT = object(
  { type: code("document types", DOCUMENT_TYPES), commitment: DIGEST },
  {
    format: code("document formats", DOCUMENT_FORMATS),
    number: COMMITMENT,
    issueDate: DATE,
    currency: code("currencies, ISO 4217", CURRENCIES),
    total: COMMITMENT,
  },
);

const SHAPE = object(
  { exporter: PARTY, importer: PARTY, flow: code("flows", FLOWS) },
  {
    payload: object({ commitment: DIGEST, mediaType: MEDIA_TYPE }, { sizeBucket: integer(0, 60) }),
    volume: COMMITMENT,
    lines: array(LINE, 1, 200),
    document: DOCUMENT,
    purpose: codes("purposes, DPV", PURPOSES),
    legalBasis: codes("legal bases, DPV", LEGAL_BASES),
    mechanism: MECHANISM,
    retentionUntil: DATE,
    onward: ONWARD,
    dataLocation: array(COUNTRY, 1, 16, true),
    criticalInfrastructure: BOOLEAN,
    decisionRef: DIGEST,
    window: WINDOW,
    reference: REFERENCE,
    supersedes: DIGEST,
    parents: array(object({ digest: DIGEST, rel: code("relations", RELATIONS) }), 1, 64, "digest"),
  },
)
  .withAnyOf("payload", "lines", "document")
  .where(["exporter", "importer"], (subject, at, tell) => {
    tellUnlessAcrossABorder(subject.exporter, subject.importer, `${at}/importer`, tell);
  })
  .where(["lines"], (subject, at, tell) => {
    let before = 0;
    for (const [index, { line }] of (subject.lines ?? []).entries()) {
      if (line <= before)
        tell(`${at}/lines/${index}/line`, "line-order", `line numbers ascend; it follows ${before}`);
      before = line;
    }
  })
  .where(["lines"], (subject, at, tell, has) => {
    if (!(subject.lines ?? []).some((line) => line.category !== NON_PERSONAL)) return;
    for (const name of GROUNDS) {
      if (!has(name)) tell(`${at}/${name}`, "member-missing", "a record with personal data gives it");
    }
  })
  .where(["flow", "parents"], (subject, at, tell) => {
    if (subject.flow === "onward" && subject.parents === undefined) {
      tell(`${at}/parents`, "member-missing", "an onward transfer names the one it goes on from");
    }
  });
export type TransferSubject = Of<typeof SHAPE>;

/** The first second of a date, and of the day before or after the one on which something was signed. */
export const startOf = (date: string): number => parseTime(`${date}T00:00:00Z`);
export const nextTo = (created: number, days: number): number => (Math.floor(created / DAY) + days) * DAY;

export const KIND = new Kind("TransferRecord", ["exporter"], SHAPE)
  .where(["exporter"], (subject, signing, tell) => {
    tellUnlessIssuer(subject.exporter.did, "exporter", signing, tell);
  })
  .where(["retentionUntil"], (subject, signing, tell) => {
    if (startOf(subject.retentionUntil) < nextTo(signing.created, -1)) {
      tell(`${SUBJECT}/retentionUntil`, "time-order", "earlier than the day of signing");
    }
  })
  .where(["document"], ({ document }, signing, tell) => {
    if (document.issueDate !== undefined && startOf(document.issueDate) > nextTo(signing.created, 1)) {
      tell(`${SUBJECT}/document/issueDate`, "time-order", "later than the day of signing");
    }
  });

/** The transfer that a statement records. */
export function read(statement: Signed): TransferRecord {
  const subject = KIND.read(statement);
  return {
    type: "TransferRecord",
    exporter: partyOf(subject.exporter),
    importer: partyOf(subject.importer),
    flow: subject.flow,
    reference: subject.reference ?? null,
    supersedes: subject.supersedes ?? null,
    parents: subject.parents ?? [],
    decision: subject.decisionRef ?? null,
    certificate: subject.mechanism?.certificate ?? null,
    onwardAllowed: subject.onward?.allowed ?? null,
    subject,
  };
}
