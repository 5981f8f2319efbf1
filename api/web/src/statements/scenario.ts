/** The scenario of a transfer or of a certificate: a code of a named list. */

import { SCENARIOS } from "./codes.ts";
import { text, URI } from "./fields.ts";
import { object } from "./shape.ts";

/** The neutral list of `ledger/rules/scenarios.json`; the lists of jurisdictions have names of their own. */
export const OWN_SCHEME = "urn:evidence-ledger:scenario:v1";

export const SCENARIO_CODE = text("a scenario code", String.raw`[A-Za-z0-9][A-Za-z0-9._\-]{0,63}`, 64);
export const SCENARIO = object(
  { scheme: URI, code: SCENARIO_CODE },
  { version: text("a version", String.raw`[A-Za-z0-9][A-Za-z0-9._\-]{0,31}`, 32) },
).where(["scheme", "code"], (scenario, at, tell) => {
  if (scenario.scheme === OWN_SCHEME && !SCENARIOS.has(scenario.code)) {
    tell(`${at}/code`, "not-in-list", `not a code of ${OWN_SCHEME}`);
  }
});

/** A scenario as scopes and purposes compare it: its scheme and code, whatever its version.  Neither holds a space. */
export function scenarioOf(value: { readonly scheme: string; readonly code: string }): string {
  return `${value.scheme} ${value.code}`;
}
