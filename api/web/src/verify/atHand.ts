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
import { existed, type Held, inOrder, isOf } from "../statements/premises/evidence.ts";
import type { TransferRecord } from "../statements/transfer.ts";
import type { Subjects } from "./authorship.ts";
import type { Bundle } from "./bundle.ts";

/** An item of the bundle, and where it stands. */
export interface Placed {
  readonly pointer: string;
  readonly role: string;
  readonly digest: Digest;
}

/** A measure as a decision names it. */
export type Used = DecisionSubject["measures"][number];

/** Every item of a bundle, in order. */
export function placesOf(bundle: Bundle): readonly Placed[] {
  return bundle.sections.flatMap(({ items }, section) =>
    items.map(({ role, statement }, place) => {
      return { pointer: `/sections/${section}/items/${place}`, role, digest: toHex(statement.digest) };
    }),
  );
}

/** All that decisions are judged by, sorted once. */
export class AtHand {
  /** What stands in its log and is validly signed; of bundles beside too. */
  readonly evidence: ReadonlyMap<Digest, Held>;
  readonly #placed: readonly Placed[];
  readonly #subjects: Subjects;
  readonly #carried: ReadonlySet<Digest>;
  readonly #measures = new Map<Digest, MeasureSubject>();
  readonly #endorsements: readonly Held<Endorsement>[];
  readonly #ready = new Map<Digest, Ready>();

  constructor(placed: readonly Placed[], held: readonly Held[], subjects: Subjects) {
    this.#placed = placed;
    this.#subjects = subjects;
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
    const value = this.#subjects.get(digest);
    return value?.type === "TransferRecord" && this.carries(digest) ? value : null;
  }

  /** Whether a statement is an item of the bundle, or evidence of one beside. */
  carries(digest: Digest): boolean {
    return this.#carried.has(digest) || this.evidence.has(digest);
  }

  /** A measure that is evidence. */
  measure(digest: Digest): MeasureSubject | undefined {
    return this.#measures.get(digest);
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
        existed(one) <= existed(decision),
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
    const found = this.#placed.find(({ role, digest }) => {
      const value = this.#subjects.get(digest);
      if (role !== "measure" || value?.type !== "PolicyMeasure" || named.has(digest)) return false;
      const { number, version, applies } = value.subject;
      return number === used.number && version === used.version && sides.includes(applies.jurisdiction);
    });
    return found ?? null;
  }
}

/** Of two with one digest the smaller (existed, jurisdiction) counts. */
function isFirst(one: Held, other: Held): boolean {
  return (existed(one) - existed(other) || inOrder(one.jurisdiction, other.jurisdiction)) < 0;
}
