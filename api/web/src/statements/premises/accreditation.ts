/**
 * Accreditation: was the body allowed to certify this, when it did and at that time, by an accreditor that counts?
 *
 * Source: docs/spec/recognition.md, "Accreditation".
 */

import { formatTime } from "../../core/times.ts";
import type { Accreditation } from "../accreditation.ts";
import type { RecognitionArrangement } from "../arrangement.ts";
import type { ConformityCertificate } from "../certificate.ts";
import { isSubset } from "../scope.ts";
import { reliance } from "./arrangement.ts";
import {
  type Author,
  authorKey,
  byDigest,
  type Evidence,
  existed,
  type Held,
  holdsAt,
  inOrder,
  isOf,
  isSameAuthor,
} from "./evidence.ts";
import { absent, best, decisive, failed, passed, type Premise, RANK, restingOn } from "./finding.ts";
import { statusOf } from "./status.ts";

/** Whose accreditation is asked for, when, and whose accreditors count. */
export interface Question {
  readonly evidence: Evidence;
  readonly certificate: Held<ConformityCertificate>;
  readonly moment: number;
  /** The arrangement that says which accreditors count; null, at home: those the trust list names. */
  readonly base: Held<RecognitionArrangement> | null;
}

type Member = Held<Accreditation>;
/** Accreditations of one author for one body, joined by `supersedes`; by digest, at least one. */
type Line = readonly [Member, ...Member[]];

/** Up from an accreditation, each the parent of the one before, and what is wrong where it ends. */
interface Way {
  readonly steps: readonly Member[];
  readonly wrong: Premise | null;
  /** Where it is said that the last accreditor counts; empty where the trust list says so. */
  readonly listing: readonly Held<unknown>[];
}

interface Judged {
  readonly premise: Premise;
  /** To order by. */
  readonly digest: string;
}

const PREFIX = "ACCREDITATION_";
const MOST_PARENTS = 8;
const DAY = 86_400;

/** Whether the body was accredited for what it certified: passed `ACCREDITED`. */
export function accredited(question: Question): Premise {
  const { certificate, evidence } = question;
  const named = certificate.value.accreditation;
  let lines: readonly Line[];
  if (named === null) {
    const every = linesOf(evidence, certificate);
    lines = every.filter((line) => isSameAuthor(line[0], certificate) || leadsUp(question, line));
    if (lines.length === 0) return none(every, certificate);
  } else {
    const held = evidence.get(named.statement);
    if (held === undefined) {
      const detail = "the accreditation that the certificate names is not in the evidence";
      return absent("ACCREDITATION_MISSING", detail, certificate);
    }
    if (
      !isOf(held, "Accreditation") ||
      !isSameAuthor(bodyOf(held), certificate) ||
      held.issuer !== named.accreditor
    ) {
      const detail = `what the certificate names is no accreditation of ${certificate.issuer} by ${named.accreditor}`;
      return failed("ACCREDITATION_OF_ANOTHER", detail, certificate, held);
    }
    lines = [lineOf(evidence, held)];
  }
  const judged = lines.flatMap((line) => judge(question, line));
  judged.sort(
    (one, other) =>
      RANK[one.premise.outcome] - RANK[other.premise.outcome] || inOrder(one.digest, other.digest),
  );
  return judged[0]?.premise ?? none([], certificate);
}

function bodyOf({ value }: Member): Author {
  return { issuer: value.body.did, jurisdiction: value.body.jurisdiction };
}

function none(every: readonly Line[], certificate: Held<ConformityCertificate>): Premise {
  if (every.length === 0) {
    return absent("ACCREDITATION_MISSING", `no accreditation of ${certificate.issuer} is in the evidence`);
  }
  const others = [...new Set(every.map((line) => line[0].issuer))].sort().join(", ");
  const detail = `${certificate.issuer} is accredited by ${others} only, who lead to no recognised accreditor`;
  return absent("ACCREDITOR_NOT_RECOGNISED", detail, ...every.map((line) => line[0]));
}

