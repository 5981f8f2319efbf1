/**
 * Step 10: the certificate, or the identity, is recognised where it is to count, at the moment that matters.
 *
 * What counts as evidence is decided here; what follows from it is `statements/recognition`, which knows nothing of
 * files and signatures.  Source: docs/spec/verification.md, "Step 10 in full".
 */

import { toHex } from "../core/bytes.ts";
import { formatTime } from "../core/times.ts";
import type { TrustList } from "../core/trust/values.ts";
import type { ConformityCertificate } from "../statements/certificate.ts";
import type { IdentityRecognition } from "../statements/identity.ts";
import { recogniseIdentity } from "../statements/identityRecognition.ts";
import { type Held, existed } from "../statements/premises/evidence.ts";
import { decisive } from "../statements/premises/finding.ts";
import { type Purpose, purposeOf } from "../statements/premises/purpose.ts";
import { type RecognitionReport, recognise } from "../statements/recognition.ts";
import type { TransferRecord } from "../statements/transfer.ts";
import type { Authorship, Subjects } from "./authorship.ts";
import type { Bundle } from "./bundle.ts";
import { heldOf } from "./evidence.ts";
import { type Check, type Outcome, type Recognised, notAsked } from "./report.ts";
import type { Examined } from "./sections.ts";

/** Types of what a certificate's recognition is judged by. */
const RESTS_ON: ReadonlySet<string> = new Set([
  "Accreditation",
  "RecognitionArrangement",
  "Endorsement",
  "Recognition",
  "StatusChange",
  "StatusList",
]);

/** What the verifier wants to know of a certificate; null where the evidence itself suggests it. */
export interface Question {
  /** Jurisdiction in which the certificate is to be used. */
  readonly into: string | null;
  readonly purpose: Purpose | null;
  /** The moment that matters, POSIX seconds. */
  readonly at: number | null;
  /** Until when evidence is taken into account. */
  readonly now: number;
}

/** Judge the subject: a certificate, an identity's recognition, or a transfer by the certificate it names. */
export function checkRecognition(
  bundle: Bundle,
  examined: readonly Examined[],
  subjects: Subjects,
  authorship: Authorship,
  trust: TrustList,
  asked: Question,
): Recognised {
  const digest = toHex(bundle.subject);
  const subject = subjects.get(digest);
  const evidence = (): readonly Held[] => heldOf(examined, subjects, authorship);
  if (subject?.type === "ConformityCertificate") {
    const carried = examined.some((at) => at.section.items.some((item) => RESTS_ON.has(item.statement.type)));
    if (!carried && asked.into === null) return alone(subject, asked.now);
    return ofCertificate(digest, evidence(), trust, asked);
  }
  if (subject?.type === "TransferRecord" && subject.certificate !== null) {
    return ofMechanism(digest, subject, subject.certificate, subjects, evidence(), trust, asked);
  }
  if (subject?.type === "IdentityRecognition") return ofIdentity(digest, subject, evidence(), trust, asked);
  return notAsked(check("absent", "not-a-certificate", "not a certificate"));
}

function check(outcome: Outcome, code: string, detail: string): Check {
  return { step: 10, outcome, code, detail };
}

function notShown(what: string): Recognised {
  return notAsked(check("absent", "premise-failed", `${what} is not shown to be signed and logged`));
}

/** A certificate beside which nothing stands that says anything of it. */
function alone(subject: ConformityCertificate, now: number): Recognised {
  const ended = now >= subject.validUntil ? `expired at ${formatTime(subject.validUntil)}` : null;
  const told = "no statement about the certificate's status or recognition carried";
  return notAsked(check("absent", "recognition-not-carried", told), ended);
}

function ofCertificate(
  digest: string,
  evidence: readonly Held[],
  trust: TrustList,
  asked: Question,
): Recognised {
  if (!shows(digest, evidence)) return notShown("the certificate itself");
  const into = asked.into ?? onlyRecogniser(evidence, digest);
  const { purpose, at, now: known } = asked;
  return answered(recognise(digest, { into, purpose, at, known, evidence, trust }));
}

