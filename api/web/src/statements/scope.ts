/**
 * A scope: what a certificate covers, what a recognition takes over, what a status change leaves.
 *
 * Source: docs/spec/conformity-certificate.md; docs/spec/recognition.md, "Scopes".
 */

import { CATEGORIES } from "./codes.ts";
import { codes, COUNTRY, integer, LABEL, text } from "./fields.ts";
import { SCENARIO, scenarioOf } from "./scenario.ts";
import { array, object, type Of, type Tell } from "./shape.ts";

export type Words = ReadonlySet<string>;

/** What is covered: a product of sets and limits. */
export interface Scope {
  readonly activities: Words;
  readonly dataCategories: Words;
  /** As `scenarioOf` writes them. */
  readonly scenarios: Words;
  readonly destinations: Words;
  /** Empty: no kind of document is. */
  readonly documentTypes: Words;
  /** Most persons; null: no limit. */
  readonly persons: number | null;
  /** Most persons whose sensitive data are concerned; null: `persons` alone limits them. */
  readonly sensitivePersons: number | null;
}

export const DATA_CATEGORIES = codes("categories", CATEGORIES);
export const DOCUMENT_TYPES = array(
  text(
    "a kind of document, such as einvoice/UBL-2.1",
    String.raw`[a-z][A-Za-z0-9]{0,31}\/[A-Za-z0-9][A-Za-z0-9._\-]{0,63}`,
    97,
  ),
  1,
  32,
  true,
);
const LIMITS = object({ persons: integer(0) }, { sensitivePersons: integer(0) }).where(
  ["persons", "sensitivePersons"],
  (limits, at, tell) => {
    if (limits.sensitivePersons !== undefined && limits.sensitivePersons > limits.persons) {
      tell(`${at}/sensitivePersons`, "counts-conflict", 'more than "persons"');
    }
  },
);
export const SCOPE = object(
  {
    activities: array(LABEL, 1, 64, true),
    dataCategories: DATA_CATEGORIES,
    scenarios: array(SCENARIO, 1, 64, true),
    destinations: array(COUNTRY, 1, 300, true),
  },
  { documentTypes: DOCUMENT_TYPES, limits: LIMITS },
);

/** The scope of a value that `SCOPE` found in order. */
export function scopeOf(value: Of<typeof SCOPE>): Scope {
  return {
    activities: new Set(value.activities),
    dataCategories: new Set(value.dataCategories),
    scenarios: new Set(value.scenarios.map(scenarioOf)),
    destinations: new Set(value.destinations),
    documentTypes: new Set(value.documentTypes),
    persons: value.limits?.persons ?? null,
    sensitivePersons: value.limits?.sensitivePersons ?? null,
  };
}

/** Tell of `documentTypes` that are missing where documents are certified, or given where they are not. */
export function tellUnlessTypesFit(
  scope: { readonly documentTypes?: readonly string[] },
  ofDocuments: boolean,
  at: string,
  tell: Tell,
): void {
  if (ofDocuments !== (scope.documentTypes !== undefined)) {
    tell(`${at}/documentTypes`, "document-types", "given exactly with the family document");
  }
}

/** Whether all that lies within `inner` lies within `outer`. */
export function covers(outer: Scope, inner: Scope): boolean {
  return (
    isSubset(inner.activities, outer.activities) &&
    isSubset(inner.dataCategories, outer.dataCategories) &&
    isSubset(inner.scenarios, outer.scenarios) &&
    isSubset(inner.destinations, outer.destinations) &&
    isSubset(inner.documentTypes, outer.documentTypes) &&
    isNoLarger(inner.persons, outer.persons) &&
    isNoLarger(sensitiveLimit(inner), sensitiveLimit(outer))
  );
}

/** What lies within both; sets may become empty. */
export function narrowed(one: Scope, other: Scope): Scope {
  return {
    activities: common(one.activities, other.activities),
    dataCategories: common(one.dataCategories, other.dataCategories),
    scenarios: common(one.scenarios, other.scenarios),
    destinations: common(one.destinations, other.destinations),
    documentTypes: common(one.documentTypes, other.documentTypes),
    persons: least(one.persons, other.persons),
    sensitivePersons: least(one.sensitivePersons, other.sensitivePersons),
  };
}

/** Whether two scopes have the same members, as they were signed. */
export function isSameScope(one: Scope, other: Scope): boolean {
  return (
    isSame(one.activities, other.activities) &&
    isSame(one.dataCategories, other.dataCategories) &&
    isSame(one.scenarios, other.scenarios) &&
    isSame(one.destinations, other.destinations) &&
    isSame(one.documentTypes, other.documentTypes) &&
    one.persons === other.persons &&
    one.sensitivePersons === other.sensitivePersons
  );
}

/** How many persons' sensitive data may be concerned; null: no limit. */
export function sensitiveLimit(scope: Scope): number | null {
  return least(scope.sensitivePersons, scope.persons);
}

export function isSubset(inner: Words, outer: Words): boolean {
  for (const word of inner) {
    if (!outer.has(word)) return false;
  }
  return true;
}

export function isSame(one: Words, other: Words): boolean {
  return one.size === other.size && isSubset(one, other);
}

export function common(one: Words, other: Words): Words {
  return new Set([...one].filter((word) => other.has(word)));
}

function least(one: number | null, other: number | null): number | null {
  if (one === null || other === null) return one ?? other;
  return Math.min(one, other);
}

function isNoLarger(inner: number | null, outer: number | null): boolean {
  return outer === null || (inner !== null && inner <= outer);
}
