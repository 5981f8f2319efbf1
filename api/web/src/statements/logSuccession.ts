/**
 * LogSuccession: that a log lost entries which others saw, what is missing, and which log goes on in its place.
 *
 * Whether the notes in it are signed is asked where it is verified.  Source: docs/spec/log-succession.md.
 */

import { encodeUtf8, toHex } from "../core/bytes.ts";
import { parseCheckpoint, type SignedCheckpoint } from "../core/checkpoint.ts";
import { isLedgerError } from "../core/error.ts";
import { isObject, type Json } from "../core/json.ts";
import { Members } from "../core/members.ts";
import { readLogs } from "../core/trust/parties.ts";
import type { LogKeys } from "../core/trust/values.ts";
import { parseTime } from "../core/times.ts";
import { SIGHTINGS, SUCCESSION_REASONS } from "./codes.ts";
import { ADDRESS, code, COUNTRY, DIGEST, type Digest, integer, text, TIME } from "./fields.ts";
import { CLOCK_TOLERANCE, Kind, type Signed, SUBJECT } from "./reading.ts";
import { ANYTHING, array, object, type Of, type Tell } from "./shape.ts";

/** What the operator still has: the log up to this size; no checkpoint of size 0. */
export interface HeldPart {
  readonly size: number;
  readonly root: Digest;
  readonly checkpoint: SignedCheckpoint | null;
}

/** That somebody saw the log at a larger size. */
export interface Seen {
  /** witness, chain or log: the log itself signed it, and its entries are lost all the same. */
  readonly by: string;
  /** Of the witness's key, or CAIP-2 id of the chain; null of the log itself. */
  readonly name: string | null;
  readonly size: number;
  readonly root: Digest;
  /** What was signed; null of a chain. */
  readonly checkpoint: SignedCheckpoint | null;
  /** The chain's block whose state was looked at; null of others. */
  readonly block: { readonly number: number; readonly hash: string } | null;
}

/** The notice: of `log` the entries from `held.size` to `last` are lost, and `successor` goes on. */
export interface LogSuccession {
  readonly type: "LogSuccession";
  readonly jurisdiction: string;
  readonly log: LogKeys;
  readonly successor: LogKeys;
  readonly held: HeldPart;
  readonly seen: readonly Seen[];
  /** Index of the last entry that is known to be lost. */
  readonly last: number;
  readonly reason: string;
  readonly at: number;
}

const MOST_SEEN = 16;
const NOTE_LIMIT = 16_384;
/** SHA-256 of nothing. */
const EMPTY_ROOT = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const LOG_MEMBERS = ["origin", "jurisdiction", "operator", "vkeys", "headKeys"];
/** What a sighting may have beside `by`, `size` and `root`, and by whom each is given. */
const GIVEN_BY = [
  { name: "anchor", by: ["chain"] },
  { name: "block", by: ["chain"] },
  { name: "checkpoint", by: ["witness", "log"] },
  { name: "name", by: ["witness", "chain"] },
] as const;

const NOTE = text("a signed note", String.raw`[^\x00-\x09\x0b-\x1f\x7f]{1,16384}`, NOTE_LIMIT);
const HASH = text("a hash, 0x and 64 lower-case hex digits", "0x[0-9a-f]{64}", 66);
const NAME = text("a name of a key or chain, without spaces", "[!-~]{1,255}", 255);
const HELD = object({ size: integer(0), root: DIGEST }, { checkpoint: NOTE });
const SEEN = object(
  { by: code("sightings", SIGHTINGS), size: integer(1), root: DIGEST },
  { name: NAME, checkpoint: NOTE, anchor: ADDRESS, block: object({ number: integer(0), hash: HASH }) },
);
const SHAPE = object({
  jurisdiction: COUNTRY,
  log: ANYTHING,
  held: HELD,
  lost: object({ first: integer(0), last: integer(0) }),
  seen: array(SEEN, 1, MOST_SEEN),
  reason: code("reasons", SUCCESSION_REASONS),
  at: TIME,
  successor: ANYTHING,
})
  .where(["jurisdiction", "log", "successor"], (subject, at, tell) => {
    const log = logOrTell(subject.log, `${at}/log`, tell);
    const successor = logOrTell(subject.successor, `${at}/successor`, tell);
    if (log === null || successor === null) return;
    for (const [name, { jurisdiction }] of Object.entries({ log, successor })) {
      if (jurisdiction !== subject.jurisdiction) {
        const detail = `a jurisdiction speaks of its own logs, ${subject.jurisdiction}`;
        tell(`${at}/${name}/jurisdiction`, "jurisdiction-mismatch", detail);
      }
    }
    if (log.origin === successor.origin) {
      tell(
        `${at}/successor/origin`,
        "succession-itself",
        "a log does not succeed itself: its origin is another",
      );
    }
    const keys = keysOf(log);
    if (keysOf(successor).some((key) => keys.includes(key))) {
      const detail = "a key of the log that ended signs for the other; all its keys are new";
      tell(`${at}/successor`, "succession-itself", detail);
    }
  })
  .where(["log", "held"], ({ log, held }, at, tell) => {
    const place = `${at}/held`;
    if (held.size > 0) {
      if (held.checkpoint === undefined)
        tell(`${place}/checkpoint`, "member-missing", "it shows what is held");
      else tellUnlessSaid({ ...held, checkpoint: held.checkpoint }, log, place, tell);
      return;
    }
    if (held.checkpoint !== undefined) {
      tell(`${place}/checkpoint`, "member-unknown", "nothing is held, so there is no checkpoint of it");
    }
    if (held.root !== EMPTY_ROOT) {
      tell(`${place}/root`, "sighting-mismatch", "the root of no entries is the SHA-256 of nothing");
    }
  })
  .where(["log", "seen"], ({ log, seen }, at, tell) => {
    for (const [index, one] of seen.entries()) tellOfSighting(one, log, `${at}/seen/${index}`, tell);
  })
  .where(["held", "seen", "lost"], ({ held, seen, lost }, at, tell) => {
    const roots = new Map<number, Digest>();
    for (const [index, { size, root }] of seen.entries()) {
      if (size <= held.size) {
        tell(
          `${at}/seen/${index}/size`,
          "gap-mismatch",
          "no larger than what is held, so that it shows no loss",
        );
      }
      const other = roots.get(size) ?? root;
      roots.set(size, other);
      if (other !== root) {
        const detail = "two roots of one size: two histories were signed, which is no loss";
        tell(`${at}/seen/${index}/root`, "sightings-conflict", detail);
      }
    }
    const last = lastOf(seen);
    if (lost.first !== held.size || lost.last !== last) {
      tell(
        `${at}/lost`,
        "gap-mismatch",
        `by what is held and what was seen, entries ${held.size} to ${last}`,
      );
    }
  });
