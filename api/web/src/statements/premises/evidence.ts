/**
 * Authenticated statements, found by what they concern.
 *
 * Source: docs/spec/recognition.md, "Inputs" and "Times".
 */

import type { Accreditation } from "../accreditation.ts";
import type { RecognitionArrangement } from "../arrangement.ts";
import type { Subject } from "../catalogue.ts";
import type { ConformityCertificate } from "../certificate.ts";
import type { Endorsement } from "../endorsement.ts";
import type { Digest } from "../fields.ts";
import type { IdentityRecognition } from "../identity.ts";
import type { Recognition } from "../recognitionGrant.ts";
import type { StatusChange } from "../statusChange.ts";
import type { StatusList } from "../statusList.ts";

/** A statement signed under the key rule by an author who acts for `jurisdiction`. */
export interface Held<V = Subject> {
  readonly digest: Digest;
  readonly type: string;
  readonly issuer: string;
  /** As claimed, POSIX seconds. */
  readonly created: number;
  /** The subject, as the type's module reads it. */
  readonly value: V;
  /** Of the author's enrolment or listing, and of the log the statement stands in. */
  readonly jurisdiction: string;
  /** Its proven time, if it has one. */
  readonly proven: number | null;
  /** The operator's own block time, if there is one. */
  readonly operator: number | null;
  /** The log in which it stands, and where. */
  readonly entry?: { readonly origin: string; readonly index: number };
}

/** Whom a verifier believes: of a trust list its authorities, by DID. */
export interface Believed {
  readonly authorities: ReadonlyMap<
    string,
    { readonly jurisdiction: string; readonly roles: ReadonlySet<string> }
  >;
}

/** What has a first and a last day, and a status. */
export type Dated = ConformityCertificate | Accreditation | Recognition | IdentityRecognition;
/** Who speaks, and for which jurisdiction: a DID speaks for itself where it was enrolled or listed, nowhere else. */
export interface Author {
  readonly issuer: string;
  readonly jurisdiction: string;
}

/** Seconds within which a proven time bears out the claimed one. */
const PROMPT = 86_400;

/** From when on a statement counts: the claimed time, unless what is known of its time is much later. */
export function existed({ created, proven, operator }: Held<unknown>): number {
  const known = proven ?? operator;
  return known === null || known <= created + PROMPT ? created : known;
}

/** Whether a statement existed by the time of another, or stands before it in the same log. */
export function isKnownTo(one: Held<unknown>, later: Held<unknown>): boolean {
  if (existed(one) <= existed(later)) return true;
  const [own, other] = [one.entry, later.entry];
  return own !== undefined && own.origin === other?.origin && own.index < other.index;
}

/** When what a statement says to hold from `moment` on began: not before it existed. */
export function begin(held: Held<unknown>, moment: number): number {
  return Math.max(moment, existed(held));
}

/** When a statement with dates began to hold. */
export function begun(held: Held<{ readonly validFrom: number }>): number {
  return begin(held, held.value.validFrom);
}

/** Whether a statement with dates holds by them alone. */
export function holdsAt(held: Held<Dated>, moment: number): boolean {
  return begun(held) <= moment && moment < held.value.validUntil;
}

export function isSameAuthor(one: Author, other: Author): boolean {
  return one.issuer === other.issuer && one.jurisdiction === other.jurisdiction;
}

