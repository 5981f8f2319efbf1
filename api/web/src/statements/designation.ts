/**
 * Whom an arrangement relies on: the bodies each side designates, and their accreditors.
 *
 * Both stand in the text of the arrangement, or in the endorsement by which a side joins it.
 */

import { parseTime } from "../core/times.ts";
import { COUNTRY, DID, TIME } from "./fields.ts";
import { FAMILIES } from "./scheme.ts";
import { array, object, type Of } from "./shape.ts";
import { tellUnlessLater } from "./validity.ts";

/** A body whose certificates count under an arrangement; times are POSIX seconds. */
export interface Designation {
  readonly jurisdiction: string;
  /** DID. */
  readonly body: string;
  /** Included. */
  readonly begins: number;
  /** Excluded; null: open. */
  readonly ends: number | null;
  /** Scheme families it is designated for; null: all. */
  readonly families: ReadonlySet<string> | null;
}

/** An accreditor whose word counts under an arrangement, by its DID. */
export interface AccreditorEntry {
  readonly jurisdiction: string;
  readonly accreditor: string;
}

export const DESIGNATED_BODIES = array(
  object({ jurisdiction: COUNTRY, body: DID, from: TIME }, { until: TIME, families: FAMILIES }).where(
    ["from", "until"],
    (entry, at, tell) => {
      tellUnlessLater(entry.from, entry.until, `${at}/until`, tell);
    },
  ),
  1,
  256,
);
export const ACCREDITORS = array(object({ jurisdiction: COUNTRY, accreditor: DID }), 1, 64, true);

/** The designations of a subject found in order. */
export function designationsOf(listed: Of<typeof DESIGNATED_BODIES> | undefined): readonly Designation[] {
  return (listed ?? []).map((entry) => ({
    jurisdiction: entry.jurisdiction,
    body: entry.body,
    begins: parseTime(entry.from),
    ends: entry.until === undefined ? null : parseTime(entry.until),
    families: entry.families === undefined ? null : new Set(entry.families),
  }));
}
