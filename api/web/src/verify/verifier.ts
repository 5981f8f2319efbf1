/**
 * Verify an evidence bundle: bytes, a trust list and a time in; a report out.  Nothing else is looked at.
 *
 * Source: docs/spec/verification.md, docs/spec/algorithm.md.
 */

import { type Bytes, toHex } from "../core/bytes.ts";
import { type LedgerError, isLedgerError } from "../core/error.ts";
import { DEFAULT_REQUIREMENT, type TrustList } from "../core/trust/values.ts";
import { type Subject, TYPES, read } from "../statements/catalogue.ts";
import type { Held } from "../statements/premises/evidence.ts";
import type { Purpose } from "../statements/premises/purpose.ts";
import { type Authorship, type Subjects, checkAuthorship } from "./authorship.ts";
import { examineBeside } from "./beside.ts";
import { type Bundle, FORMAT, parseBundle } from "./bundle.ts";
import { type Content, NO_CONTENT, checkContent } from "./content.ts";
import { heldOf } from "./evidence.ts";
import { checkParties } from "./parties.ts";
import { checkRecognition } from "./recognition.ts";
import { type Check, type Dated, type Report, STEPS, conclude } from "./report.ts";
import { type Examined, type Tell, examine } from "./sections.ts";
import { type Succession, checkSuccession } from "./succession.ts";
import { checkRules } from "./rules.ts";
import { requirePast } from "./times.ts";

/** What is asked beside the bundle itself. */
export interface Asked {
  /** The verifier's clock, POSIX seconds. */
  readonly now: number;
  /** POSIX second, at most `now`, for which the status of a certificate is asked; it moves no other check. */
  readonly at?: number | null;
  /** Files and openings in hand. */
  readonly content?: Content;
  /** Steps required in addition to those of the trust list. */
  readonly require?: readonly number[];
  /** Whether a status of today is required too. */
  readonly requireNow?: boolean;
  /** Jurisdiction in which a certificate is to be used. */
  readonly into?: string | null;
  /** What a certificate is to be used for. */
  readonly purpose?: Purpose | null;
  /** Other bundles in hand; what is wrong with them is passed over and named. */
  readonly beside?: readonly Bytes[];
  /** Told of each check as it is made; the report has them all. */
  readonly onStep?: Tell;
}

/**
 * Carry out every step and say what was shown, what failed and what was not checked.
 *
 * There is a report for any bytes whatever.  Its verdict is `verified` only if every required step passed and no step
 * failed, required or not.  A question about a time to come is refused, `at-in-future`.
 */
export async function verifyBundle(data: Bytes, trust: TrustList, asked: Asked): Promise<Report> {
  requirePast(asked.at ?? null, asked.now);
  const opened = open(data, trust, asked);
  if ("verdict" in opened) {
    opened.checks.forEach((check) => asked.onStep?.(check));
    return opened;
  }
  const { bundle, subjects } = opened;
  const { now, at = null, into = null, purpose = null } = asked;
  const tell = asked.onStep ?? ((): void => undefined);
  const made = <T extends Check>(check: T): T => {
    tell(check);
    return check;
  };
  const { type } = bundle.subjectItem.statement;
  const requirement = trust.require.get(type) ?? null;
  const required = requirement ?? DEFAULT_REQUIREMENT;
  const checks: Check[] = [made({ step: 1, outcome: "passed", code: FORMAT, detail: shapeOf(bundle) })];
  const examined = await examine(bundle, trust, required, now, tell);
  const others = await examineBeside(asked.beside ?? [], trust, required, now);
  const every = new Map([...others.subjects, ...subjects]);
  const authorship = await checkAuthorship(examined, every, trust, now, others.examined);
  authorship.checks.forEach(tell);
  const shown = [...examined, ...others.examined];
  const succession = await succeeded(bundle, shown, subjects, authorship, trust, now);
  succession.checks.forEach(tell);
  checks.push(...authorship.checks, ...succession.checks, ...examined.flatMap((found) => found.checks));
  checks.push(made(await checkContent(bundle, asked.content ?? NO_CONTENT)));
  checks.push(made(checkParties(bundle, examined, subjects, authorship)));
  const question = { into, purpose, at, now };
  const recognised = checkRecognition(bundle, shown, every, authorship, trust, question);
  tell(recognised.check);
  const held = (): readonly Held[] => heldOf(shown, every, authorship);
  const ruled = checkRules(bundle, held, every, recognised.check, { trust, now });
  tell(ruled.check);
  return conclude(checks, trust, {
    subject: bundle.subject,
    subjectType: type,
    required: [...required.steps, ...(asked.require ?? [])],
    requireNow: asked.requireNow ?? false,
    now,
    at,
    statements: dated(examined),
    unfinished: requirement === null ? [nothingRequired(type)] : [],
    notCounted: passedOver(examined, others.passedOver, authorship),
    notices: [...authorship.notices, ...succession.told],
    recognised,
    ruled,
  });
}

