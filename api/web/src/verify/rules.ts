/**
 * Step 11: a decision follows again from the record and the measures carried, and lets the record go.
 *
 * What counts as evidence is decided here; what measures say of a record is `rules/decide`, which knows nothing of
 * files and signatures.  Source: docs/spec/verification.md, "Step 11 in full".
 */

import { toHex } from "../core/bytes.ts";
import { isLedgerError } from "../core/error.ts";
import type { Json } from "../core/json.ts";
import { formatTime, parseTime } from "../core/times.ts";
import { decide, type Decided, ENGINE } from "../rules/decide.ts";
import type { DecisionSubject } from "../statements/decision.ts";
import type { Digest } from "../statements/fields.ts";
import { type Believed, existed, type Held, isKnownTo } from "../statements/premises/evidence.ts";
import type { TransferRecord } from "../statements/transfer.ts";
import { AtHand, type Placed, placesOf, type Used } from "./atHand.ts";
import type { Subjects } from "./authorship.ts";
import type { Bundle } from "./bundle.ts";
import { differenceOf } from "./difference.ts";
import { mayGo } from "./going.ts";
import type { Check, JudgedDecision, Outcome, Ruled } from "./report.ts";
import { weakest } from "./report.ts";

/** Decisions about one record that are judged, at most. */
const MOST_DECISIONS = 8;
/** Characters of a value that a line shows. */
const SHOWN = 80;
const STRANGER = "by neither party to the record nor an authority of either side";

/** A decision of the bundle. */
interface Brought extends Placed {
  readonly decision: DecisionSubject;
}

/** What is the same for every decision of a bundle. */
interface Court {
  readonly atHand: AtHand;
  /** Of the bundle. */
  readonly subject: Digest;
  /** Step 10. */
  readonly certified: Check;
  readonly now: number;
  /** Whether none of those judged is by who may say so. */
  readonly byOthers: boolean;
}

/**
 * Judge the decisions about the subject, or the subject, which is one.
 *
 * @param held All evidence, of bundles beside too.
 * @param subjects Of all statements, those beside too.
 */
export function checkRules(
  bundle: Bundle,
  held: () => readonly Held[],
  subjects: Subjects,
  certified: Check,
  { trust, now }: { readonly trust: Believed; readonly now: number },
): Ruled {
  const placed = placesOf(bundle);
  const subject = toHex(bundle.subject);
  if (!placed.some(({ digest }) => subjects.get(digest)?.type === "Decision")) {
    return unjudged("not-carried", "no decision carried");
  }
  const atHand = new AtHand(placed, held(), subjects, trust);
  const { about, passedOver, byOthers } = lookedAt(atHand, subject);
  if (about.length === 0) {
    return unjudged("decision-of-another", "the decision carried is about another record", passedOver);
  }
  if (about.length > MOST_DECISIONS) {
    const told = `${about.length} decisions about the record; at most ${MOST_DECISIONS} are judged`;
    return unjudged("too-many-decisions", told, passedOver);
  }
  const cases = about.map((one) => new Case({ atHand, subject, certified, now, byOthers }, one));
  const checks = cases.map((one) => one.check);
  const passed = checks.filter(({ outcome }) => byOthers && outcome === "passed");
  const others = "whether other measures were in force that the bundle does not carry";
  const isSilent = about.some(({ decision }) => decision.inbound === undefined);
  return {
    check: weakest(passed.length > 0 ? passed : checks) ?? unjudged("not-carried", "").check,
    judged: cases.flatMap((one) => one.judged() ?? []),
    notices: cases.flatMap((one) => one.notices()),
    notCounted: [...passedOver, ...new Set(cases.flatMap((one) => one.unendorsed()))],
    notChecked: [others, ...(isSilent ? ["what measures of the destination say"] : [])],
  };
}

function unjudged(code: string, detail: string, notCounted: readonly string[] = []): Ruled {
  const check: Check = { step: 11, outcome: "absent", code, detail };
  return { check, judged: null, notices: [], notCounted, notChecked: [] };
}

/** The decisions that are judged, and why others are not; `byOthers`: by none who may say so. */
interface Looked {
  readonly about: readonly Brought[];
  readonly passedOver: readonly string[];
  readonly byOthers: boolean;
}

function lookedAt(atHand: AtHand, subject: Digest): Looked {
  const record = atHand.subjects.get(subject);
  const own: Brought[] = [];
  const others: Brought[] = [];
  const away: Brought[] = [];
  for (const one of atHand.placed) {
    const value = atHand.subjects.get(one.digest);
    if (value?.type !== "Decision") continue;
    const brought = { ...one, decision: value.subject };
    if (one.digest === subject) own.push(brought);
    else if (record?.type !== "TransferRecord" || value.subject.transfer !== subject) away.push(brought);
    else (atHand.maySay(one, record) ? own : others).push(brought);
  }
  const byOthers = own.length === 0;
  const left = byOthers ? others.splice(MOST_DECISIONS) : others;
  const passedOver = [
    ...away.map(({ digest, decision }) => `decision ${digest}: about another record, ${decision.transfer}`),
    ...left.map(({ digest }) => `decision ${digest}: ${STRANGER}`),
  ];
  return { about: byOthers ? others : own, passedOver, byOthers };
}