type Sighting = Of<typeof SEEN>;

export const KIND = new Kind("LogSuccession", ["registrar"], SHAPE).where(
  ["at"],
  (subject, signing, tell) => {
    if (parseTime(subject.at) > signing.created + CLOCK_TOLERANCE) {
      tell(`${SUBJECT}/at`, "time-order", "later than the signature");
    }
  },
);

function tellOfSighting(one: Sighting, log: Json, at: string, tell: Tell): void {
  for (const { name, by } of GIVEN_BY) {
    if (one[name] === undefined && by.some((each) => each === one.by)) {
      tell(`${at}/${name}`, "member-missing", `member "${name}" is missing`);
    }
  }
  for (const { name, by } of GIVEN_BY) {
    if (one[name] !== undefined && !by.some((each) => each === one.by)) {
      tell(`${at}/${name}`, "member-unknown", `no such member where by is ${one.by}`);
    }
  }
  const { checkpoint } = one;
  if (checkpoint !== undefined && one.by !== "chain") tellUnlessSaid({ ...one, checkpoint }, log, at, tell);
}

interface Told {
  readonly size: number;
  readonly root: Digest;
  readonly checkpoint: string;
}

/** Tell that a checkpoint is not of the log, size and root that are told beside it. */
function tellUnlessSaid({ size, root, checkpoint }: Told, log: Json, at: string, tell: Tell): void {
  const origin = isObject(log) ? log["origin"] : undefined;
  try {
    const noted = parseCheckpoint(encodeUtf8(checkpoint)).checkpoint;
    if (noted.origin === origin && noted.size === size && toHex(noted.root) === root) return;
    const detail = "the checkpoint is of another log, size or root than is told";
    tell(`${at}/checkpoint`, "sighting-mismatch", detail);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    tell(`${at}/checkpoint`, error.code, error.message);
  }
}

/** A log in the form of a trust list; null where it is told what is wrong with it. */
function logOrTell(document: Json, at: string, tell: Tell): LogKeys | null {
  try {
    return logOf(document);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    tell(at + (error.pointer ?? "").replace(/^\/logs\/0/u, ""), error.code, error.message);
    return null;
  }
}

function logOf(document: Json): LogKeys {
  const members = new Members({ logs: [document] }, "statement", "", ["logs"]);
  const [log] = readLogs(members.each("logs", LOG_MEMBERS)).values();
  if (log === undefined) throw new TypeError("a list of one log has one");
  return log;
}

/** Everything that signs for a log. */
function keysOf({ vkeys, headKeys }: LogKeys): readonly string[] {
  return [...vkeys.map((vkey) => toHex(vkey.key)), ...headKeys.map((key) => toHex(key.address))];
}

function lastOf(seen: readonly { readonly size: number }[]): number {
  return Math.max(...seen.map((one) => one.size)) - 1;
}

/** The notice that a statement holds. */
export function read(statement: Signed): LogSuccession {
  const { jurisdiction, log, successor, held, seen, reason, at } = KIND.read(statement);
  return {
    type: "LogSuccession",
    jurisdiction,
    log: logOf(log),
    successor: logOf(successor),
    held: { size: held.size, root: held.root, checkpoint: noteOf(held) },
    seen: seen.map((one) => ({
      by: one.by,
      name: one.name ?? null,
      size: one.size,
      root: one.root,
      checkpoint: noteOf(one),
      block: one.block ?? null,
    })),
    last: lastOf(seen),
    reason,
    at: parseTime(at),
  };
}

function noteOf({ checkpoint }: { readonly checkpoint?: string }): SignedCheckpoint | null {
  return checkpoint === undefined ? null : parseCheckpoint(encodeUtf8(checkpoint));
}
