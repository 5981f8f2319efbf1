/**
 * The verifier's answer: what was shown, what failed, and what was not checked.
 *
 * Source: docs/spec/verification.md.
 */

import { type Bytes, toHex } from "../core/bytes.ts";
import type { Json } from "../core/json.ts";
import { formatTime } from "../core/times.ts";
import type { TrustList } from "../core/trust/values.ts";
import type { RecognitionReport } from "../statements/recognition.ts";

export type Outcome = "passed" | "failed" | "absent";
export type Verdict = "verified" | "not verified" | "could not finish" | "verified then, not now";

export const STEPS: ReadonlyMap<number, string> = new Map([
  [1, "format"],
  [2, "content"],
  [3, "authorship"],
  [4, "inclusion"],
  [5, "checkpoint"],
  [6, "anchor"],
  [7, "finality"],
  [8, "foreign"],
  [9, "parties"],
  [10, "recognition"],
  [11, "rules"],
]);
export const EXIT_STATUS: Readonly<Record<Verdict, number>> = {
  verified: 0,
  "not verified": 1,
  "could not finish": 3,
  "verified then, not now": 4,
};
const NOT_CHECKED = ["whether a later correction exists"];
const STRENGTH: Readonly<Record<Outcome, number>> = { failed: 0, absent: 1, passed: 2 };

/** One line of the report; `absent` means not shown, never that something is wrong. */
export interface Check {
  readonly step: number;
  readonly outcome: Outcome;
  /** Stable name of the cause, for programs. */
  readonly code: string;
  /** For people; lower case, no full stop. */
  readonly detail: string;
  /** Which section of the bundle, counted from 0; left out where the step is of the whole bundle. */
  readonly section?: number;
  /** JSON pointer into the bundle of what failed, where there is one. */
  readonly pointer?: string;
}

/** When one statement was made: as it claims, as is proven, and as only the operator's own chain says. */
export interface Dated {
  readonly digest: Bytes;
  readonly role: string;
  readonly type: string;
  readonly issuer: string;
  readonly claimed: number;
  readonly proven: number | null;
  readonly by: readonly string[];
  readonly grade: string;
  readonly operator: number | null;
}

/** Step 10: its check, the rule's own report, and what it shows of the subject today. */
export interface Recognised {
  readonly check: Check;
  /** Null where the rule was not asked. */
  readonly report: RecognitionReport | null;
  readonly statusNow: string;
  /** Why the subject stands no more although it stood; null where nothing shows that. */
  readonly later: string | null;
  readonly notices: readonly string[];
}

/** What step 11 found of one decision, as a member of the report. */
export type JudgedDecision = {
  readonly decision: string;
  /** Of which moment it speaks. */
  readonly at: string;
  /** Its outcome, as it has it. */
  readonly says: string;
  readonly outcome: Outcome;
  readonly code: string;
  readonly measures: readonly { readonly number: string; readonly version: number }[];
  /** Codes that it has itself; empty where it does not follow. */
  readonly conditions: readonly string[];
  /** A moment of the record, and what the same measures say at it; null where that was not asked. */
  readonly atTransfer: { readonly at: string; readonly says: string } | null;
};

/** Step 11: its check, and what was found of each decision. */
export interface Ruled {
  readonly check: Check;
  /** Null where no decision was judged. */
  readonly judged: readonly JudgedDecision[] | null;
  readonly notices: readonly string[];
  readonly notCounted: readonly string[];
  readonly notChecked: readonly string[];
}

