/**
 * Steps 4 to 8, section by section: inclusion, checkpoint, anchors, finality, other jurisdictions' chains.
 *
 * A section is examined before anybody's authorship is: its witnesses and blocks say *when* its statements existed, and
 * the key rule needs that.  Source: docs/spec/algorithm.md.
 */

import { toHex } from "../core/bytes.ts";
import { isLedgerError, proofError } from "../core/error.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "../core/merkle.ts";
import type { LogKeys, Requirement, TrustList } from "../core/trust/values.ts";
import { type AnchorResult, chainsMissing, checkAnchor, noAnchor } from "./anchors.ts";
import type { Bundle, Section } from "./bundle.ts";
import { checkForeign } from "./foreign.ts";
import type { Times } from "./keyrule.ts";
import {
  type OpenNote,
  type Witnessing,
  cosigned,
  independent,
  openNote,
  requireQuorum,
  witnessed,
} from "./notes.ts";
import { type Check, type Outcome, bestUnlessFailed } from "./report.ts";
import { NOT_PROVEN, type Proven, proveTime } from "./times.ts";

/** What was found of one section. */
export interface Examined {
  readonly number: number;
  readonly section: Section;
  /** The trust list's entry for its origin; null where it names no such log. */
  readonly log: LogKeys | null;
  /** Its checkpoint, where the log's own lines hold. */
  readonly note: OpenNote | null;
  readonly checks: readonly Check[];
  /** Whether its statements are in that log: steps 4 and 5 passed. */
  readonly stands: boolean;
  readonly times: Times;
  /** Organisations behind the proven time; of seals, the chain. */
  readonly by: readonly string[];
  /** How the proven time came about. */
  readonly grade: string;
  readonly notCounted: readonly string[];
}

/** Told of each check as it is made. */
export type Tell = (check: Check) => void;

/** Steps 4 to 8 of every section, in order. */
export async function examine(
  bundle: Bundle,
  trust: TrustList,
  requirement: Requirement,
  now: number,
  tell: Tell = () => undefined,
): Promise<readonly Examined[]> {
  const examined: Examined[] = [];
  const last = new Map<string, Examined>();
  for (const [number, section] of bundle.sections.entries()) {
    const examining = new Examining(number, section, trust, requirement, now, tell);
    const found = await examining.run(last.get(section.origin) ?? null);
    last.set(section.origin, found);
    examined.push(found);
  }
  return examined;
}

class Examining {
  readonly number: number;
  readonly section: Section;
  readonly trust: TrustList;
  readonly requirement: Requirement;
  readonly now: number;
  readonly log: LogKeys | null;
  private readonly tell: Tell;
  private readonly checks: Check[] = [];
  private readonly notCounted: string[] = [];
  private note: OpenNote | null = null;
  private witnessing: Witnessing | null = null;

  constructor(
    number: number,
    section: Section,
    trust: TrustList,
    requirement: Requirement,
    now: number,
    tell: Tell,
  ) {
    this.number = number;
    this.section = section;
    this.trust = trust;
    this.requirement = requirement;
    this.now = now;
    this.tell = tell;
    this.log = trust.logs.get(section.origin) ?? null;
  }

  async run(before: Examined | null): Promise<Examined> {
    const accepted = await this.checkpoint(before);
    const stands = this.inclusion(accepted);
    const proven = await this.anchors(stands);
    await this.foreign();
    const { number, section, log, note, checks, notCounted } = this;
    return { number, section, log, note, checks, stands, ...proven, notCounted };
  }

  private add(step: number, outcome: Outcome, code: string, detail: string, pointer?: string): void {
    const check = { step, outcome, code, detail, section: this.number };
    this.push(pointer === undefined ? check : { ...check, pointer });
  }

  private push(check: Check): void {
    this.checks.push(check);
    this.tell(check);
  }

  /** Step 5: the log's own lines, the witnesses, and that it extends the section before; whether it passed. */
  private async checkpoint(before: Examined | null): Promise<boolean> {
    const { section, log, trust, requirement } = this;
    const pointer = `/sections/${this.number}/checkpoint`;
    if (log === null) {
      this.add(5, "absent", "log-unknown", `${section.origin} is not a log of the trust list`, pointer);
      return false;
    }
    const known = independent(trust, log);
    let note: OpenNote;
    let witnessing: Witnessing;
    try {
      note = this.note = await openNote(section.checkpoint, section.origin, log);
      witnessing = this.witnessing = await cosigned(note, trust, log, this.now);
      this.notCounted.push(...witnessing.notCounted.map((told) => `section ${this.number}: ${told}`));
      requireQuorum(witnessing, requirement.quorum, known);
      requireExtends(section, note, before?.note ?? null);
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      this.add(5, "failed", error.code, `${section.origin}: ${error.message}`, pointer);
      return false;
    }
    if (before !== null && before.note === null) {
      const told = `${section.origin}: the section of the same log before this one does not hold`;
      this.add(5, "absent", "premise-failed", told, pointer);
      return false;
    }
    const signed = witnessed(witnessing, requirement.quorum, known);
    this.add(5, "passed", "checkpoint", `${section.origin} at size ${note.size}: ${signed}`);
    return true;
  }

