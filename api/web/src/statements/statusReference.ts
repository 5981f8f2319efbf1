/** Where the status of a statement is kept, in the words of W3C Bitstring Status List 1.0. */

import { integer, URI } from "./fields.ts";
import { object, type Of } from "./shape.ts";

/** Of one status list. */
export const MOST_ENTRIES = 1_048_576;
/** The roles whose statements have a status; each speaks of its own statements. */
export const SIGNERS_OF_STATUS: readonly string[] = ["body", "accreditor", "authority"];

/** An entry of a status list of the same issuer. */
export interface StatusReference {
  /** `id` in the subject of the StatusList. */
  readonly listId: string;
  readonly index: number;
}

export const STATUS_REFERENCE = object({
  statusListCredential: URI,
  statusListIndex: integer(0, MOST_ENTRIES - 1),
});

/** The reference of a value that `STATUS_REFERENCE` found in order. */
export function statusReferenceOf(value: Of<typeof STATUS_REFERENCE>): StatusReference {
  return { listId: value.statusListCredential, index: value.statusListIndex };
}
