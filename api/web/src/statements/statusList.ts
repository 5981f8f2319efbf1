/**
 * StatusList: which of an issuer's statements are withdrawn, suspended or reduced in scope, one bit each.
 *
 * Source: docs/spec/status-list.md.
 */

import type { Bytes } from "../core/bytes.ts";
import { isLedgerError } from "../core/error.ts";
import { parseTime } from "../core/times.ts";
import { decode } from "./bitstring.ts";
import { code, DIGEST, type Digest, integer, text, TIME, URI } from "./fields.ts";
import { Kind, type Signed } from "./reading.ts";
import { array, object, type Of } from "./shape.ts";
import { MOST_ENTRIES, SIGNERS_OF_STATUS } from "./statusReference.ts";

/** One edition of a list; times are POSIX seconds, the three lists `length` bits each. */
export interface StatusList {
  readonly type: "StatusList";
  /** What statements name it by; the same for all editions. */
  readonly id: string;
  /** Included. */
  readonly validFrom: number;
  /** Excluded. */
  readonly validUntil: number;
  /** Entries. */
  readonly length: number;
  readonly revocation: Uint8Array;
  readonly suspension: Uint8Array;
  /** Of statements whose scope was reduced; a StatusChange says how. */
  readonly refresh: Uint8Array;
  readonly supersedes: Digest | null;
}

/** Entries that a list has at least: of fewer, whose status a reader asks for would show in what it fetches. */
const SMALLEST = 131_072;
const LONGEST_SECONDS = 366 * 86_400;
const LONGEST_TEXT = 256 * 1024;
const PURPOSES = ["revocation", "suspension", "refresh"] as const;

const LIST = object({
  statusPurpose: code("purposes", new Set(PURPOSES)),
  encodedList: text("u and base64url without padding", "u[A-Za-z0-9_-]+", LONGEST_TEXT),
});
type List = Of<typeof LIST>;

/** Lists as they were inflated: the shape and the reader both look at them. */
const inflated = new WeakMap<List, Bytes>();

function bitsOf(list: List, length: number): Bytes {
  const bits = inflated.get(list) ?? decode(list.encodedList, length);
  inflated.set(list, bits);
  return bits;
}

const SHAPE = object(
  {
    id: URI,
    validFrom: TIME,
    validUntil: TIME,
    length: integer(SMALLEST, MOST_ENTRIES),
    lists: array(LIST, PURPOSES.length, PURPOSES.length, "statusPurpose"),
  },
  { supersedes: DIGEST },
)
  .where(["validFrom", "validUntil"], (subject, at, tell) => {
    const seconds = parseTime(subject.validUntil) - parseTime(subject.validFrom);
    if (seconds <= 0) tell(`${at}/validUntil`, "time-order", "not later than where it begins");
    else if (seconds > LONGEST_SECONDS) tell(`${at}/validUntil`, "validity-too-long", "more than 366 days");
  })
  .where(["length", "lists"], ({ length, lists }, at, tell) => {
    if (length % 8 !== 0) {
      tell(`${at}/length`, "list-length", "not a multiple of 8");
      return;
    }
    for (const [index, list] of lists.entries()) {
      if (list.statusPurpose !== PURPOSES[index]) {
        tell(
          `${at}/lists/${index}/statusPurpose`,
          "list-order",
          `the lists stand in the order ${PURPOSES.join(", ")}`,
        );
        return;
      }
      try {
        bitsOf(list, length);
      } catch (error) {
        if (!isLedgerError(error)) throw error;
        tell(`${at}/lists/${index}/encodedList`, error.code, error.message);
      }
    }
  });
export const KIND = new Kind("StatusList", SIGNERS_OF_STATUS, SHAPE);

/** The list that a statement publishes; says nothing about whose statements it speaks of. */
export function read(statement: Signed): StatusList {
  const subject = KIND.read(statement);
  const bits = (purpose: (typeof PURPOSES)[number]): Uint8Array => {
    const list = subject.lists[PURPOSES.indexOf(purpose)];
    return list === undefined ? new Uint8Array() : bitsOf(list, subject.length);
  };
  return {
    type: "StatusList",
    id: subject.id,
    validFrom: parseTime(subject.validFrom),
    validUntil: parseTime(subject.validUntil),
    length: subject.length,
    revocation: bits("revocation"),
    suspension: bits("suspension"),
    refresh: bits("refresh"),
    supersedes: subject.supersedes ?? null,
  };
}
