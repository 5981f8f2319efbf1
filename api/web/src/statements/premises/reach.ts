/**
 * Scope: what of the certificate is left for a use, after every reduction and recognition and arrangement.
 *
 * Source: docs/spec/recognition.md, 10.
 */

import type { ConformityCertificate } from "../certificate.ts";
import type { Recognition } from "../recognitionGrant.ts";
import { DOCUMENT } from "../scheme.ts";
import { common, narrowed, type Scope } from "../scope.ts";
import type { Dated, Evidence, Held } from "./evidence.ts";
import { absent, failed, passed, type Premise } from "./finding.ts";
import type { Way } from "./onward.ts";
import { outside, partyKey, type Purpose } from "./purpose.ts";
import { isRefreshed, reductions, scopesLeft } from "./status.ts";

/** What is left of a scope, and whether a use lies within it. */
export interface Reach {
  readonly premise: Premise;
  readonly effective: Scope;
}

interface Left {
  readonly effective: Scope;
  /** What narrowed it, the certificate first. */
  readonly said: readonly Held<unknown>[];
  /** Of what it is known that its scope was reduced, and not how. */
  readonly unknown: Held<Dated> | null;
}

/**
 * What a certificate covers at a moment: passed `IN_SCOPE`.
 *
 * @param grants The recognitions in effect, which say the same.
 * @param way From the first of them; null in the domestic question.
 */
export function reach(
  evidence: Evidence,
  certificate: Held<ConformityCertificate>,
  purpose: Purpose | null,
  moment: number,
  grants: readonly Held<Recognition>[] = [],
  way: Way | null = null,
): Reach {
  const left = leftOf(evidence, certificate, moment, grants, way);
  return { premise: judge(certificate, purpose, left), effective: left.effective };
}

function leftOf(
  evidence: Evidence,
  certificate: Held<ConformityCertificate>,
  moment: number,
  grants: readonly Held<Recognition>[],
  way: Way | null,
): Left {
  const steps = way === null ? [] : way.steps;
  const further = steps.slice(1).map((step) => step.held);
  let effective = certificate.value.scope;
  let unknown: Held<Dated> | null = null;
  const said: Held<unknown>[] = [certificate];
  for (const grant of [...grants.slice(0, 1), ...further]) {
    if (grant.value.scope === null) continue;
    effective = narrowed(effective, grant.value.scope);
    said.push(grant);
  }
  const groups: readonly (readonly Held<Dated>[])[] = [
    [certificate],
    grants,
    ...further.map((held) => [held]),
  ];
  for (const targets of groups) {
    const changes = targets.flatMap((target) => reductions(evidence, target, moment));
    said.push(...changes);
    for (const scope of scopesLeft(changes)) effective = narrowed(effective, scope);
    if (changes.length === 0) unknown ??= targets.find((one) => isRefreshed(evidence, one, moment)) ?? null;
  }
  for (const { text } of steps) {
    if (text === null) continue;
    effective = {
      ...effective,
      dataCategories: common(effective.dataCategories, text.value.dataCategories),
      documentTypes: common(effective.documentTypes, text.value.documentTypes),
    };
    said.push(text);
  }
  return { effective, said, unknown };
}

function judge(
  certificate: Held<ConformityCertificate>,
  purpose: Purpose | null,
  { effective, said, unknown }: Left,
): Premise {
  const { holder, family } = certificate.value;
  if (purpose !== null && purpose.parties.size > 0 && !purpose.parties.has(partyKey(holder))) {
    const detail = `the certificate is that of ${holder.did}, who is no party to the transfer`;
    return failed("HOLDER_NOT_A_PARTY", detail, certificate);
  }
  if (isEmpty(effective, family)) {
    return failed("OUT_OF_SCOPE", "nothing of the certificate's scope is left", ...said);
  }
  const beyond = purpose === null ? null : outside(purpose, effective, family);
  if (beyond !== null) return failed("OUT_OF_SCOPE", beyond, ...said);
  if (unknown !== null) {
    const detail = "its scope was reduced, and the change that says how is not in the evidence";
    return absent("SCOPE_UNKNOWN", detail, unknown);
  }
  const detail = purpose === null ? "something of the scope is left" : "the use lies within the scope";
  return passed("IN_SCOPE", detail, ...said);
}

function isEmpty(scope: Scope, family: string): boolean {
  return (
    scope.scenarios.size === 0 ||
    scope.dataCategories.size === 0 ||
    scope.destinations.size === 0 ||
    (family === DOCUMENT && scope.documentTypes.size === 0)
  );
}
