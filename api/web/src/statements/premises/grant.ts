/**
 * Recognition by one jurisdiction: did its own authority accept this certificate, and does that stand?
 *
 * Source: docs/spec/recognition.md, 4 and "Recognition by one jurisdiction".
 */

import { formatTime } from "../../core/times.ts";
import type { ConformityCertificate } from "../certificate.ts";
import type { Digest } from "../fields.ts";
import type { Recognition } from "../recognitionGrant.ts";
import { covers, isSame, isSameScope } from "../scope.ts";
import { begun, byAge, byDigest, type Evidence, type Held } from "./evidence.ts";
import { absent, failed, passed, type Premise, restingOn } from "./finding.ts";
import { isWithdrawn, statusOf } from "./status.ts";

type Grant = Held<Recognition>;

/** What one jurisdiction says of a certificate. */
export interface Granted {
  /** passed `RECOGNISED`, or why not. */
  readonly premise: Premise;
  /** Recognitions in effect which say the same, by when they existed; empty where there is none. */
  readonly grants: readonly Grant[];
}

interface Lapse {
  /** Of several lapses the smallest is told: what was taken back says more than what has yet to come. */
  readonly rank: number;
  readonly code: string;
  readonly detail: string;
}

const PREFIX = "RECOGNITION_";

/** Whether anybody's word counts as that of a jurisdiction: passed `AUTHORITY_KNOWN`. */
export function authorityKnown(evidence: Evidence, jurisdiction: string): Premise {
  for (const listed of evidence.trust.authorities.values()) {
    if (listed.jurisdiction === jurisdiction && listed.roles.has("authority")) {
      return passed("AUTHORITY_KNOWN", `the trust list names an authority of ${jurisdiction}`);
    }
  }
  return absent("AUTHORITY_UNKNOWN", `the trust list names no authority of ${jurisdiction}`);
}

/**
 * Whether a jurisdiction recognises a certificate at a moment.
 *
 * @param named The recognition that has to stand; null: any.
 */
export function recognisedBy(
  evidence: Evidence,
  certificate: Held<ConformityCertificate>,
  jurisdiction: string,
  moment: number,
  named: Grant | null = null,
): Granted {
  const said = evidence
    .recognitions(certificate.digest)
    .filter((held) => held.value.jurisdiction === jurisdiction);
  const own = said.filter((held) => evidence.speaksFor(held, jurisdiction));
  if (named !== null && !own.some((held) => held.digest === named.digest)) {
    const detail = `signed by ${named.issuer} of ${named.jurisdiction}, who cannot recognise for ${jurisdiction}`;
    return { premise: failed("RECOGNITION_BY_WRONG_SIDE", detail, named), grants: [] };
  }
  if (own.length === 0) return { premise: none(said, jurisdiction), grants: [] };
  const statuses = new Map(own.map((held) => [held.digest, statusOf(evidence, held, moment, PREFIX)]));
  const live: Grant[] = [];
  let over: (Lapse & { readonly held: Grant })[] = [];
  for (const held of own) {
    const lapse = lapseOf(evidence, held, statuses, moment);
    if (lapse === null) live.push(held);
    else over.push({ ...lapse, held });
  }
  if (named !== null) over = over.filter(({ held }) => held.digest === named.digest);
  over.sort((one, other) => one.rank - other.rank || byDigest(one.held, other.held));
  const told = over[0];
  if (told !== undefined && (named !== null || live.length === 0)) {
    return { premise: failed(told.code, told.detail, told.held), grants: [] };
  }
  const first = live[0];
  if (live.some((held) => first !== undefined && !isAlike(held.value, first.value))) {
    const detail = `${live.length} recognitions of ${jurisdiction} are in effect, and they say different things`;
    return { premise: failed("RECOGNITIONS_CONTRADICT", detail, ...live), grants: [] };
  }
  const grants = [...live].sort(byAge);
  return { premise: standingOf(certificate, grants, statuses) ?? none(said, jurisdiction), grants };
}

function none(said: readonly Grant[], jurisdiction: string): Premise {
  if (said.length === 0) {
    return absent("NOT_RECOGNISED", `no recognition by an authority of ${jurisdiction} is in the evidence`);
  }
  const others = [...new Set(said.map((held) => held.issuer))].sort().join(", ");
  const detail = `only ${others}, not an authority of ${jurisdiction}, says that ${jurisdiction} recognises it`;
  return absent("RECOGNITION_BY_WRONG_SIDE", detail, ...said);
}

/** Why a recognition is not in effect, null where it is. */
function lapseOf(
  evidence: Evidence,
  held: Grant,
  statuses: ReadonlyMap<Digest, Premise>,
  moment: number,
): Lapse | null {
  const status = statuses.get(held.digest);
  if (status !== undefined && isWithdrawn(status))
    return { rank: 0, code: status.code, detail: status.detail };
  if (evidence.isSuperseded(held, moment)) {
    const detail = "its authority put a later recognition in its place";
    return { rank: 2, code: "RECOGNITION_SUPERSEDED", detail };
  }
  if (moment < begun(held)) {
    return {
      rank: 3,
      code: "RECOGNITION_NOT_YET",
      detail: `recognised only from ${formatTime(begun(held))}`,
    };
  }
  if (moment >= held.value.validUntil) {
    const detail = `recognised until ${formatTime(held.value.validUntil)}`;
    return { rank: 1, code: "RECOGNITION_EXPIRED", detail };
  }
  return null;
}

/** Whether two recognitions say the same. */
function isAlike(one: Recognition, other: Recognition): boolean {
  const isOneScope =
    one.scope === null || other.scope === null
      ? one.scope === other.scope
      : isSameScope(one.scope, other.scope);
  return (
    one.effect === other.effect &&
    isSame(new Set(one.conditions), new Set(other.conditions)) &&
    isOneScope &&
    one.arrangement === other.arrangement &&
    one.onward === other.onward
  );
}

/** What grants that say the same come to; null where there is none. */
function standingOf(
  certificate: Held<ConformityCertificate>,
  grants: readonly Grant[],
  statuses: ReadonlyMap<Digest, Premise>,
): Premise | null {
  const first = grants[0];
  if (first === undefined) return null;
  const statusOfEach = (held: Grant): Premise | undefined => statuses.get(held.digest);
  const against = [...grants]
    .sort(byDigest)
    .map(statusOfEach)
    .find((status) => status?.outcome === "failed");
  if (against !== undefined) return against;
  const good = grants.map(statusOfEach).find((status) => status?.outcome === "passed");
  if (good === undefined) return statusOfEach(first) ?? null;
  const { scope, jurisdiction, effect } = first.value;
  if (scope !== null && !covers(certificate.value.scope, scope)) {
    const detail = "the recognition is of more than the certificate covers";
    return failed("RECOGNITION_SCOPE_EXCEEDS", detail, first, certificate);
  }
  return restingOn(
    passed("RECOGNISED", `recognised by ${first.issuer} of ${jurisdiction}, ${effect} effect`),
    [...grants.map((held) => held.digest), ...good.restsOn],
  );
}
