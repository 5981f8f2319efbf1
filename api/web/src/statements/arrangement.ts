/**
 * RecognitionArrangement: the text by which jurisdictions agree to recognise each other's certificates.
 *
 * It binds nobody until the authority of each side endorses its digest.  Source: docs/spec/recognition-arrangement.md.
 */

import { parseTime } from "../core/times.ts";
import {
  ARRANGEMENT_KINDS,
  ARRANGEMENT_KINDS_NON_BINDING,
  ASSURANCE_LEVELS,
  EQUIVALENCE_DIRECTIONS,
} from "./codes.ts";
import {
  type AccreditorEntry,
  ACCREDITORS,
  DESIGNATED_BODIES,
  type Designation,
  designationsOf,
} from "./designation.ts";
import { BOOLEAN, code, COUNTRY, DATE, DID, DIGEST, type Digest, integer, LABEL, TIME } from "./fields.ts";
import { Kind, type Signed, SUBJECT } from "./reading.ts";
import { FAMILIES, LEVEL } from "./scheme.ts";
import { DATA_CATEGORIES, DOCUMENT_TYPES, type Words } from "./scope.ts";
import { array, object } from "./shape.ts";
import { tellUnlessLater } from "./validity.ts";

/** One side, as the text names it; times are POSIX seconds. */
export interface ArrangementParty {
  readonly jurisdiction: string;
  /** DID of who endorses for it. */
  readonly authority: string;
  /** Included. */
  readonly inForceFrom: number;
  /** Excluded; null: open. */
  readonly until: number | null;
  readonly reservations: readonly string[];
}

/** Two standards of which one is taken for the other. */
export interface Equivalence {
  readonly a: string;
  readonly b: string;
  /** both, or aToB: what meets `a` is taken to meet `b`. */
  readonly direction: string;
  readonly minimumLevel: number | null;
  /** What `b` asks and `a` does not; they limit what is recognised. */
  readonly gaps: readonly string[];
}

/** An assurance level of one side, and what it counts as on another. */
export interface Assurance {
  readonly from: string;
  readonly level: string;
  readonly into: string;
  readonly mapped: string;
}

export interface RecognitionArrangement {
  readonly type: "RecognitionArrangement";
  readonly name: string;
  readonly kind: string;
  readonly binding: boolean;
  readonly parties: readonly ArrangementParty[];
  /** Whether others may join by an endorsement alone. */
  readonly accession: boolean;
  readonly families: Words;
  readonly dataCategories: Words;
  /** Empty where the text names none. */
  readonly documentTypes: Words;
  readonly equivalences: readonly Equivalence[];
  readonly designated: readonly Designation[];
  readonly accreditors: readonly AccreditorEntry[];
  /** Recognitions that may rest on one another; 0: each rests on the certificate alone. */
  readonly onwardDepth: number;
  readonly assurance: readonly Assurance[];
  readonly supersedes: Digest | null;
}

const LABELS = array(LABEL, 1, 64, true);
const SIDE = object(
  { jurisdiction: COUNTRY, authority: DID, inForceFrom: TIME },
  { until: TIME, reservations: LABELS },
).where(["inForceFrom", "until"], (side, at, tell) => {
  tellUnlessLater(side.inForceFrom, side.until, `${at}/until`, tell);
});
const EQUIVALENCE = object(
  { a: LABEL, b: LABEL, direction: code("equivalence directions", EQUIVALENCE_DIRECTIONS) },
  { minimumLevel: LEVEL, gaps: array(LABEL, 1, 32, true) },
);
const ONWARD = object({ allowed: BOOLEAN }, { depth: integer(1, 8) }).where(
  ["allowed", "depth"],
  (onward, at, tell) => {
    if (onward.allowed && onward.depth === undefined) {
      tell(`${at}/depth`, "member-missing", "it says how many recognitions may rest on one another");
    } else if (!onward.allowed && onward.depth !== undefined) {
      tell(`${at}/depth`, "onward-conflict", "a depth where nothing is allowed onward");
    }
  },
);
const ASSURANCE_LEVEL = code("assurance levels", ASSURANCE_LEVELS);
const ASSURANCE = object({ from: COUNTRY, level: ASSURANCE_LEVEL, into: COUNTRY, mapped: ASSURANCE_LEVEL });
const SHAPE = object(
  {
    name: LABEL,
    kind: code("arrangement kinds", ARRANGEMENT_KINDS),
    binding: BOOLEAN,
    parties: array(SIDE, 2, 64, "jurisdiction"),
    accession: BOOLEAN,
    scope: object(
      { families: FAMILIES, dataCategories: DATA_CATEGORIES },
      { documentTypes: DOCUMENT_TYPES, sectors: LABELS },
    ),
    equivalences: array(EQUIVALENCE, 1, 256),
    accreditors: ACCREDITORS,
    onward: ONWARD,
  },
  {
    designatedBodies: DESIGNATED_BODIES,
    assurance: array(ASSURANCE, 1, 64),
    clauses: array(object({ instrument: LABEL, article: LABEL }), 1, 64, true),
    reviewBy: DATE,
    supersedes: DIGEST,
  },
)
  .where(["kind", "binding"], (subject, at, tell) => {
    if (subject.binding && ARRANGEMENT_KINDS_NON_BINDING.has(subject.kind)) {
      tell(`${at}/binding`, "kind-not-binding", `of kind ${subject.kind}, which binds nobody in law`);
    }
  })
  .where(["assurance"], (subject, at, tell) => {
    const first = new Map<string, number>();
    for (const [index, { from, level, into }] of (subject.assurance ?? []).entries()) {
      const key = [from, level, into].join(" ");
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, index);
      else
        tell(
          `${at}/assurance/${index}`,
          "duplicate",
          `maps the same level of the same side as item ${earlier}`,
        );
    }
  });
export const KIND = new Kind("RecognitionArrangement", ["authority"], SHAPE).where(
  ["parties"],
  (subject, signing, tell) => {
    if (!subject.parties.some((side) => side.authority === signing.issuer)) {
      tell(`${SUBJECT}/parties`, "issuer-mismatch", "the issuer is the authority of none of them");
    }
  },
);

/** The arrangement whose text a statement holds; says nothing about who endorsed it. */
export function read(statement: Signed): RecognitionArrangement {
  const subject = KIND.read(statement);
  const { scope } = subject;
  return {
    type: "RecognitionArrangement",
    name: subject.name,
    kind: subject.kind,
    binding: subject.binding,
    parties: subject.parties.map((side) => ({
      jurisdiction: side.jurisdiction,
      authority: side.authority,
      inForceFrom: parseTime(side.inForceFrom),
      until: side.until === undefined ? null : parseTime(side.until),
      reservations: side.reservations ?? [],
    })),
    accession: subject.accession,
    families: new Set(scope.families),
    dataCategories: new Set(scope.dataCategories),
    documentTypes: new Set(scope.documentTypes),
    equivalences: subject.equivalences.map((entry) => ({
      a: entry.a,
      b: entry.b,
      direction: entry.direction,
      minimumLevel: entry.minimumLevel ?? null,
      gaps: entry.gaps ?? [],
    })),
    designated: designationsOf(subject.designatedBodies),
    accreditors: subject.accreditors,
    onwardDepth: subject.onward.depth ?? 0,
    assurance: subject.assurance ?? [],
    supersedes: subject.supersedes ?? null,
  };
}