/** What is wrong with a notice that a log ended, where it is the subject, and what it says. */
async function succeeded(
  bundle: Bundle,
  examined: readonly Examined[],
  subjects: Subjects,
  authorship: Authorship,
  trust: TrustList,
  now: number,
): Promise<Succession> {
  const item = bundle.subjectItem;
  const digest = toHex(bundle.subject);
  const notice = subjects.get(digest);
  const at = examined.find((found) => found.section.items.includes(item));
  if (notice?.type !== "LogSuccession" || at === undefined) return { checks: [], told: [] };
  // A stranger's word is not repeated.
  if (at.log !== null && !authorship.grants.has(digest)) return { checks: [], told: [] };
  return checkSuccession(notice, item, at, examined, trust, now);
}

interface Opened {
  readonly bundle: Bundle;
  readonly subjects: ReadonlyMap<string, Subject>;
}

/** Step 1: the bundle and the subjects of its statements, or the report on what cannot be read. */
function open(data: Bytes, trust: TrustList, asked: Asked): Opened | Report {
  const required = [1, ...(asked.require ?? [])];
  try {
    const bundle = parseBundle(data);
    const statements = bundle.sections.flatMap((section) => section.items.map((item) => item.statement));
    const later = statements.find((statement) => !TYPES.has(statement.type));
    if (later !== undefined) return ofALaterVersion(later.type, trust, required, asked);
    return { bundle, subjects: new Map(statements.map((one) => [toHex(one.digest), read(one)])) };
  } catch (error) {
    if (!isLedgerError(error) || error.kind !== "malformed") throw error;
    return unreadable(error, trust, required, asked);
  }
}

/** The report on bytes that are not what they should be: step 1 failed, and nothing else was looked at. */
export function unreadable(
  error: LedgerError,
  trust: TrustList,
  required: readonly number[],
  asked: Pick<Asked, "now" | "at">,
): Report {
  const failed: Check = { step: 1, outcome: "failed", code: error.code, detail: error.message };
  const first = error.pointer === undefined ? failed : { ...failed, pointer: error.pointer };
  const checks = [first, ...withoutPremise("the file did not parse")];
  return conclude(checks, trust, { required, now: asked.now, at: asked.at ?? null });
}

/** The report on a file whose form holds, with a statement that this version cannot read: nothing is known. */
export function ofALaterVersion(
  type: string,
  trust: TrustList,
  required: readonly number[],
  asked: Pick<Asked, "now" | "at">,
): Report {
  const detail = `there is no type of statement ${type} in this version`;
  const first: Check = { step: 1, outcome: "absent", code: "statement-type", detail };
  const { now, at = null } = asked;
  return conclude([first, ...withoutPremise(detail)], trust, { required, now, at, unfinished: [detail] });
}

function withoutPremise(detail: string): readonly Check[] {
  const steps = [...STEPS.keys()].filter((step) => step !== 1);
  return steps.map((step) => ({ step, outcome: "absent", code: "premise-failed", detail }));
}

/** Why nothing can be concluded of a subject of a type that the trust list does not name. */
export function nothingRequired(type: string): string {
  return `trust list requires nothing for ${type}`;
}

function shapeOf({ sections }: Bundle): string {
  const items = sections.reduce((sum, section) => sum + section.items.length, 0);
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  return [FORMAT, counted(sections.length, "section"), counted(items, "statement")].join(", ");
}

function passedOver(
  examined: readonly Examined[],
  beside: readonly string[],
  authorship: Authorship,
): readonly string[] {
  return [...examined.flatMap((found) => found.notCounted), ...beside, ...authorship.passedOver];
}

function dated(examined: readonly Examined[]): readonly Dated[] {
  return examined.flatMap((found) =>
    found.section.items.map(({ role, statement }) => ({
      digest: statement.digest,
      role,
      type: statement.type,
      issuer: statement.issuer,
      claimed: statement.created,
      proven: found.times.proven,
      by: found.by,
      grade: found.grade,
      operator: found.times.operator,
    })),
  );
}