/** All checks, and what follows from them. */
export interface Report {
  readonly kind: "report";
  /** Digest of the statement in question; null where the file did not parse. */
  readonly subject: Bytes | null;
  readonly subjectType: string | null;
  readonly verdict: Verdict;
  /** In order of step, then section. */
  readonly checks: readonly Check[];
  readonly required: readonly number[];
  /** Required steps that did not pass, each with its outcome's code. */
  readonly missing: readonly string[];
  readonly trustVersion: number;
  readonly trustHash: Bytes;
  readonly trustPublisher: string;
  readonly checkedAt: number;
  readonly at: number | null;
  readonly statements: readonly Dated[];
  /** Why no verdict could be reached; then the verdict is `could not finish`. */
  readonly unfinished: readonly string[];
  /** Lines, anchors and signatures that were passed over, and why. */
  readonly notCounted: readonly string[];
  readonly notices: readonly string[];
  readonly statusNow: string;
  readonly recognition: RecognitionReport | null;
  readonly rules: readonly JudgedDecision[] | null;
  readonly notChecked: readonly string[];
}

export interface Conclusion {
  readonly subject?: Bytes | null;
  readonly subjectType?: string | null;
  readonly required: Iterable<number>;
  readonly requireNow?: boolean;
  readonly now: number;
  readonly at?: number | null;
  readonly statements?: Iterable<Dated>;
  readonly unfinished?: readonly string[];
  readonly notCounted?: Iterable<string>;
  readonly notices?: Iterable<string>;
  readonly recognised?: Recognised | null;
  readonly ruled?: Ruled | null;
}

/** Step 10 where the rule was not asked. */
export function notAsked(check: Check, later: string | null = null): Recognised {
  return { check, report: null, statusNow: "not checked", later, notices: [] };
}

/**
 * The report that follows from the checks.
 *
 * Steps without a check are `absent`.  A step that failed makes the verdict `not verified` whether it was required or
 * not; then a reason why no verdict can be reached; then the required steps that did not pass.
 */
export function conclude(given: readonly Check[], trust: TrustList, told: Conclusion): Report {
  const recognised = told.recognised ?? null;
  const ruled = told.ruled ?? null;
  const checks = [...given, ...[recognised, ruled].flatMap((one) => one?.check ?? [])];
  const carried = new Set(checks.map((check) => check.step));
  for (const step of STEPS.keys()) {
    if (!carried.has(step))
      checks.push({ step, outcome: "absent", code: "not-carried", detail: "not carried" });
  }
  checks.sort((one, other) => one.step - other.step || (one.section ?? -1) - (other.section ?? -1));
  const required = [...new Set(told.required)].sort((one, other) => one - other);
  const missing = [...unmet(checks, required)];
  const stale = told.now >= trust.nextUpdate;
  const [later, statusNow] = today(recognised, stale);
  if (told.requireNow === true && statusNow !== "valid") missing.push(`now: ${statusNow}`);
  const unfinished = told.unfinished ?? [];
  const renewal = stale ? [`the trust list asked to be renewed by ${formatTime(trust.nextUpdate)}`] : [];
  const rule = recognised?.report ?? null;
  return {
    kind: "report",
    subject: told.subject ?? null,
    subjectType: told.subjectType ?? null,
    verdict: verdictOf(checks, unfinished, missing, later),
    checks,
    required,
    missing,
    trustVersion: trust.version,
    trustHash: trust.listHash,
    trustPublisher: trust.publisher.id,
    checkedAt: told.now,
    at: told.at ?? null,
    statements: [...(told.statements ?? [])],
    unfinished,
    notCounted: [...(told.notCounted ?? []), ...(ruled?.notCounted ?? [])],
    notices: [...(told.notices ?? []), ...(recognised?.notices ?? []), ...(ruled?.notices ?? []), ...renewal],
    statusNow,
    recognition: rule,
    rules: ruled?.judged ?? null,
    notChecked: [...NOT_CHECKED, ...(rule?.notChecked ?? []), ...(ruled?.notChecked ?? [])],
  };
}

function verdictOf(
  checks: readonly Check[],
  unfinished: readonly string[],
  missing: readonly string[],
  later: string | null,
): Verdict {
  if (checks.some((check) => check.outcome === "failed")) return "not verified";
  if (unfinished.length > 0) return "could not finish";
  if (missing.length > 0) return "not verified";
  return later === null ? "verified" : "verified then, not now";
}