/** Below, at or above 0, as texts order by their code units; digests so order as their bytes. */
export function inOrder(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

export function byDigest(one: Held<unknown>, other: Held<unknown>): number {
  return inOrder(one.digest, other.digest);
}

/** By when they existed, then by digest. */
export function byAge(one: Held<unknown>, other: Held<unknown>): number {
  return existed(one) - existed(other) || byDigest(one, other);
}

/** The values of a type. */
type ValueOf<T extends Subject["type"]> = Extract<Subject, { readonly type: T }>;

/** Whether a statement is of a type. */
export function isOf<T extends Subject["type"]>(held: Held | undefined, type: T): held is Held<ValueOf<T>> {
  return held?.value.type === type;
}

/** All that is known, and whom the verifier believes; no answer depends on the order in which it arrived. */
export class Evidence {
  readonly trust: Believed;
  /** The time of knowledge, POSIX seconds. */
  readonly known: number;
  readonly #held = new Map<Digest, Held>();
  /** Statements by what they are about, a type and a text; each list by digest. */
  readonly #about = new Map<string, Held[]>();
  readonly #successors = new Map<Digest, Held[]>();
  readonly #places = new Map<string, Held<Dated>[]>();
  readonly #kept = new Map<string, unknown>();

  /**
   * @param held In any order; of two with one digest the smaller (existed, jurisdiction) counts.
   * @param known Those that existed later are left out,
   * @param subject but for the one that is asked about.
   */
  constructor(held: Iterable<Held>, known: number, trust: Believed, subject: Digest | null = null) {
    this.trust = trust;
    this.known = known;
    const sorted = [...held].sort(
      (one, other) =>
        byDigest(one, other) ||
        existed(one) - existed(other) ||
        inOrder(one.jurisdiction, other.jurisdiction),
    );
    for (const one of sorted) {
      if (!this.#held.has(one.digest) && (existed(one) <= known || one.digest === subject)) {
        this.#held.set(one.digest, one);
        this.#sort(one);
      }
    }
  }

  #sort(held: Held): void {
    const { value } = held;
    const about = subjectOf(value);
    if (about !== null) append(this.#about, `${value.type} ${about}`, held);
    if ("status" in value && value.status !== null)
      append(this.#places, placeOf(held, value.status), held as Held<Dated>);
    if ("supersedes" in value && value.supersedes !== null) append(this.#successors, value.supersedes, held);
  }

  /** Every statement, by digest. */
  all(): Iterable<Held> {
    return this.#held.values();
  }

  get size(): number {
    return this.#held.size;
  }

  get(digest: Digest): Held | undefined {
    return this.#held.get(digest);
  }

  /** What `find` gives, found the first time that it is asked for: many moments ask the same. */
  once<T>(question: string, find: () => T): T {
    if (!this.#kept.has(question)) this.#kept.set(question, find());
    return this.#kept.get(question) as T; // each question has one kind of answer, named by its first word
  }

  certificate(digest: Digest): Held<ConformityCertificate> | null {
    const held = this.get(digest);
    return isOf(held, "ConformityCertificate") ? held : null;
  }

  arrangement(digest: Digest): Held<RecognitionArrangement> | null {
    const held = this.get(digest);
    return isOf(held, "RecognitionArrangement") ? held : null;
  }

  /** Status changes that name a statement, of whatever author, by digest; likewise the others. */
  changes(target: Digest): readonly Held<StatusChange>[] {
    return this.#of("StatusChange", target);
  }

  /** By the id of the list. */
  lists(id: string): readonly Held<StatusList>[] {
    return this.#of("StatusList", id);
  }

  endorsements(text: Digest): readonly Held<Endorsement>[] {
    return this.#of("Endorsement", text);
  }

  recognitions(certificate: Digest): readonly Held<Recognition>[] {
    return this.#of("Recognition", certificate);
  }

  /** By the DID of the party. */
  identities(party: string): readonly Held<IdentityRecognition>[] {
    return this.#of("IdentityRecognition", party);
  }

  /** Of a body, its DID and jurisdiction. */
  accreditations(body: Author): readonly Held<Accreditation>[] {
    return this.#of("Accreditation", authorKey(body));
  }

  #of<T extends Subject["type"]>(type: T, about: string): readonly Held<ValueOf<T>>[] {
    return (this.#about.get(`${type} ${about}`) ?? []) as unknown as readonly Held<ValueOf<T>>[]; // sorted in by type
  }

  /** Statements of the same type and author that name this one as superseded, by digest. */
  successors<V extends Subject>(held: Held<V>): readonly Held<V>[] {
    const named = this.#successors.get(held.digest) ?? [];
    const own = named.filter((one) => one.value.type === held.value.type && isSameAuthor(one, held));
    return own as unknown as readonly Held<V>[]; // of the same type
  }

  /** Whether a later statement has taken the place of this one by `moment`. */
  isSuperseded(held: Held<Dated>, moment: number): boolean {
    const first = this.once(`superseded ${held.digest}`, () => Math.min(...this.successors(held).map(begun)));
    return first <= moment;
  }

  /** The first other of the same author, there by `moment`, that points to the same place of the same list. */
  sharingPlace(held: Held<Dated>, moment: number): Held<Dated> | null {
    const { status } = held.value;
    if (status === null) return null;
    const place = placeOf(held, status);
    // Of the two that existed first, one is another than this.
    const first = this.once(`place ${place}`, () =>
      [...(this.#places.get(place) ?? [])].sort(byAge).slice(0, 2),
    );
    return first.find((one) => one.digest !== held.digest && existed(one) <= moment) ?? null;
  }

  /** Whether the trust list gives `issuer` this role in this jurisdiction. */
  isListed({ issuer, jurisdiction }: Author, role: string): boolean {
    const listed = this.trust.authorities.get(issuer);
    return listed?.jurisdiction === jurisdiction && listed.roles.has(role);
  }

  /** Whether a statement is by an authority of `jurisdiction`, acting there. */
  speaksFor(held: Held<unknown>, jurisdiction: string): boolean {
    return held.jurisdiction === jurisdiction && this.isListed(held, "authority");
  }
}

/** What a statement is looked for by; null where it is looked for by its digest alone. */
function subjectOf(value: Subject): string | null {
  if (value.type === "StatusList") return value.id;
  if (value.type === "StatusChange" || value.type === "Endorsement") return value.statement;
  if (value.type === "Recognition") return value.certificate;
  if (value.type === "IdentityRecognition") return value.party.did;
  if (value.type !== "Accreditation") return null;
  return authorKey({ issuer: value.body.did, jurisdiction: value.body.jurisdiction });
}

/** An author as text; neither part holds a space. */
export function authorKey({ issuer, jurisdiction }: Author): string {
  return `${issuer} ${jurisdiction}`;
}

function placeOf(author: Author, status: { readonly listId: string; readonly index: number }): string {
  return `${authorKey(author)} ${status.listId} ${status.index}`;
}

function append<V>(lists: Map<string, V[]>, key: string, one: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [one]);
  else list.push(one);
}
