/**
 * Standing: all premises of a certificate at one time, and what they come to together.
 *
 * Source: docs/spec/recognition.md, "Standing at a time T".
 */

import type { Json } from "../../core/json.ts";
import { formatTime } from "../../core/times.ts";
import type { RecognitionArrangement } from "../arrangement.ts";
import type { ConformityCertificate } from "../certificate.ts";
import type { Scope } from "../scope.ts";
import { accredited } from "./accreditation.ts";
import { arrangementBetween, designation, reservations } from "./arrangement.ts";
import { type Equivalent, equivalent, metAtHome } from "./equivalence.ts";
import { begun, type Evidence, existed, type Held } from "./evidence.ts";
import { failed, passed, type Premise, premiseJson } from "./finding.ts";
import { authorityKnown, type Granted, recognisedBy } from "./grant.ts";
import { baseOf, nearOf, onward, type Way, wayOf } from "./onward.ts";
import type { Purpose } from "./purpose.ts";
import { reach } from "./reach.ts";
import { statusOf } from "./status.ts";

/** What a certificate or an identity is worth at one moment. */
export interface Standing {
  /** POSIX seconds. */
  readonly moment: number;
  /** invalid: a premise failed; unknown: none failed and one is absent. */
  readonly outcome: "valid" | "invalid" | "unknown";
  /** In the order of the rule. */
  readonly premises: readonly Premise[];
  /** Of the recognition: full, partial, conditional; of an identity its level; null without one. */
  readonly effect: string | null;
  /** What comes with it, for people: conditions, gaps, reservations. */
  readonly limits: readonly string[];
}

/** A standing, and what is needed to say what was not checked. */
export interface Judged {
  readonly standing: Standing;
  readonly status: Premise;
  readonly effective: Scope;
}

type Certificate = Held<ConformityCertificate>;

/** What premises come to together: one that failed outweighs any that are absent. */
export function standingOf(
  moment: number,
  premises: readonly Premise[],
  effect: string | null = null,
  limits: readonly string[] = [],
): Standing {
  const outcomes = new Set(premises.map((premise) => premise.outcome));
  const outcome = outcomes.has("failed") ? "invalid" : outcomes.has("absent") ? "unknown" : "valid";
  return { moment, outcome, premises, effect, limits };
}

/** The standing as a member of a report. */
export function standingJson({ moment, outcome, premises, effect, limits }: Standing): Json {
  return {
    moment: formatTime(moment),
    outcome,
    premises: premises.map(premiseJson),
    ...(effect === null ? {} : { effect }),
    limits,
  };
}

/** What a certificate is worth at a moment, in `into`, or at home where that is null. */
export function standingAt(
  evidence: Evidence,
  certificate: Certificate,
  moment: number,
  into: string | null,
  purpose: Purpose | null,
): Judged {
  return into === null
    ? atHome(evidence, certificate, moment, purpose)
    : abroad(evidence, certificate, moment, into, purpose);
}

function atHome(
  evidence: Evidence,
  certificate: Certificate,
  moment: number,
  purpose: Purpose | null,
): Judged {
  const status = statusOf(evidence, certificate, moment);
  const extent = reach(evidence, certificate, purpose, moment);
  const premises = there(
    dates(evidence, certificate, moment),
    status,
    accredited({ evidence, certificate, moment, base: null }),
    metAtHome(certificate, purpose),
    extent.premise,
  );
  return { standing: standingOf(moment, premises), status, effective: extent.effective };
}

