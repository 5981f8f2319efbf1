/**
 * What of a bundle counts as evidence: statements that stand in their log and were signed by somebody who may.
 *
 * Source: docs/spec/recognition.md, Inputs.
 */

import { toHex } from "../core/bytes.ts";
import type { Held } from "../statements/premises/evidence.ts";
import type { Authorship, Subjects } from "./authorship.ts";
import type { Examined } from "./sections.ts";

/** Every statement that stands in its log and was signed by somebody who may. */
export function heldOf(
  examined: readonly Examined[],
  subjects: Subjects,
  authorship: Authorship,
): readonly Held[] {
  const found: Held[] = [];
  for (const at of examined) {
    if (!at.stands) continue;
    for (const { statement, index } of at.section.items) {
      const digest = toHex(statement.digest);
      const grant = authorship.grants.get(digest);
      const value = subjects.get(digest);
      if (grant === undefined || value === undefined) continue;
      const { type, issuer, created } = statement;
      const { proven, operator } = at.times;
      found.push({
        digest,
        type,
        issuer,
        created,
        value,
        jurisdiction: grant.jurisdiction,
        proven,
        operator,
        entry: { origin: at.section.origin, index },
      });
    }
  }
  return found;
}