/** Each live member of a line, or the line itself where none is. */
function judge(question: Question, line: Line): readonly Judged[] {
  const { evidence, certificate, moment } = question;
  const live = liveOf(evidence, line, moment);
  if (live.length === 0) return [{ premise: lapsed(line, moment), digest: line[0].digest }];
  const then = atIssue(question, line);
  return live.map((member) => {
    const way = wayOf(question, member);
    const found = [
      ...ofMember(question, member, then),
      ...above(question, way),
      ...(way.wrong === null ? [] : [way.wrong]),
    ];
    const shown = restingOn(passed("ACCREDITED", `${certificate.issuer} is accredited by ${member.issuer}`), [
      ...found.flatMap((premise) => premise.restsOn),
      ...way.listing.map((held) => held.digest),
    ]);
    return { premise: decisive(found) ?? shown, digest: member.digest };
  });
}

function ofMember(question: Question, member: Member, then: Premise): readonly Premise[] {
  if (member.issuer === question.certificate.issuer) {
    return [failed("SELF_ACCREDITATION", `${member.issuer} accredited itself`, member)];
  }
  const status = statusOf(question.evidence, member, question.moment, PREFIX);
  return [then, status, coversCertificate(question.certificate, member)];
}

/** Whether the body was accredited when the certificate was made. */
function atIssue({ evidence, certificate }: Question, line: Line): Premise {
  const then = existed(certificate);
  const statuses = line
    .filter((member) => holdsAt(member, then))
    .map((member) => statusOf(evidence, member, then, PREFIX));
  const first = statuses[0];
  if (first === undefined) {
    const detail = `no accreditation held when the certificate was made, ${formatTime(then)}`;
    return failed("ACCREDITATION_LAPSED", detail, certificate, ...line);
  }
  if (statuses.every((status) => status.outcome === "failed")) {
    return { ...first, detail: `when the certificate was made, ${first.detail}` };
  }
  return passed("ACCREDITED", "accredited when the certificate was made", certificate);
}

function coversCertificate(certificate: Held<ConformityCertificate>, member: Member): Premise {
  const { scheme, schemeVersion, family, level, scope, validFrom, validUntil } = certificate.value;
  const schemes = member.value.schemes.filter(
    (each) =>
      each.id === scheme &&
      each.versions.has(schemeVersion) &&
      each.family === family &&
      (each.level === null || level === null || level <= each.level),
  );
  const { dataCategories, documentTypes } = member.value;
  if (
    schemes.length === 0 ||
    !isSubset(scope.dataCategories, dataCategories) ||
    !isSubset(scope.documentTypes, documentTypes)
  ) {
    const what = schemes.length === 0 ? "scheme, version and level" : "data categories or kinds of documents";
    const detail = `the accreditation does not cover the certificate's ${what}`;
    return failed("ACCREDITATION_SCOPE", detail, member, certificate);
  }
  const longest = Math.max(...schemes.map((each) => each.maximumDays));
  const seconds = validUntil - validFrom;
  if (seconds > longest * DAY) {
    const detail = `the certificate is valid for ${Math.ceil(seconds / DAY)} days; the scheme allows ${longest}`;
    return failed("VALIDITY_TOO_LONG", detail, member, certificate);
  }
  return passed("ACCREDITED", "the accreditation covers the certificate", member);
}

/** Whether one of the members leads to a recognised accreditor. */
function leadsUp(question: Question, line: Line): boolean {
  return line.some((member) => wayOf(question, member).wrong === null);
}

/** By the parents that accreditations name up to one whose author is a recognised accreditor. */
function wayOf(question: Question, member: Member): Way {
  const steps: Member[] = [member];
  const met = new Set([question.certificate.issuer, member.issuer]);
  let last = member;
  for (;;) {
    const listing = recognised(question, last);
    if (listing !== null) return { steps, wrong: null, listing };
    const next = parentOf(question, last, steps.length, met);
    if ("code" in next) return { steps, wrong: next, listing: [] };
    met.add(next.issuer);
    steps.push(next);
    last = next;
  }
}