/** Why the subject stands no more, and its status now.  A stale trust list can still show the former. */
function today(recognised: Recognised | null, stale: boolean): [string | null, string] {
  if (recognised !== null && recognised.later !== null) return [recognised.later, recognised.later];
  if (stale) return [null, "not checked (trust-list-stale)"];
  return [null, recognised === null ? "not checked" : recognised.statusNow];
}

/** The check that counts among several of one step: failed before absent before passed; the first of equals. */
export function weakest(checks: Iterable<Check>): Check | null {
  let found: Check | null = null;
  for (const check of checks) {
    if (found === null || STRENGTH[check.outcome] < STRENGTH[found.outcome]) found = check;
  }
  return found;
}

/** Of several ways to show one thing, one that failed fails the step; else one that passed is enough. */
export function bestUnlessFailed(checks: readonly Check[]): Check | null {
  const failed = checks.find((check) => check.outcome === "failed");
  const passed = checks.find((check) => check.outcome === "passed");
  return failed ?? passed ?? checks[0] ?? null;
}

/** The check that counts for a step of a report: the weakest of its sections. */
export function stepOf(checks: readonly Check[], step: number): Check {
  const found = weakest(checks.filter((check) => check.step === step));
  return found ?? { step, outcome: "absent", code: "not-carried", detail: "not carried" };
}

/** The required steps that did not pass, in words: `6 anchor: absent (no-anchor)`. */
function* unmet(checks: readonly Check[], required: readonly number[]): Generator<string> {
  for (const step of required) {
    const check = stepOf(checks, step);
    if (check.outcome !== "passed") yield `${step} ${nameOf(step)}: ${check.outcome} (${check.code})`;
  }
}

/** A step's name. */
export function nameOf(step: number): string {
  return STEPS.get(step) ?? "";
}

/** 0 verified, 1 not verified, 3 could not finish, 4 verified then and not now. */
export function exitStatus(report: Report): number {
  return EXIT_STATUS[report.verdict];
}

/** The report as JSON, in the form of `evidence verify --json`; members are stable, texts are not. */
export function reportJson(report: Report): Json {
  return {
    format: "evidence-report/1",
    verdict: report.verdict,
    subject: report.subject === null ? null : toHex(report.subject),
    type: report.subjectType,
    steps: [...STEPS.keys()].map((step) => stepJson(stepOf(report.checks, step))),
    checks: report.checks.map(checkJson),
    required: [...report.required],
    missing: [...report.missing],
    unfinished: [...report.unfinished],
    statements: report.statements.map(datedJson),
    trust: {
      publisher: report.trustPublisher,
      version: report.trustVersion,
      listHash: toHex(report.trustHash),
    },
    checkedAt: formatTime(report.checkedAt),
    at: report.at === null ? null : formatTime(report.at),
    statusNow: report.statusNow,
    recognition: report.recognition === null ? null : report.recognition.toJson(),
    rules: report.rules === null ? null : [...report.rules],
    notCounted: [...report.notCounted],
    notices: [...report.notices],
    notChecked: [...report.notChecked],
  };
}

function stepJson(check: Check): Record<string, Json> {
  return {
    step: check.step,
    name: nameOf(check.step),
    outcome: check.outcome,
    code: check.code,
    detail: check.detail,
  };
}

function checkJson(check: Check): Json {
  const told = stepJson(check);
  if (check.section !== undefined) told["section"] = check.section;
  if (check.pointer !== undefined) told["pointer"] = check.pointer;
  return told;
}

function datedJson(dated: Dated): Json {
  return {
    digest: toHex(dated.digest),
    role: dated.role,
    type: dated.type,
    issuer: dated.issuer,
    claimed: formatTime(dated.claimed),
    proven: {
      notAfter: dated.proven === null ? null : formatTime(dated.proven),
      by: [...dated.by],
      grade: dated.grade,
    },
    operatorTime: dated.operator === null ? null : formatTime(dated.operator),
  };
}