  /** Step 4: every statement of the section under the root of its checkpoint; whether the section stands. */
  private inclusion(accepted: boolean): boolean {
    const { note, section } = this;
    if (note === null) {
      this.add(
        4,
        "absent",
        "premise-failed",
        "the checkpoint does not hold, so there is no root to look under",
      );
      return false;
    }
    let failed = false;
    for (const [place, item] of section.items.entries()) {
      try {
        const leaf = leafHash(item.statement.digest);
        verifyInclusion(leaf, item.index, note.size, item.path, note.root);
      } catch (error) {
        if (!isLedgerError(error)) throw error;
        failed = true;
        const detail = `${item.role} ${toHex(item.statement.digest)}: ${error.message}`;
        this.add(4, "failed", error.code, detail, `/sections/${this.number}/items/${place}`);
      }
    }
    if (failed) return false;
    if (!accepted) {
      this.add(4, "absent", "premise-failed", "the path holds, but the checkpoint is not accepted");
      return false;
    }
    const { items, origin } = section;
    const shown = items.slice(0, 4).map((item) => item.index);
    const more = items.length > shown.length ? ` and ${items.length - shown.length} more` : "";
    const noun = items.length === 1 ? "entry" : "entries";
    this.add(4, "passed", "included", `${noun} ${shown.join(", ")}${more} of ${note.size} in ${origin}`);
    return true;
  }

  /** Steps 6 and 7, and the times that follow from them and from the witnesses. */
  private async anchors(stands: boolean): Promise<Proven> {
    const results: AnchorResult[] = [];
    const { section, number, trust, requirement, now, note: own, log } = this;
    for (const [place, anchor] of section.anchors.entries()) {
      const chain = trust.chains.get(anchor.chain);
      if (chain === undefined) {
        this.notCounted.push(`section ${number}: anchor on ${anchor.chain}, a chain not in the trust list`);
        continue;
      }
      if (own === null || log === null) {
        noAnchor(number, "the checkpoint does not hold", "premise-failed").forEach((check) => {
          this.push(check);
        });
        return NOT_PROVEN;
      }
      const context = { section, number, own, log, trust, requiredGrade: requirement.finality, now };
      results.push(await checkAnchor(anchor, place, chain, context));
    }
    for (const result of results) {
      this.notCounted.push(...result.notCounted.map((told) => `section ${number}: ${told}`));
    }
    const anchored = bestUnlessFailed(results.map((result) => result.anchored));
    const final = bestUnlessFailed(results.map((result) => result.final));
    if (anchored === null || final === null) {
      const told = section.anchors.length > 0 ? "not anchored on a chain of the trust list" : "not anchored";
      noAnchor(number, told, "no-anchor").forEach((check) => {
        this.push(check);
      });
    } else {
      this.push(anchored);
      const { chains } = requirement;
      const few =
        chains !== null && final.outcome === "passed" ? chainsMissing(results, chains, number) : null;
      this.push(few ?? final);
    }
    if (!stands || log === null) return NOT_PROVEN;
    return proveTime(this.witnessing, requirement.quorum, results, log.operator, now);
  }

  /** Step 8: the same log on other jurisdictions' chains. */
  private async foreign(): Promise<void> {
    const { section, number, trust, now, note: own, log } = this;
    if (section.foreign.length === 0) {
      this.add(8, "absent", "not-carried", "not carried");
      return;
    }
    const requiredGrade = this.requirement.finality;
    const result = await checkForeign({ section, number, own, log, trust, requiredGrade, now });
    this.notCounted.push(...result.notCounted);
    this.push(result.check);
  }
}

/** The log of an earlier section, grown and not rewritten. */
function requireExtends(section: Section, note: OpenNote, before: OpenNote | null): void {
  if (before === null || section.extends === null) return;
  if (before.size >= note.size) {
    const told = `size ${note.size} does not follow the size ${before.size}`;
    throw proofError(`${told} of the section before`, "not-ascending");
  }
  verifyConsistency(before.size, note.size, before.root, note.root, section.extends);
}
