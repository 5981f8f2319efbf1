/**
 * Onward recognition: may one state's recognition rest on another's, and does every one on the way stand?
 *
 * Source: docs/spec/recognition.md, "The way" and 9.
 */

import type { RecognitionArrangement } from "../arrangement.ts";
import type { ConformityCertificate } from "../certificate.ts";
import type { Recognition } from "../recognitionGrant.ts";
import { arrangementBetween } from "./arrangement.ts";
import { type Evidence, type Held, isOf } from "./evidence.ts";
import { absent, decisive, failed, passed, prefixed, type Premise, restingOn } from "./finding.ts";
import { authorityKnown, recognisedBy } from "./grant.ts";

/** One recognition on a way, and its arrangement, null where that is not held. */
export interface Step {
  readonly held: Held<Recognition>;
  readonly text: Held<RecognitionArrangement> | null;
}

/** A recognition and those it rests on, one on another. */
export interface Way {
  /** From the one asked about to the last that is held. */
  readonly steps: readonly [Step, ...Step[]];
  /**
   * base: the last rests on the certificate alone; missing: on one that is not held; another: on something else than
   * a recognition of the certificate; cycle: it comes back, or never ends.
   */
  readonly end: "base" | "missing" | "another" | "cycle";
  /** What the last names where that is held and goes no further. */
  readonly beyond: Held | null;
}

const MOST_HOPS = 8;
const PREFIX = "ONWARD_";

type Certificate = Held<ConformityCertificate>;

/** Follow a recognition to the one that rests on the certificate alone, at most `MOST_HOPS` further. */
export function wayOf(evidence: Evidence, certificate: Certificate, grant: Held<Recognition>): Way {
  const step = (held: Held<Recognition>): Step => ({
    held,
    text: evidence.arrangement(held.value.arrangement),
  });
  const steps: [Step, ...Step[]] = [step(grant)];
  const met = new Set([certificate.jurisdiction, grant.value.jurisdiction]);
  let digest = grant.value.onward;
  while (digest !== null) {
    const next = evidence.get(digest);
    if (next === undefined) return { steps, end: "missing", beyond: null };
    if (!isOf(next, "Recognition") || next.value.certificate !== certificate.digest) {
      return { steps, end: "another", beyond: next };
    }
    if (met.has(next.value.jurisdiction) || steps.length > MOST_HOPS)
      return { steps, end: "cycle", beyond: next };
    met.add(next.value.jurisdiction);
    steps.push(step(next));
    digest = next.value.onward;
  }
  return { steps, end: "base", beyond: null };
}

/** The arrangement between the certificate's own jurisdiction and the next, where the way is known and it is held. */
export function baseOf(way: Way): Held<RecognitionArrangement> | null {
  return way.end === "base" ? (way.steps.at(-1)?.text ?? null) : null;
}

/** The jurisdiction that the recognition at a place relies on, null where that is not known. */
export function nearOf(way: Way, place: number, origin: string): string | null {
  const next = way.steps[place + 1];
  if (next !== undefined) return next.held.value.jurisdiction;
  if (way.end === "base") return origin;
  return isOf(way.beyond ?? undefined, "Recognition") ? jurisdictionOf(way.beyond) : null;
}

function jurisdictionOf(held: Held | null): string | null {
  return held?.value.type === "Recognition" ? held.value.jurisdiction : null;
}

/** Whether a recognition may rest on those it names: passed `ONWARD`; null where it names none. */
export function onward(
  evidence: Evidence,
  certificate: Certificate,
  way: Way,
  moment: number,
): Premise | null {
  if (way.steps[0].held.value.onward === null) return null;
  const broken = brokenOff(way) ?? tooDeep(way);
  if (broken !== null) return broken;
  const found = way.steps
    .slice(1)
    .flatMap((_, index) => standingOf(evidence, certificate, way, index + 1, moment));
  const against = decisive(found);
  if (against?.outcome === "failed") return prefixed(PREFIX, against);
  if (way.end === "missing") {
    const last = way.steps.at(-1)?.held ?? way.steps[0].held;
    const detail = `the recognition that the one of ${last.value.jurisdiction} rests on is not in the evidence`;
    return absent("ONWARD_MISSING", detail, last);
  }
  if (against !== null) return prefixed(PREFIX, against);
  const by = way.steps.slice(1).map((step) => step.held.value.jurisdiction);
  return restingOn(
    passed("ONWARD", `rests on the recognition by ${by.join(", ")}, as the arrangement allows`),
    found.flatMap((premise) => premise.restsOn),
  );
}

function brokenOff(way: Way): Premise | null {
  const held = way.steps.map((step) => step.held);
  if (way.end === "cycle") {
    const detail = `recognitions rest on one another in a circle, or more than ${MOST_HOPS} deep`;
    return failed("NOT_TRANSITIVE", detail, ...held);
  }
  if (way.end === "another") {
    const last = held.slice(-1);
    const by = last.map((one) => one.value.jurisdiction).join();
    const detail = `what the recognition by ${by} rests on is no recognition of this certificate`;
    return failed("ONWARD_OF_ANOTHER", detail, ...last, ...(way.beyond === null ? [] : [way.beyond]));
  }
  return null;
}

/** Where an arrangement allows fewer hops than follow, one that is not held counted. */
function tooDeep(way: Way): Premise | null {
  const following = way.steps.length - 1 + Number(way.end === "missing");
  for (const [place, { held, text }] of way.steps.entries()) {
    const hops = following - place;
    if (text !== null && text.value.onwardDepth < hops) {
      const rests = `the recognition by ${held.value.jurisdiction} rests on ${hops} others in a row`;
      return failed(
        "NOT_TRANSITIVE",
        `${rests}; its arrangement allows ${text.value.onwardDepth}`,
        held,
        text,
      );
    }
  }
  return null;
}

/** 4 to 6 of one that follows on a way. */
function standingOf(
  evidence: Evidence,
  certificate: Certificate,
  way: Way,
  place: number,
  moment: number,
): readonly Premise[] {
  const step = way.steps[place];
  if (step === undefined) return [];
  const into = step.held.value.jurisdiction;
  const known = authorityKnown(evidence, into);
  if (known.outcome !== "passed") return [known];
  const { premise } = recognisedBy(evidence, certificate, into, moment, step.held);
  const near = nearOf(way, place, certificate.jurisdiction);
  if (near === null) return [premise];
  return [premise, arrangementBetween(evidence, step.text, { near, into }, moment, certificate)];
}