/** One decision. */
class Case {
  readonly check: Check;
  readonly #court: Court;
  readonly #brought: Brought;
  readonly #named: ReadonlySet<Digest>;
  /** Null where nothing shows that it was signed and logged. */
  readonly #own: Held | null;
  #follows = false;
  #atTransfer: JudgedDecision["atTransfer"] = null;

  constructor(court: Court, brought: Brought) {
    this.#court = court;
    this.#brought = brought;
    this.#named = new Set(brought.decision.measures.map(({ digest }) => digest));
    this.#own = court.atHand.evidence.get(brought.digest) ?? null;
    const check = this.#judge();
    const isStranger = court.byOthers && check.outcome === "failed";
    const told = `${check.code}: ${check.detail}; ${STRANGER}`;
    this.check = isStranger
      ? { ...check, outcome: "absent", code: "decided-by-others", detail: told }
      : check;
  }

  get #at(): number {
    return parseTime(this.#brought.decision.at);
  }

  #judge(): Check {
    const { decision, digest } = this.#brought;
    const { atHand, subject, now } = this.#court;
    const record = atHand.record(decision.transfer);
    if (record === null) {
      const told = `the record ${decision.transfer} that the decision is about is not carried`;
      return this.#said("absent", "record-not-carried", told);
    }
    const changed = this.#changed(record);
    if (changed !== null) return changed;
    const shown = atHand.evidence.get(decision.transfer);
    if (this.#own === null || shown === undefined) {
      const which = this.#own === null ? `decision ${digest}` : `record ${decision.transfer}`;
      return this.#said("absent", "premise-failed", `the ${which} is not shown to be signed and logged`);
    }
    const fault = this.#unasked(this.#own);
    if (fault !== null) return fault;
    const again = this.#again(this.#own, record);
    if ("code" in again) return again;
    this.#follows = true;
    const by = decision.measures.map(shortly).join(", ") || "no measure";
    const told = `${decision.outcome} at ${decision.at}, by ${by}`;
    if (digest === subject) return this.#said("passed", "decision-follows", told);
    const answer = this.#go(again, record, told);
    if (answer.outcome !== "passed") return answer;
    return this.#then(this.#own, record, Math.min(existed(shown), now)) ?? answer;
  }

  /** Whether another measure stands in the place of one that the decision names; whoever signed any of them. */
  #changed(record: TransferRecord): Check | null {
    const { atHand } = this.#court;
    for (const used of this.#brought.decision.measures) {
      const other = atHand.carries(used.digest) ? null : atHand.instead(used, record, this.#named);
      if (other !== null) {
        const told = `${fully(used)}, is not carried; in its place is ${other.digest}`;
        return this.#said("failed", "measure-changed", told, other.pointer);
      }
    }
    return null;
  }

  /** Whether it was decided by other rules than these, or by a measure that cannot be asked. */
  #unasked(own: Held): Check | null {
    const { engine, measures } = this.#brought.decision;
    const { atHand } = this.#court;
    if (engine !== ENGINE) {
      return this.#said("absent", "engine-unknown", `decided by ${engine}; ${ENGINE} is known here`);
    }
    for (const used of measures) {
      if (!atHand.carries(used.digest)) {
        return this.#said("absent", "measure-not-carried", `${fully(used)}, is not carried`);
      }
      const why = atHand.against(used.digest, own, this.#at);
      if (why !== null) {
        return this.#said("absent", "measure-not-counted", `${fully(used)}, does not count: ${why}`);
      }
    }
    return null;
  }

  /** What the measures say again, or why the decision does not follow. */
  #again(own: Held, record: TransferRecord): Decided | Check {
    const { decision } = this.#brought;
    const answer = this.#decided(own, record, this.#at);
    if ("code" in answer) return answer;
    const left = answer.subject.measures.find(({ digest }) => !this.#named.has(digest));
    if (left !== undefined) {
      const told = `${fully(left)}, was in force at ${decision.at}; it is left out`;
      return this.#said("failed", "measure-left-out", told);
    }
    const found = differenceOf(decision, answer.subject);
    if (found === null) return answer;
    const told = `${found.pointer} is ${valueOf(found.one)}; by the measures carried it is ${valueOf(found.other)}`;
    return this.#said("failed", "decision-differs", told);
  }

  /** What the measures of the decision say at a moment; `late`: those published after it too. */
  #decided(own: Held, record: TransferRecord, moment: number, late = false): Decided | Check {
    const ofIt = (one: Held): boolean => late || this.#named.has(one.digest) || isKnownTo(one, own);
    const measures = this.#court.atHand.counting(own, moment, ofIt);
    try {
      return decide(this.#brought.decision.transfer, record.subject, measures, moment);
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      return this.#said("absent", error.code, error.message);
    }
  }

  /** Why what the measures say at a moment of the record does not let it go; null where they do at all of them. */
  #then(own: Held, record: TransferRecord, first: number): Check | null {
    const { decision } = this.#brought;
    const { start, end } = record.subject.window ?? {};
    const ends = [start, end].filter((time) => time !== undefined).map(parseTime);
    for (const moment of [first, ...ends]) {
      const at = formatTime(moment);
      let says = decision.outcome;
      if (moment !== this.#at) {
        const then = this.#decided(own, record, moment);
        if ("code" in then) {
          this.#atTransfer = null;
          return then;
        }
        says = then.subject.outcome;
        const told = `${says} at ${at}, a moment of the record`;
        if (this.#go(then, record, told).outcome !== "passed") {
          this.#atTransfer = { at, says };
          const line = `${told}; the decision is about ${decision.at}`;
          return this.#said("absent", "decided-for-another-time", line);
        }
      }
      const before = this.#atTransfer?.says ?? null;
      if (before === null || (before === decision.outcome && says !== before))
        this.#atTransfer = { at, says };
    }
    return null;
  }

  #go(said: Decided, record: TransferRecord, told: string): Check {
    const answer = mayGo(said, record, this.#court.certified);
    const missing = said.subject.outcome === "indeterminate" ? `not known: ${this.#missing()}` : answer.told;
    return this.#said(answer.outcome, answer.code, missing === undefined ? told : `${told}; ${missing}`);
  }

  #missing(): string {
    const lines = this.#lines().filter(({ outcome }) => outcome === "indeterminate");
    const names = new Set(lines.flatMap(({ missing }) => missing ?? []));
    return [...names].sort().join(", ") || "a rule cannot be evaluated";
  }

  #lines(): DecisionSubject["outbound"]["lines"] {
    const { outbound, inbound } = this.#brought.decision;
    return [...outbound.lines, ...(inbound?.lines ?? [])];
  }

  /** Those that it has itself, where it follows. */
  #conditions(): readonly string[] {
    return this.#follows ? (this.#brought.decision.conditions ?? []) : [];
  }

  /** What would be asked if enough authorities had endorsed it. */
  unendorsed(): readonly string[] {
    const { atHand } = this.#court;
    const record = atHand.record(this.#brought.decision.transfer);
    if (!this.#follows || this.#own === null || record === null) return [];
    return atHand.unendorsed(this.#own, this.#at, record, this.#named);
  }

  /** For the report; null where nothing shows that it was signed and logged. */
  judged(): JudgedDecision | null {
    if (this.#own === null) return null;
    const { digest, decision } = this.#brought;
    const { outcome, code } = this.check;
    return {
      decision: digest,
      at: decision.at,
      says: decision.outcome,
      outcome,
      code,
      measures: decision.measures.map(({ number, version }) => ({ number, version })),
      conditions: [...this.#conditions()],
      atTransfer: this.#atTransfer,
    };
  }

  /** What a reader should know though it changes nothing. */
  notices(): readonly string[] {
    if (!this.#follows) return [];
    const { outcome, code } = this.check;
    const told = [...this.#later()];
    if (outcome !== "passed") return told;
    const conditions = this.#conditions();
    if (conditions.length > 0) told.push(`limit: the rules that decided ask for ${conditions.join(", ")}`);
    const declared = NOT_IN_PLACE[code];
    if (declared !== undefined) told.push(declared);
    const { decision } = this.#brought;
    const then = this.#atTransfer;
    if (then !== null && then.says !== decision.outcome) {
      const line = `${then.says} by the measures carried at ${then.at}, a moment of the record`;
      told.push(`${line}; ${decision.outcome} at ${decision.at}`);
    }
    return told;
  }

  /** What became known later than the decision goes by. */
  *#later(): Generator<string> {
    const { decision } = this.#brought;
    const { atHand } = this.#court;
    for (const used of decision.measures) {
      const held = atHand.evidence.get(used.digest);
      if (held !== undefined && existed(held) > this.#at) {
        yield `${fully(used)}, is not known to have existed at ${decision.at}, of which the decision speaks`;
      }
    }
    const record = atHand.record(decision.transfer);
    const own = this.#own;
    if (own === null || record === null) return;
    const late = atHand.counting(own, this.#at, (one) => !isKnownTo(one, own));
    if (late.length === 0) return;
    const answer = this.#decided(own, record, this.#at, true);
    if ("code" in answer) return;
    for (const used of answer.subject.measures) {
      if (this.#named.has(used.digest)) continue;
      yield `${fully(used)}, was published after the decision, for a time from before ${decision.at}`;
    }
  }

  #said(outcome: Outcome, code: string, detail: string, pointer = this.#brought.pointer): Check {
    const check = { step: 11, outcome, code, detail };
    return outcome === "passed" ? check : { ...check, pointer };
  }
}

const NOT_IN_PLACE: Readonly<Record<string, string>> = {
  "mechanism-declared": "the record declares its mechanism; whether it is in place was not checked",
  "assessment-declared": "the record declares an assessment; whether it was passed was not checked",
};

function shortly({ number, version }: Used): string {
  return `${number} version ${version}`;
}

function fully(used: Used): string {
  return `measure ${shortly(used)}, ${used.digest}`;
}

function valueOf(value: Json | undefined): string {
  if (value === undefined) return "not there";
  const text = JSON.stringify(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}
