/**
 * Recognition: is this certificate good in that country, for this use, at that time, and now?
 *
 * The rule of docs/spec/recognition.md, as a function of authenticated statements and of whom the verifier believes.
 */

import { malformed } from "../core/error.ts";
import type { Json } from "../core/json.ts";
import { formatTime } from "../core/times.ts";
import type { Subject } from "./catalogue.ts";
import type { ConformityCertificate } from "./certificate.ts";
import type { Digest } from "./fields.ts";
import {
  type Believed,
  begun,
  byDigest,
  type Dated,
  Evidence,
  existed,
  type Held,
} from "./premises/evidence.ts";
import type { Purpose } from "./premises/purpose.ts";
import { type Judged, type Standing, standingAt, standingJson } from "./premises/standing.ts";
import { changesOf, lastSuspension } from "./premises/status.ts";
import { CLOCK_TOLERANCE } from "./reading.ts";
import type { StatusChange } from "./statusChange.ts";

export type { Believed, Held } from "./premises/evidence.ts";
export type { Premise } from "./premises/finding.ts";
export { NO_PURPOSE, partyKey, type Purpose, purposeOf } from "./premises/purpose.ts";
export type { Standing } from "./premises/standing.ts";

export type Verdict = "VALID" | "VALID_THEN_NOT_NOW" | "NOT_VALID_THEN" | "UNKNOWN";

/** Something a reader should know that changes no verdict. */
export interface Notice {
  readonly code: string;
  readonly detail: string;
  readonly restsOn: readonly Digest[];
}

/** The answer for two times: when it mattered, and what is known. */
export interface RecognitionReport {
  /** Of the first, and whether it still holds. */
  readonly verdict: Verdict;
  /** The standing at the time of the question. */
  readonly at: Standing;
  /** The standing at the time of knowledge. */
  readonly known: Standing;
  /** valid, the first thing against it in words, or not checked. */
  readonly statusNow: string;
  /** The jurisdiction asked about; null: at home. */
  readonly into: string | null;
  /** What the evidence cannot show, each as a clause that begins with whether. */
  readonly notChecked: readonly string[];
  /** What changes no verdict. */
  readonly notices: readonly Notice[];
  /** The report as JSON. */
  readonly toJson: () => Json;
}

/** What is asked of a certificate. */
export interface Question {
  /** Where it is to be used; its own jurisdiction, or null, asks only whether it is good at home. */
  readonly into: string | null;
  /** The use it has to cover; null: not asked. */
  readonly purpose: Purpose | null;
  /** When it mattered, POSIX seconds, no later than `known`; null: the first moment at which it was good. */
  readonly at: number | null;
  /** The time of knowledge. */
  readonly known: number;
  /** Statements that are authenticated, in any order, those of strangers too. */
  readonly evidence: Iterable<Held>;
  /** Whose word counts as an authority's. */
  readonly trust: Believed;
}

/** Statements times moments that the search for the first good moment goes through. */
const MOST_JUDGED = 60_000;
export const UNTRIED = "whether it was good at one of the later moments, which are too many to be tried";

/**
 * Judge a certificate at the time of an event and at the time of knowledge.
 *
 * @throws LedgerError `certificate-not-carried`: no certificate of that digest is among the evidence.
 */
export function recognise(digest: Digest, question: Question): RecognitionReport {
  const { into, purpose, at, known } = question;
  const evidence = new Evidence(question.evidence, known, question.trust, digest);
  const certificate = evidence.certificate(digest);
  if (certificate === null) {
    throw malformed(`certificate ${digest} is not among the evidence`, "certificate-not-carried");
  }
  const abroad = into === certificate.jurisdiction ? null : into;
  const judge = (moment: number): Judged => standingAt(evidence, certificate, moment, abroad, purpose);
  const now = judge(known);
  let then = now.standing;
  let missed: readonly string[] = [];
  if (at === null) {
    const { validUntil } = certificate.value;
    const tried = momentsTried(evidence, begun(certificate), validUntil);
    const first = firstValid(tried.moments, (moment) => judge(moment).standing);
    then = first ?? then;
    missed = first !== null || tried.areAll ? [] : [UNTRIED];
  } else if (at < known) {
    then = judge(at).standing;
  }
  const notChecked = [...notCheckedOf(then, now, purpose, abroad), ...missed];
  return reportOf(then, now.standing, into, notChecked, noticesOf(evidence, certificate));
}

/** Two standings as a report. */
export function reportOf(
  at: Standing,
  known: Standing,
  into: string | null,
  notChecked: readonly string[],
  notices: readonly Notice[] = [],
): RecognitionReport {
  const told = { verdict: verdictOf(at, known), statusNow: statusNow(known), notChecked, notices };
  const toJson = (): Json => ({
    verdict: told.verdict,
    at: standingJson(at),
    known: standingJson(known),
    statusNow: told.statusNow,
    ...(into === null ? {} : { into }),
    notChecked,
    notices: notices.map(({ code, detail, restsOn }) => ({ code, detail, restsOn })),
  });
  return { ...told, at, known, into, toJson };
}

