/**
 * Which measures take the place of what is delegable in others.
 *
 * Source: docs/spec/deciding.md, 7.
 */

import type { MeasureSubject } from "../statements/measure.ts";
import { authorOf } from "./force.ts";
import { liesIn } from "./zones.ts";

/** Whether one measure overrides another, of the same direction and both in force. */
export function overrides(over: MeasureSubject, under: MeasureSubject): boolean {
  if (over.kind === "default" || over.overrides?.includes(under.number) !== true) return false;
  if (authorOf(over) === authorOf(under)) return true;
  const own = over.applies.zone;
  return (under.delegatesTo ?? []).some(
    ({ authority, zone }) =>
      authority === over.authority.did && (zone === undefined || (own !== undefined && liesIn(own, zone))),
  );
}
