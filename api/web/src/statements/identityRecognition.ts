/**
 * Is this party's digital identity, of another country, accepted in that one, then and now?
 *
 * Source: docs/spec/recognition.md, "Identity".
 */

import { formatTime } from "../core/times.ts";
import type { Digest } from "./fields.ts";
import type { IdentityRecognition } from "./identity.ts";
import { arrangementBetween } from "./premises/arrangement.ts";
import { type Believed, begun, Evidence, type Held, inOrder } from "./premises/evidence.ts";
import { absent, failed, passed, type Premise } from "./premises/finding.ts";
import { authorityKnown } from "./premises/grant.ts";
import { type Standing, standingOf } from "./premises/standing.ts";
import { isWithdrawn, statusOf } from "./premises/status.ts";
import { firstValid, momentsTried, type RecognitionReport, reportOf, UNTRIED } from "./recognition.ts";

/** What is asked of a party's identity. */
export interface IdentityQuestion {
  /** The jurisdiction it acts for; null: whichever was recognised. */
  readonly of: string | null;
  /** Where its identity has to count. */
  readonly into: string;
  /** Digest of the one recognition that is asked about; null: whichever serves best. */
  readonly only: Digest | null;
  /** When it mattered, POSIX seconds, no later than `known`; null: the first moment at which it counted. */
  readonly at: number | null;
  /** The time of knowledge. */
  readonly known: number;
  /** Statements that are authenticated, in any order, those of strangers too. */
  readonly evidence: Iterable<Held>;
  /** Whose word counts as an authority's. */
  readonly trust: Believed;
}

type Said = Held<IdentityRecognition>;

const PREFIX = "IDENTITY_";
const LEVELS: ReadonlyMap<string, number> = new Map([
  ["low", 1],
  ["substantial", 2],
  ["high", 3],
]);
const RANK = { valid: 0, unknown: 1, invalid: 2 } as const;

/** Judge a party's identity, by its DID; the standings have the mapped level of assurance as their effect. */
export function recogniseIdentity(party: string, question: IdentityQuestion): RecognitionReport {
  const { into, at, known } = question;
  const evidence = new Evidence(question.evidence, known, question.trust);
  const said = evidence
    .identities(party)
    .filter(
      ({ digest, value }) =>
        value.jurisdiction === into &&
        (question.of === null || question.of === value.party.jurisdiction) &&
        (question.only === null || question.only === digest),
    );
  const own = said.filter((held) => evidence.speaksFor(held, into));
  const judge = (moment: number): Standing =>
    bestOf(evidence, own, moment) ?? none(evidence, said, into, moment);
  const now = judge(known);
  let then = now;
  const notChecked = [...notCheckedOf(now)];
  if (at === null && own.length > 0) {
    const tried = momentsTried(evidence, Math.min(...own.map(begun)), known + 1);
    const first = firstValid(tried.moments, judge);
    then = first ?? now;
    if (first === null && !tried.areAll) notChecked.push(UNTRIED);
  } else if (at !== null && at < known) {
    then = judge(at);
  }
  return reportOf(then, now, into, notChecked);
}

function none(evidence: Evidence, said: readonly Said[], into: string, moment: number): Standing {
  const known = authorityKnown(evidence, into);
  if (known.outcome !== "passed") return standingOf(moment, [known]);
  if (said.length === 0) {
    const detail = `no recognition of this identity by an authority of ${into} is in the evidence`;
    return standingOf(moment, [absent("UNRECOGNISED", detail)]);
  }
  const others = [...new Set(said.map((held) => held.issuer))].sort().join(", ");
  const detail = `only ${others}, not an authority of ${into}, says that ${into} recognises it`;
  return standingOf(moment, [absent("IDENTITY_BY_WRONG_SIDE", detail, ...said)]);
}

/** Valid before unknown before invalid, then the higher mapped level, then the smallest digest; null of none. */
function bestOf(evidence: Evidence, own: readonly Said[], moment: number): Standing | null {
  const judged = own.map((held) => ({ held, standing: judgeOne(evidence, held, moment) }));
  judged.sort(
    (one, other) =>
      RANK[one.standing.outcome] - RANK[other.standing.outcome] ||
      levelOf(other.held.value.mappedLevel) - levelOf(one.held.value.mappedLevel) ||
      inOrder(one.held.digest, other.held.digest),
  );
  return judged[0]?.standing ?? null;
}

function levelOf(level: string): number {
  return LEVELS.get(level) ?? 0;
}

function judgeOne(evidence: Evidence, held: Said, moment: number): Standing {
  const { value } = held;
  const text = evidence.arrangement(value.arrangement);
  const sides = { near: value.party.jurisdiction, into: value.jurisdiction };
  const recognised = recognisedAt(evidence, held, moment);
  const premises = [
    recognised,
    credentialAt(held, moment),
    arrangementBetween(evidence, text, sides, moment, null),
  ];
  if (text !== null) {
    const isMapped = text.value.assurance.some(
      (entry) =>
        entry.from === sides.near &&
        entry.level === value.level &&
        entry.into === sides.into &&
        levelOf(entry.mapped) >= levelOf(value.mappedLevel),
    );
    const detail = `level ${value.level} of ${sides.near} as ${value.mappedLevel} of ${sides.into}`;
    premises.push(
      isMapped
        ? passed("MAPPED", `the arrangement takes ${detail}`, text)
        : failed("ASSURANCE_NOT_MAPPED", `the arrangement does not take ${detail}`, text, held),
    );
  }
  return standingOf(moment, premises, recognised.outcome === "passed" ? value.mappedLevel : null);
}

function recognisedAt(evidence: Evidence, held: Said, moment: number): Premise {
  const { validUntil, jurisdiction } = held.value;
  const status = statusOf(evidence, held, moment, PREFIX);
  if (isWithdrawn(status)) return status;
  if (evidence.isSuperseded(held, moment)) {
    return failed("IDENTITY_SUPERSEDED", "its authority put a later recognition in its place", held);
  }
  if (moment < begun(held)) {
    return failed("IDENTITY_NOT_YET", `recognised only from ${formatTime(begun(held))}`, held);
  }
  if (moment >= validUntil)
    return failed("IDENTITY_EXPIRED", `recognised until ${formatTime(validUntil)}`, held);
  if (status.outcome !== "passed") return status;
  return { ...status, code: "RECOGNISED", detail: `recognised by ${held.issuer} of ${jurisdiction}` };
}

function credentialAt(held: Said, moment: number): Premise {
  const { validFrom, validUntil } = held.value.credential;
  if (moment < validFrom) {
    const detail = `the credential is valid from ${formatTime(validFrom)}`;
    return failed("CREDENTIAL_NOT_YET_VALID", detail, held);
  }
  const until = formatTime(validUntil);
  if (moment >= validUntil)
    return failed("CREDENTIAL_EXPIRED", `the credential was valid until ${until}`, held);
  return passed("CREDENTIAL_IN_DATES", `the credential is valid until ${until}`, held);
}

function* notCheckedOf(now: Standing): Generator<string> {
  if (now.premises[0]?.outcome === "absent")
    yield "whether a later withdrawal exists that is not in this evidence";
  yield "whether who presents the credential is the party";
}