function verdictOf(then: Standing, now: Standing): Verdict {
  if (then.outcome === "invalid") return "NOT_VALID_THEN";
  if (then.outcome === "unknown") return "UNKNOWN";
  return now.outcome === "invalid" ? "VALID_THEN_NOT_NOW" : "VALID";
}

/** A standing in words; what is not known is not called good. */
function statusNow(now: Standing): string {
  if (now.outcome === "valid") return "valid";
  const against = now.premises.find((premise) => premise.outcome === "failed");
  return against === undefined ? "not checked" : against.code.toLowerCase().replaceAll("_", " ");
}

/** The earliest moments from which on something may be different, and whether that is all of them. */
export interface Moments {
  readonly moments: readonly number[];
  readonly areAll: boolean;
}

/** `first`, and later moments before `last`, ascending; no evidence may take its reader forever. */
export function momentsTried(evidence: Evidence, first: number, last: number): Moments {
  const found = new Set([first]);
  for (const held of evidence.all()) {
    found.add(existed(held));
    for (const moment of timesOf(held.value)) found.add(moment);
  }
  const every = [...found]
    .filter((moment) => first <= moment && moment < last && moment <= evidence.known)
    .sort((one, other) => one - other);
  const moments = every.slice(0, Math.floor(MOST_JUDGED / evidence.size));
  return { moments, areAll: moments.length === every.length };
}

/** The standing at the first moment at which it is valid, null where it never is. */
export function firstValid(moments: Iterable<number>, judge: (moment: number) => Standing): Standing | null {
  for (const moment of moments) {
    const standing = judge(moment);
    if (standing.outcome === "valid") return standing;
  }
  return null;
}

/** Every time that a statement names as the beginning or the end of something. */
function timesOf(value: Subject): readonly number[] {
  const open: (number | null)[] = [];
  if ("validFrom" in value) open.push(value.validFrom, value.validUntil);
  if ("effective" in value) open.push(value.effective);
  if ("begins" in value) open.push(value.begins);
  if ("credential" in value) open.push(value.credential.validFrom, value.credential.validUntil);
  if ("parties" in value) for (const party of value.parties) open.push(party.inForceFrom, party.until);
  if ("designated" in value) for (const entry of value.designated) open.push(entry.begins, entry.ends);
  return open.filter((moment) => moment !== null);
}

function notCheckedOf(
  then: Standing,
  now: Judged,
  purpose: Purpose | null,
  into: string | null,
): readonly string[] {
  const found: string[] = [];
  if (now.status.outcome === "absent") {
    found.push("whether a later withdrawal exists that is not in this evidence");
  }
  if (into === null) found.push("whether another jurisdiction recognises it");
  if (purpose === null) {
    found.push("whether a use lies within its scope");
  } else {
    found.push("whether the activity is one of those certified");
    const { persons, sensitivePersons } = now.effective;
    if (purpose.persons === null && (persons !== null || sensitivePersons !== null)) {
      found.push("whether the number of persons stays within the limit");
    }
  }
  if ([...then.limits, ...now.standing.limits].some((limit) => limit.startsWith("condition: "))) {
    found.push("whether the conditions are met");
  }
  return found;
}

function noticesOf(evidence: Evidence, certificate: Held<ConformityCertificate>): readonly Notice[] {
  const targets: readonly Held<Dated>[] = [
    certificate,
    ...evidence.recognitions(certificate.digest),
    ...evidence.accreditations(certificate),
  ];
  return [...targets]
    .sort(byDigest)
    .flatMap((target) => [...changesOf(evidence, target).flatMap(backDated), ...overdue(evidence, target)]);
}

function backDated(change: Held<StatusChange>): readonly Notice[] {
  const { effective } = change.value;
  const shown = existed(change);
  if (effective >= change.created - CLOCK_TOLERANCE && shown <= change.created) return [];
  const detail =
    `a change of status claims effect from ${formatTime(effective)}; it is shown to exist from ` +
    `${formatTime(shown)}, and counts from ${formatTime(Math.max(effective, shown))}`;
  return [{ code: "STATUS_BACK_DATED", detail, restsOn: [change.digest] }];
}

function overdue(evidence: Evidence, target: Held<Dated>): readonly Notice[] {
  const last = lastSuspension(evidence, target, evidence.known);
  const until = last?.value.until ?? null;
  if (last === null || until === null || until > evidence.known) return [];
  const detail = `a suspension was to end by ${formatTime(until)}; no reinstatement is in the evidence`;
  return [{ code: "SUSPENSION_OVERDUE", detail, restsOn: [target.digest, last.digest] }];
}
