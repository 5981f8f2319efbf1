/**
 * Arrangement: is this text in force between these two sides at that time?
 *
 * Source: docs/spec/recognition.md, "Arrangement" and, for whom a side relies on, 7 and "Accreditation".
 */

import { formatTime } from "../../core/times.ts";
import type { RecognitionArrangement } from "../arrangement.ts";
import type { ConformityCertificate } from "../certificate.ts";
import type { Designation } from "../designation.ts";
import { DENUNCIATION, type Endorsement } from "../endorsement.ts";
import { DOCUMENT } from "../scheme.ts";
import { common } from "../scope.ts";
import { begin, type Evidence, existed, type Held, inOrder, isSameAuthor } from "./evidence.ts";
import { absent, decisive, failed, passed, type Premise, restingOn } from "./finding.ts";

type Text = Held<RecognitionArrangement>;

/** A side's joining or leaving, when it begins, and from when another has replaced it. */
interface Move {
  readonly begin: number;
  readonly ends: number;
  readonly by: Held<Endorsement>;
}

/** The two an arrangement is asked to be in force between. */
export interface Sides {
  readonly near: string;
  readonly into: string;
}

const NOT_BINDING: ReadonlySet<string> = new Set(["mou", "initiative"]);

/**
 * Whether an arrangement gives a ground for recognition: passed `IN_FORCE`.
 *
 * @param text Null where it is not held.
 * @param certificate Which has to lie within its scope; null where identities are recognised.
 */
export function arrangementBetween(
  evidence: Evidence,
  text: Text | null,
  { near, into }: Sides,
  moment: number,
  certificate: Held<ConformityCertificate> | null,
): Premise {
  if (text === null)
    return absent("ARRANGEMENT_MISSING", "the text of the arrangement is not in the evidence");
  if (!text.value.binding || NOT_BINDING.has(text.value.kind)) {
    const detail = `the text is of the kind ${text.value.kind} and binds nobody; it gives no ground for recognition`;
    return failed("NO_LEGAL_BASIS", detail, text);
  }
  const found = [
    joinedAt(evidence, text, near, into, moment),
    joinedAt(evidence, text, into, near, moment),
    ...(certificate === null ? [] : [withinText(text, certificate)]),
  ];
  const against = decisive(found);
  if (against !== null) return against;
  return restingOn(
    passed("IN_FORCE", `in force between ${near} and ${into}`),
    found.flatMap((premise) => premise.restsOn),
  );
}

/** Whether one side has joined a text, and not left the other. */
function joinedAt(evidence: Evidence, text: Text, side: string, other: string, moment: number): Premise {
  const party = text.value.parties.find((each) => each.jurisdiction === side);
  if (party === undefined && !text.value.accession) {
    return failed("NOT_A_PARTY", `${side} is not a party, and the text is not open to others`, text);
  }
  const inEffect = joinsInEffect(evidence, text, side, moment);
  const left = leaving(denunciations(evidence, text, side, other, moment), inEffect);
  if (left !== null) {
    return failed(
      "ARRANGEMENT_DENOUNCED",
      `${side} left it with effect from ${formatTime(left.begin)}`,
      text,
      left.by,
    );
  }
  const joins = joinsOf(evidence, text, side);
  const until = party?.until ?? null;
  if (joins.length === 0 && (until === null || until > moment)) {
    const detail = `no endorsement by which ${side} joined is in the evidence`;
    return absent("ARRANGEMENT_NOT_ENDORSED", detail, text);
  }
  if (until !== null && until <= moment) {
    return failed("ARRANGEMENT_NOT_IN_FORCE", `in force for ${side} until ${formatTime(until)}`, text);
  }
  const joining = last(inEffect);
  if (joining === null) {
    const detail = `not in force for ${side} at ${formatTime(moment)}`;
    return failed("ARRANGEMENT_NOT_IN_FORCE", detail, text, ...joins.map((join) => join.by));
  }
  return passed("IN_FORCE", `in force for ${side} since ${formatTime(joining.begin)}`, text, joining.by);
}

/** A side's joinings that have begun by a moment and that no other has replaced by then. */
function joinsInEffect(evidence: Evidence, text: Text, side: string, moment: number): readonly Move[] {
  return joinsOf(evidence, text, side).filter((join) => isInEffect(join, moment));
}

function isInEffect(move: Move, moment: number): boolean {
  return move.begin <= moment && moment < move.ends;
}

/** Endorsements of a text by an authority of a side, for that side. */
function wordsOf(evidence: Evidence, text: Text, side: string): readonly Held<Endorsement>[] {
  return evidence
    .endorsements(text.digest)
    .filter((held) => held.value.jurisdiction === side && evidence.speaksFor(held, side));
}