/** The identity of a party of elsewhere, as far as this one recognition of it goes. */
function ofIdentity(
  digest: string,
  subject: IdentityRecognition,
  evidence: readonly Held[],
  trust: TrustList,
  asked: Question,
): Recognised {
  if (!shows(digest, evidence)) return notShown("the recognition itself");
  return answered(
    recogniseIdentity(subject.party.did, {
      of: subject.party.jurisdiction,
      into: asked.into ?? subject.jurisdiction,
      only: digest,
      at: asked.at,
      known: asked.now,
      evidence,
      trust,
    }),
  );
}

/** The certificate that a transfer rests on, judged at the moment of the transfer. */
function ofMechanism(
  digest: string,
  record: TransferRecord,
  named: string,
  subjects: Subjects,
  evidence: readonly Held[],
  trust: TrustList,
  asked: Question,
): Recognised {
  const certificate = subjects.get(named);
  if (certificate?.type !== "ConformityCertificate") {
    const told = `the certificate ${named} that the transfer names is not carried`;
    return notAsked(check("absent", "certificate-not-carried", told));
  }
  const transfer = evidence.find((one) => one.digest === digest);
  if (transfer === undefined || !shows(named, evidence)) return notShown("the transfer or its certificate");
  const there = record.importer.jurisdiction;
  const into = there === certificate.body.jurisdiction ? record.exporter.jurisdiction : there;
  const report = recognise(named, {
    into: asked.into ?? into,
    purpose: asked.purpose ?? purposeOf(record),
    // Not when the record says that it was signed: its exporter would choose the status.
    at: asked.at ?? Math.min(existed(transfer), asked.now),
    known: asked.now,
    evidence,
    trust,
  });
  const told = "the certificate of the transfer stood when it was used and does not now";
  const fallen = report.verdict === "VALID_THEN_NOT_NOW" ? [`${told}: ${report.statusNow}`] : [];
  const notices = [...noticesOf(report), ...fallen];
  return { check: concluded(report), report, statusNow: "not checked", later: null, notices };
}

/** What the rule says of the subject itself: a subject that stood and has fallen is not verified for today. */
function answered(report: RecognitionReport): Recognised {
  const { statusNow } = report;
  const hasFallen = report.at.outcome !== "invalid" && report.known.outcome === "invalid";
  const later = hasFallen ? statusNow : null;
  return { check: concluded(report), report, statusNow, later, notices: noticesOf(report) };
}

function shows(digest: string, evidence: readonly Held[]): boolean {
  return evidence.some((held) => held.digest === digest);
}

/** The jurisdiction whose recognition is carried, where there is exactly one. */
function onlyRecogniser(evidence: readonly Held[], certificate: string): string | null {
  const found = new Set<string>();
  for (const { value } of evidence) {
    if (value.type === "Recognition" && value.certificate === certificate) found.add(value.jurisdiction);
  }
  const [only] = found;
  return found.size === 1 && only !== undefined ? only : null;
}

function concluded(report: RecognitionReport): Check {
  const into = report.into === null ? "" : ` into ${report.into}`;
  const moment = formatTime(report.at.moment);
  if (report.verdict === "VALID" || report.verdict === "VALID_THEN_NOT_NOW") {
    const now = report.verdict === "VALID" ? [] : [`not now: ${report.statusNow}`];
    const told = [`valid${into} at ${moment}`, ...report.at.limits, ...now].join("; ");
    return check("passed", kebab(report.verdict), told);
  }
  const outcome = report.verdict === "NOT_VALID_THEN" ? "failed" : "absent";
  const against = decisive(report.at.premises);
  if (against === null) throw new Error("a standing that is not valid has a premise that did not pass");
  return check(outcome, kebab(against.code), `${against.detail}, at ${moment}`);
}

function noticesOf(report: RecognitionReport): readonly string[] {
  return report.notices.map((notice) => `${notice.detail} (${kebab(notice.code)})`);
}

function kebab(code: string): string {
  return code.toLowerCase().replaceAll("_", "-");
}