/** The accreditation that an accreditor holds itself, or what is wrong with it. */
function parentOf(
  question: Question,
  last: Member,
  steps: number,
  met: ReadonlySet<string>,
): Member | Premise {
  const { parent } = last.value;
  if (parent === null) return unrecognised(question, last);
  if (steps > MOST_PARENTS) {
    const detail = `the accreditations lead further than ${MOST_PARENTS} steps`;
    return failed("ACCREDITATION_CYCLE", detail, last);
  }
  const above = question.evidence.get(parent);
  if (above === undefined) {
    const detail = `the accreditation of ${last.issuer} itself is not in the evidence`;
    return absent("ACCREDITATION_MISSING", detail, last);
  }
  if (!isOf(above, "Accreditation") || !isSameAuthor(bodyOf(above), last))
    return unrecognised(question, last);
  if (met.has(above.issuer)) {
    return failed("ACCREDITATION_CYCLE", `the accreditations lead back to ${above.issuer}`, last, above);
  }
  return above;
}

/** What each parent on the way came to, by the dates of its line and by its status alone. */
function above({ evidence, moment }: Question, way: Way): readonly Premise[] {
  return way.steps.slice(1).map((parent, index) => {
    const child = way.steps[index] ?? parent;
    const line = lineOf(evidence, parent);
    const live = liveOf(evidence, line, moment);
    if (live.length === 0 || !line.some((member) => holdsAt(member, existed(child))))
      return lapsed(line, moment);
    return best(live.map((member) => statusOf(evidence, member, moment, PREFIX))) ?? lapsed(line, moment);
  });
}

/** Where it is said that an accreditor counts, empty for the trust list; null: it does not count. */
function recognised(
  { evidence, certificate, base, moment }: Question,
  author: Author,
): readonly Held<unknown>[] | null {
  const origin = certificate.jurisdiction;
  if (author.jurisdiction !== origin) return null;
  if (base === null) return evidence.isListed(author, "accreditor") ? [] : null;
  const where = reliance(evidence, base, origin, author.issuer, moment);
  return where === null ? null : [where];
}

function unrecognised({ certificate, base }: Question, last: Member): Premise {
  const origin = certificate.jurisdiction;
  const detail =
    base === null
      ? `the trust list does not name ${last.issuer} an accreditor of ${origin}`
      : `${last.issuer} is not an accreditor that the arrangement relies on for ${origin}`;
  return failed("ACCREDITOR_NOT_RECOGNISED", detail, last, ...(base === null ? [] : [base]));
}

function lapsed(line: Line, moment: number): Premise {
  const last = formatTime(Math.max(...line.map((member) => member.value.validUntil)));
  const detail = `no accreditation by ${line[0].issuer} holds at ${formatTime(moment)}; the last ends ${last}`;
  return failed("ACCREDITATION_LAPSED", detail, ...line);
}

function liveOf(evidence: Evidence, line: Line, moment: number): readonly Member[] {
  return line.filter((member) => holdsAt(member, moment) && !evidence.isSuperseded(member, moment));
}

/** The lines of a body, in the order of their first members. */
function linesOf(evidence: Evidence, body: Author): readonly Line[] {
  return evidence.once(`lines ${authorKey(body)}`, () => {
    const found = new Set<Line>();
    for (const member of evidence.accreditations(body)) found.add(lineOf(evidence, member));
    return [...found];
  });
}

/** All accreditations of one author for one body that are joined to this one by `supersedes`. */
function lineOf(evidence: Evidence, member: Member): Line {
  const lines = evidence.once(`members ${authorKey(bodyOf(member))}`, () => new Map<string, Line>());
  const known = lines.get(member.digest);
  if (known !== undefined) return known;
  const line = joinedTo(evidence, member);
  for (const each of line) lines.set(each.digest, line);
  return line;
}

function joinedTo(evidence: Evidence, member: Member): Line {
  const body = bodyOf(member);
  const others = new Map(
    evidence
      .accreditations(body)
      .filter((held) => isSameAuthor(held, member))
      .map((held) => [held.digest, held]),
  );
  const found = new Set([member]);
  for (const held of found) {
    const before = held.value.supersedes === null ? undefined : others.get(held.value.supersedes);
    if (before !== undefined) found.add(before);
    // What supersedes it is of the same author, but may be for another body.
    for (const later of evidence.successors(held)) if (others.has(later.digest)) found.add(later);
  }
  const [first = member, ...rest] = [...found].sort(byDigest);
  return [first, ...rest];
}
