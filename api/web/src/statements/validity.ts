/** From when to when a statement's word holds: the order of its dates. */

import type { Tell } from "./shape.ts";

/** Tell that the last of two times, if it is given, is not later than the first.  Times order as text does. */
export function tellUnlessLater(first: string, last: string | undefined, at: string, tell: Tell): void {
  if (last !== undefined && first >= last) tell(at, "time-order", "not later than where it begins");
}
