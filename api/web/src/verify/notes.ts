/**
 * A checkpoint note held against the trust list: the log's own three lines, head key ranges, witnesses.
 *
 * Source: docs/spec/log.md, "Verification of a checkpoint".
 */

import { type Bytes, type Uint, encodeUtf8, equal, toHex } from "../core/bytes.ts";
import {
  type SignedCheckpoint,
  headVkey,
  parseCheckpoint,
  verifyCosignature,
  verifyLogLines,
} from "../core/checkpoint.ts";
import { quorumError, signatureError, verificationError } from "../core/error.ts";
import { logId } from "../core/evm/anchor.ts";
import { lineName } from "../core/note.ts";
import type { HeadKey, HeadStart, LogKeys, TrustList } from "../core/trust/values.ts";
import { CLOCK_DRIFT } from "./keyrule.ts";

/** A checkpoint whose log lines all verify. */
export interface OpenNote {
  readonly signed: SignedCheckpoint;
  readonly size: Uint;
  readonly root: Bytes;
  /** Id of the log under the head key that signed, as the contract knows it. */
  readonly logId: Bytes;
  /** Where that head key takes over from an earlier one; null for a log's first. */
  readonly start: HeadStart | null;
}

/** Which organisations cosigned, each with its earliest time, ascending, and what was passed over. */
export interface Witnessing {
  readonly times: readonly (readonly [number, string])[];
  readonly notCounted: readonly string[];
}

/** The time by which `quorum` organisations had cosigned, and which they are; null for a quorum of 0. */
export function provenBy(
  witnessing: Witnessing,
  quorum: number,
): { time: number; by: readonly string[] } | null {
  const counted = witnessing.times.slice(0, quorum);
  const last = counted[quorum - 1];
  return last === undefined ? null : { time: last[0], by: counted.map(([, organisation]) => organisation) };
}

/** Check the log's own lines of a checkpoint, and that its head key may speak of that size. */
export async function openNote(encoded: string | Bytes, origin: string, log: LogKeys): Promise<OpenNote> {
  const signed = parseCheckpoint(typeof encoded === "string" ? encodeUtf8(encoded) : encoded);
  const { checkpoint } = signed;
  if (checkpoint.origin !== origin) {
    const told = `checkpoint is of ${checkpoint.origin}; the section is of ${origin}`;
    throw verificationError(told, "origin-mismatch");
  }
  const addresses = log.headKeys.map((key) => key.address);
  const lines = await verifyLogLines(signed, origin, log.vkeys, addresses);
  const start = requireRange(signed, log.headKeys, lines.headAddress);
  return {
    signed,
    size: checkpoint.size,
    root: checkpoint.root,
    logId: logId(origin, lines.headAddress),
    start,
  };
}

/** Where the head key that signed takes over, after checking that it may speak of the checkpoint's size. */
function requireRange(
  signed: SignedCheckpoint,
  headKeys: readonly HeadKey[],
  address: Bytes,
): HeadStart | null {
  const { size, root } = signed.checkpoint;
  const position = headKeys.findIndex((key) => equal(key.address, address));
  const start = headKeys[position]?.start ?? null;
  const following = headKeys[position + 1]?.start ?? null;
  const told = `checkpoint of size ${size}`;
  if (following !== null && size > following.last) {
    const ended = `under a head key that counts up to size ${following.last}`;
    throw verificationError(`${told} ${ended}`, "head-key-ended");
  }
  if (start !== null && size < start.size) {
    throw verificationError(`${told} under a head key that counts from size ${start.size}`, "head-key-early");
  }
  if (start !== null && size === start.size && !equal(root, start.root)) {
    const roots = `has root ${toHex(root)}; the trust list has ${toHex(start.root)}`;
    throw verificationError(`${told} ${roots}`, "head-key-start");
  }
  return start;
}

/** The witnesses of the trust list that signed, one time for each organisation; a line of one that fails, fails. */
export async function cosigned(
  note: OpenNote,
  trust: TrustList,
  log: LogKeys,
  now: number,
): Promise<Witnessing> {
  const known = new Map(trust.witnesses.map((witness) => [lineName(witness.vkey), witness]));
  const heads = log.headKeys.map((key) => headVkey(log.origin, key.address));
  const own = new Set([...log.vkeys, ...heads].map(lineName));
  const seen = new Set<string>();
  const earliest = new Map<string, number>();
  const notCounted: string[] = [];
  for (const line of note.signed.note.signatures) {
    const name = lineName(line);
    if (own.has(name)) continue;
    const witness = known.get(name);
    if (witness === undefined) {
      notCounted.push(`line of ${line.name} (${toHex(line.keyId)}): key not in the trust list`);
      continue;
    }
    if (seen.has(name)) {
      const told = `witness ${line.name} (${toHex(line.keyId)}) stands twice on the checkpoint`;
      throw signatureError(told, "line-twice");
    }
    seen.add(name);
    const time = await verifyCosignature(note.signed, line, witness.vkey);
    if (witness.organisation === log.operator) {
      notCounted.push(`line of ${line.name}: a witness of the log's own operator`);
    } else if (time <= 0 || time > now + CLOCK_DRIFT) {
      notCounted.push(`line of ${line.name}: its time is ${time <= 0 ? "0" : "in the future"}`);
    } else {
      const before = earliest.get(witness.organisation);
      const seconds = Number(time);
      earliest.set(witness.organisation, before === undefined ? seconds : Math.min(before, seconds));
    }
  }
  const times = [...earliest].map(([organisation, time]) => [time, organisation] as const);
  times.sort(([one, a], [other, b]) => one - other || (a < b ? -1 : 1));
  return { times, notCounted };
}

/** Check that enough organisations cosigned. */
export function requireQuorum(witnessing: Witnessing, quorum: number, known: readonly string[]): void {
  if (witnessing.times.length >= quorum) return;
  const signed = witnessing.times.map(([, organisation]) => organisation).join(", ") || "none";
  const found = `${witnessing.times.length} of ${new Set(known).size} known signed (${signed})`;
  throw quorumError(`witness quorum needs ${quorum} organisations; ${found}`);
}

/** The organisations whose witnesses count for a log. */
export function independent(trust: TrustList, log: LogKeys): readonly string[] {
  return trust.witnesses.map((one) => one.organisation).filter((one) => one !== log.operator);
}

/** Who signed a checkpoint that met its quorum, in words. */
export function witnessed(witnessing: Witnessing, quorum: number, known: readonly string[]): string {
  if (quorum === 0) return "log's own signatures only";
  const of = new Set(known).size;
  return `cosigned by ${witnessing.times.length} of ${of} organisations (${quorum} required)`;
}
