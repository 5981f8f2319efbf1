/**
 * What step 11 has at hand: the record, measures and endorsements that are evidence, and which measures count.
 *
 * Source: docs/spec/verification.md, "Step 11 in full".
 */

import { toHex } from "../core/bytes.ts";
import { type Ready, ready } from "../rules/ruling.ts";
import type { DecisionSubject } from "../statements/decision.ts";
import type { Endorsement } from "../statements/endorsement.ts";
import type { Digest } from "../statements/fields.ts";
import type { MeasureSubject } from "../statements/measure.ts";
import {
  type Believed,
  existed,
  type Held,
  inOrder,
  isKnownTo,
  isOf,
} from "../statements/premises/evidence.ts";
import type { TransferRecord } from "../statements/transfer.ts";
import type { Subjects } from "./authorship.ts";
import type { Bundle } from "./bundle.ts";

/** An item of the bundle, and where it stands. */
export interface Placed {
  readonly pointer: string;
  readonly role: string;
  readonly digest: Digest;
  readonly issuer: string;
}

/** A measure as a decision names it. */
export type Used = DecisionSubject["measures"][number];

/** Every item of a bundle, in order. */
export function placesOf(bundle: Bundle): readonly Placed[] {
  return bundle.sections.flatMap(({ items }, section) =>
    items.map(({ role, statement }, place) => {
      return {
        pointer: `/sections/${section}/items/${place}`,
        role,
        digest: toHex(statement.digest),
        issuer: statement.issuer,
      };
    }),
  );
}

/** All that decisions are judged by, sorted once. */
export class AtHand {
  /** What stands in its log and is validly signed; of bundles beside too. */
  readonly evidence: ReadonlyMap<Digest, Held>;
  readonly placed: readonly Placed[];
  readonly subjects: Subjects;
  readonly #trust: Believed;
  readonly #carried: ReadonlySet<Digest>;
  readonly #measures = new Map<Digest, MeasureSubject>();
  readonly #endorsements: readonly Held<Endorsement>[];
  readonly #ready = new Map<Digest, Ready>();

  constructor(placed: readonly Placed[], held: readonly Held[], subjects: Subjects, trust: Believed) {
    this.placed = placed;
    this.subjects = subjects;
    this.#trust = trust;
    this.#carried = new Set(placed.map(({ digest }) => digest));
    const evidence = new Map<Digest, Held>();
    for (const one of held) {
      const other = evidence.get(one.digest);
      if (other === undefined || isFirst(one, other)) evidence.set(one.digest, one);
    }
    this.evidence = evidence;
    const all = [...evidence.values()];
    for (const one of all) {
      if (isOf(one, "PolicyMeasure")) this.#measures.set(one.digest, one.value.subject);
    }
    this.#endorsements = all
      .filter((one) => isOf(one, "Endorsement"))
      .filter(({ value }) => value.role === "jointMeasure");
  }

  /** The record of a digest; null where it is not carried. */
  record(digest: Digest): TransferRecord | null {
    const value = this.subjects.get(digest);
    return value?.type === "TransferRecord" && this.carries(digest) ? value : null;
  }

  /** Whether a statement is an item of the bundle, or evidence of one beside. */
  carries(digest: Digest): boolean {
    return this.#carried.has(digest) || this.evidence.has(digest);
  }

  /** Why a measure does not count for a decision at a moment, in words; null where it does. */
  against(digest: Digest, decision: Held, moment: number): string | null {
    const measure = this.#measures.get(digest);
    if (measure === undefined) return "it is not shown to be signed by an authority and logged";
    const { joint } = measure;
    if (joint === undefined) return null;
    const endorsed = this.#endorsements.filter(
      (one) =>
        one.value.statement === digest &&
        one.value.jurisdiction === one.jurisdiction &&
        one.value.begins <= moment &&
        isKnownTo(one, decision),
    );
    const count = joint.authorities.filter((did) => endorsed.some(({ issuer }) => issuer === did)).length;
    return count >= joint.threshold ? null : `${count} of ${joint.threshold} authorities endorsed it by then`;
  }

  /** The measures that count for a decision at a moment, and that `choose` chooses. */
  counting(decision: Held, moment: number, choose: (measure: Held) => boolean): readonly Ready[] {
    const found: Ready[] = [];
    for (const [digest, measure] of this.#measures) {
      const held = this.evidence.get(digest);
      if (held === undefined || !choose(held) || this.against(digest, decision, moment) !== null) continue;
      const made = this.#ready.get(digest) ?? ready(digest, measure);
      this.#ready.set(digest, made);
      found.push(made);
    }
    return found;
  }

  /** An item that stands in the place of a measure that a decision names; null where none does. */
  instead(used: Used, record: TransferRecord, named: ReadonlySet<Digest>): Placed | null {
    const sides = [record.exporter.jurisdiction, record.importer.jurisdiction];
    const found = this.placed.find(({ role, digest }) => {
      const value = this.subjects.get(digest);
      if (role !== "measure" || value?.type !== "PolicyMeasure" || named.has(digest)) return false;
      const { number, version, applies } = value.subject;
      return number === used.number && version === used.version && sides.includes(applies.jurisdiction);
    });
    return found ?? null;
  }

  /** Joint measures of either side that a decision does not name and that do not count for it, in words. */
  unendorsed(decision: Held, moment: number, record: TransferRecord, named: ReadonlySet<Digest>): string[] {
    const sides = [record.exporter.jurisdiction, record.importer.jurisdiction];
    return [...this.#measures]
      .filter(([digest, { applies }]) => sides.includes(applies.jurisdiction) && !named.has(digest))
      .sort(([one], [other]) => inOrder(one, other))
      .flatMap(([digest, { number, version }]) => {
        const why = this.against(digest, decision, moment);
        return why === null ? [] : `measure ${number} version ${version}, ${digest}, does not count: ${why}`;
      });
  }

  /**
   * Whether a decision about a record is by its exporter or importer, or by an authority of either side.  Of one that
   * is not evidence its word is taken for who signed it: it lets nothing pass.
   */
  maySay({ digest, issuer }: Placed, { exporter, importer }: TransferRecord): boolean {
    const sides = [exporter, importer];
    const acts = sides.filter(({ did }) => did === issuer).map(({ jurisdiction }) => jurisdiction);
    const listed = this.#trust.authorities.get(issuer);
    if (listed?.roles.has("authority") === true) {
      acts.push(...sides.map((side) => side.jurisdiction).filter((code) => code === listed.jurisdiction));
    }
    const held = this.evidence.get(digest);
    return held === undefined ? acts.length > 0 : acts.includes(held.jurisdiction);
  }
}

/** Of two with one digest the smaller (existed, jurisdiction) counts. */
function isFirst(one: Held, other: Held): boolean {
  return (existed(one) - existed(other) || inOrder(one.jurisdiction, other.jurisdiction)) < 0;
}