function abroad(
  evidence: Evidence,
  certificate: Certificate,
  moment: number,
  into: string,
  purpose: Purpose | null,
): Judged {
  const status = statusOf(evidence, certificate, moment);
  const known = authorityKnown(evidence, into);
  const granted: Granted | null =
    known.outcome === "passed" ? recognisedBy(evidence, certificate, into, moment) : null;
  const grant = granted?.grants[0] ?? null;
  const way = grant === null ? null : wayOf(evidence, certificate, grant);
  const base = way === null ? null : baseOf(way);
  const between = way === null ? null : arrangementOf(evidence, certificate, way, into, moment);
  const equal = way === null ? null : equivalenceOf(certificate, way, purpose);
  const extent = reach(evidence, certificate, purpose, moment, granted?.grants, way);
  const premises = there(
    dates(evidence, certificate, moment),
    status,
    base === null ? null : accredited({ evidence, certificate, moment, base }),
    known,
    granted?.premise ?? null,
    between?.premise ?? null,
    base === null ? null : designated(evidence, certificate, base, moment),
    equal?.premise ?? null,
    way === null ? null : onward(evidence, certificate, way, moment),
    extent.premise,
  );
  const stands = granted?.premise.outcome === "passed";
  const limits = [
    ...(way !== null && stands ? terms(way) : []),
    ...(equal?.gaps ?? []).map((gap) => `gap: ${gap}`),
    ...(between?.reserved ?? []),
  ];
  const effect = stands && grant !== null ? grant.value.effect : null;
  return { standing: standingOf(moment, premises, effect, limits), status, effective: extent.effective };
}

/** Those that are not left out. */
function there(...premises: readonly (Premise | null)[]): readonly Premise[] {
  return premises.filter((premise) => premise !== null);
}

function dates(evidence: Evidence, certificate: Certificate, moment: number): Premise {
  const { validFrom, validUntil } = certificate.value;
  const [since, until] = [formatTime(validFrom), formatTime(validUntil)];
  if (moment < validFrom) return failed("NOT_YET_VALID", `valid from ${since}`, certificate);
  if (moment < begun(certificate)) {
    const shown = formatTime(existed(certificate));
    const detail = `claims to be valid from ${since}, and is shown to exist from ${shown} only`;
    return failed("BACK_DATED", detail, certificate);
  }
  if (moment >= validUntil) return failed("EXPIRED", `valid until ${until}`, certificate);
  const later = evidence.successors(certificate).filter((held) => begun(held) <= moment);
  if (later.length > 0) {
    return failed("SUPERSEDED", "its body put a later certificate in its place", certificate, ...later);
  }
  return passed("IN_DATES", `valid from ${since} until ${until}`, certificate);
}

/** The premise on the arrangement of the grant, and what its two sides reserved; null where near is not known. */
function arrangementOf(
  evidence: Evidence,
  certificate: Certificate,
  way: Way,
  into: string,
  moment: number,
): { readonly premise: Premise; readonly reserved: readonly string[] } | null {
  const near = nearOf(way, 0, certificate.jurisdiction);
  if (near === null) return null;
  const { text } = way.steps[0];
  const premise = arrangementBetween(evidence, text, { near, into }, moment, certificate);
  if (text === null || premise.outcome !== "passed") return { premise, reserved: [] };
  const reserved = [near, into].flatMap((side) =>
    reservations(evidence, text, side, moment).map((reservation) => `reservation of ${side}: ${reservation}`),
  );
  return { premise, reserved };
}

/** Null where the way is not known, or one of its arrangements is not held. */
function equivalenceOf(certificate: Certificate, way: Way, purpose: Purpose | null): Equivalent | null {
  const texts = way.steps.map((step) => step.text).filter((text) => text !== null);
  if (way.end !== "base" || texts.length < way.steps.length) return null;
  return equivalent(certificate, texts.reverse(), purpose);
}

function designated(
  evidence: Evidence,
  certificate: Certificate,
  base: Held<RecognitionArrangement>,
  moment: number,
): Premise {
  const { jurisdiction, issuer, value } = certificate;
  const by: Held<unknown>[] = [];
  for (const when of [existed(certificate), moment]) {
    const where = designation(evidence, base, jurisdiction, issuer, value.family, when);
    if (where === null) {
      const detail = `${issuer} is not designated for ${jurisdiction} at ${formatTime(when)}`;
      return failed("BODY_NOT_DESIGNATED", detail, certificate, base);
    }
    by.push(where);
  }
  return passed("DESIGNATED", `${issuer} is designated for ${jurisdiction}, now as when it certified`, ...by);
}

function terms({ steps }: Way): readonly string[] {
  const values = steps.map((step) => step.held.value);
  return [
    ...(values.some((value) => value.effect === "partial") ? ["partial"] : []),
    ...values.flatMap((value) => value.conditions).map((condition) => `condition: ${condition}`),
  ];
}