function joinsOf(evidence: Evidence, text: Text, side: string): readonly Move[] {
  return evidence.once(`joins ${text.digest} ${side}`, () => {
    const party = text.value.parties.find((each) => each.jurisdiction === side);
    const isJoin = ({ issuer, value }: Held<Endorsement>): boolean =>
      party === undefined
        ? text.value.accession && value.role === "accession"
        : value.role === "party" && issuer === party.authority;
    const joins = wordsOf(evidence, text, side)
      .filter(isJoin)
      .map((by) => ({ begin: Math.max(begin(by, by.value.begins), party?.inForceFrom ?? -Infinity), by }));
    return ended(joins, joins);
  });
}

/** A side's leavings of the pair with another, begun by a moment, that nothing has replaced by then. */
function denunciations(
  evidence: Evidence,
  text: Text,
  side: string,
  other: string,
  moment: number,
): readonly Move[] {
  const every = evidence.once(`leavings ${text.digest} ${side} ${other}`, () => {
    const leavings = wordsOf(evidence, text, side)
      .filter(
        ({ value }) => value.role === DENUNCIATION && (value.toward === null || value.toward.has(other)),
      )
      .map((by) => ({ begin: begin(by, by.value.begins), by }));
    return ended(leavings, [...leavings, ...joinsOf(evidence, text, side)]);
  });
  return every.filter((move) => isInEffect(move, moment));
}

type Begun = Omit<Move, "ends">;

/** The moves, each with from when one of those that may replace it has. */
function ended(moves: readonly Begun[], replacing: readonly Begun[]): readonly Move[] {
  return moves.map(({ begin, by }) => {
    const later = replacing.filter(
      (one) => one.by.value.supersedes === by.digest && isSameAuthor(one.by, by),
    );
    return { begin, by, ends: Math.min(...later.map((one) => one.begin)) };
  });
}

/** The last leaving that no joining answers: one said later that begins later. */
function leaving(leavings: readonly Move[], joins: readonly Move[]): Move | null {
  const isAnswered = (left: Move): boolean =>
    joins.some((join) => join.begin > left.begin && existed(join.by) > existed(left.by));
  return last(leavings.filter((left) => !isAnswered(left)));
}

/** By when they begin, then by digest. */
function last(moves: readonly Move[]): Move | null {
  const sorted = [...moves].sort(
    (one, other) => one.begin - other.begin || inOrder(one.by.digest, other.by.digest),
  );
  return sorted.at(-1) ?? null;
}

function withinText(text: Text, certificate: Held<ConformityCertificate>): Premise {
  const { family, scope } = certificate.value;
  if (!text.value.families.has(family)) {
    const detail = `the arrangement does not cover certificates of the family ${family}`;
    return failed("ARRANGEMENT_SCOPE", detail, text, certificate);
  }
  const [kind, shared] =
    family === DOCUMENT
      ? ["kinds of documents", common(scope.documentTypes, text.value.documentTypes)]
      : ["data categories", common(scope.dataCategories, text.value.dataCategories)];
  if (shared.size === 0) {
    const detail = `the arrangement covers none of the ${kind} of the certificate`;
    return failed("ARRANGEMENT_SCOPE", detail, text, certificate);
  }
  return passed("IN_FORCE", "within the scope of the arrangement", text);
}

/** What a side reserved, in the text and when it last joined. */
export function reservations(
  evidence: Evidence,
  text: Text,
  side: string,
  moment: number,
): readonly string[] {
  const joining = last(joinsInEffect(evidence, text, side, moment));
  return [
    ...text.value.parties
      .filter((party) => party.jurisdiction === side)
      .flatMap((party) => party.reservations),
    ...(joining?.by.value.reservations ?? []),
  ];
}

/** Where a body is designated for a side at a moment, for a family; null where it is not. */
export function designation(
  evidence: Evidence,
  text: Text,
  side: string,
  body: string,
  family: string,
  moment: number,
): Held<RecognitionArrangement | Endorsement> | null {
  const counts = (entry: Designation, from: number): boolean =>
    entry.jurisdiction === side &&
    entry.body === body &&
    (entry.families === null || entry.families.has(family)) &&
    from <= moment &&
    (entry.ends === null || moment < entry.ends);
  if (text.value.designated.some((entry) => counts(entry, begin(text, entry.begins)))) return text;
  const join = joinsInEffect(evidence, text, side, moment).find((each) =>
    each.by.value.designated.some((entry) => counts(entry, Math.max(entry.begins, each.begin))),
  );
  return join?.by ?? null;
}

/** Where it is said first that a side relies on an accreditor at a moment; null where nothing does. */
export function reliance(
  evidence: Evidence,
  text: Text,
  side: string,
  accreditor: string,
  moment: number,
): Held<RecognitionArrangement | Endorsement> | null {
  const names = (held: Held<RecognitionArrangement | Endorsement>): boolean =>
    held.value.accreditors.some((entry) => entry.jurisdiction === side && entry.accreditor === accreditor);
  if (names(text)) return text;
  return joinsInEffect(evidence, text, side, moment).find((join) => names(join.by))?.by ?? null;
}
