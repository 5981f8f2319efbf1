/** From when to when a statement's word holds: the order of its dates and versions. */

import type { Tell } from "./shape.ts";

/** Tell that the last of two times, if it is given, is not later than the first.  Times order as text does. */
export function tellUnlessLater(first: string, last: string | undefined, at: string, tell: Tell): void {
  if (last !== undefined && first >= last) tell(at, "time-order", "not later than where it begins");
}

/** Tell that a version but the first names none that it supersedes, or that the first does. */
export function tellUnlessSuperseding(
  { version, supersedes }: { readonly version: number; readonly supersedes?: string },
  at: string,
  tell: Tell,
): void {
  const where = `${at}/supersedes`;
  if (version === 1) {
    if (supersedes !== undefined) tell(where, "version-conflict", "the first version supersedes none");
  } else if (supersedes === undefined) {
    tell(where, "member-missing", "a later version names the one before");
  }
}
