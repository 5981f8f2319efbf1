/**
 * A LogSuccession: whether it stands where it must, what it shows is signed, and what it says in plain words.
 *
 * Who signed it is step 3's business, as of every statement; where the successor is not in the trust list, the signer
 * is asked by the keys of the authority all the same.  Source: docs/spec/log-succession.md.
 */

import { encodeUtf8, equal, toHex } from "../core/bytes.ts";
import { type Checkpoint, type SignedCheckpoint, verifyCosignature } from "../core/checkpoint.ts";
import { isLedgerError, signatureError, verificationError } from "../core/error.ts";
import { EDDSA, verify } from "../core/keys.ts";
import { ED25519, type VKey, lineName } from "../core/note.ts";
import type { Statement } from "../core/statement.ts";
import { formatTime } from "../core/times.ts";
import type { LogKeys, TrustList } from "../core/trust/values.ts";
import { KIND, type LogSuccession, type Seen } from "../statements/logSuccession.ts";
import type { Item } from "./bundle.ts";
import { type Grant, UNKNOWN_TIMES, authorOf, authorityGrants } from "./keyrule.ts";
import { openNote } from "./notes.ts";
import type { Check } from "./report.ts";
import type { Examined } from "./sections.ts";

/** What fails of a notice in a bundle, as lines of step 3; and what a reader is told. */
export interface Succession {
  readonly checks: readonly Check[];
  readonly told: readonly string[];
}

/** A notice as the subject of a bundle; sections of the log that ended show what it had. */
export async function checkSuccession(
  notice: LogSuccession,
  item: Item,
  at: Examined,
  examined: readonly Examined[],
  trust: TrustList,
  now: number,
): Promise<Succession> {
  const told = inWords(notice);
  try {
    requirePlace(notice, item, at);
    if (at.log === null) {
      const { holder } = await successionAuthor(item.statement, notice, trust, now);
      const signed = `the notice is signed by ${holder}, an authority of the trust list`;
      const alone = `the list does not name ${notice.successor.origin}`;
      told.push(`${signed}; ${alone}, so that nothing else is shown of that log`);
    }
    await checkNotice(notice, trust);
    for (const other of examined) {
      if (other.section.origin !== notice.log.origin) continue;
      for (const shown of await signedIn(other)) requireShown(notice, shown);
    }
    told.push(...(await byWord(notice, trust)));
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    const detail = `notice ${toHex(item.statement.digest)}: ${error.message}`;
    return { checks: [{ step: 3, outcome: "failed", code: error.code, detail }], told: [] };
  }
  if (!trust.logs.has(notice.log.origin)) {
    const own = "its checkpoints are judged by the notice's own word";
    told.push(`the trust list does not name ${notice.log.origin}; ${own}`);
  }
  return { checks: [], told };
}

/** What a reader is told of a notice by itself: nothing that the trust list does not vouch for. */
export async function toldAlone(
  statement: Statement,
  notice: LogSuccession,
  trust: TrustList,
  now: number,
): Promise<readonly string[]> {
  try {
    const { holder } = await successionAuthor(statement, notice, trust, now);
    await checkNotice(notice, trust);
    const signed = `the notice is signed by ${holder}, an authority of the trust list`;
    return [...inWords(notice), signed, ...(await byWord(notice, trust))];
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    return [`what the notice says is not told: ${error.message}`];
  }
}

/** The registrar's grant under which a notice is signed: for its jurisdiction, by the trust list. */
async function successionAuthor(
  statement: Statement,
  { jurisdiction }: LogSuccession,
  trust: TrustList,
  now: number,
): Promise<Grant> {
  const grants = authorityGrants(trust, statement.issuer).filter(
    (grant) => grant.jurisdiction === jurisdiction,
  );
  return authorOf(statement, { roles: KIND.roles, grants, revocations: [], times: UNKNOWN_TIMES, now });
}

/** Hold the logs that a notice names against the trust list, and every checkpoint in it against their keys. */
async function checkNotice(notice: LogSuccession, trust: TrustList): Promise<void> {
  for (const named of [notice.log, notice.successor])
    requireSame(named, trust.logs.get(named.origin) ?? null);
  const keys = trust.logs.get(notice.log.origin) ?? notice.log;
  const { checkpoint } = notice.held;
  if (checkpoint !== null) await openNote(checkpoint.encoded, keys.origin, keys);
  for (const { checkpoint: shown } of notice.seen) {
    if (shown !== null) await verifyPlainLines(shown, keys.vkeys);
  }
}

/** Check that a log which signs as C2SP asks, and no more, signed a checkpoint with a key that is believed. */
async function verifyPlainLines(signed: SignedCheckpoint, vkeys: readonly VKey[]): Promise<void> {
  const known = new Map(vkeys.map((vkey) => [lineName(vkey), vkey]));
  const seen = new Set<string>();
  for (const line of signed.note.signatures) {
    const name = lineName(line);
    const vkey = known.get(name);
    if (vkey === undefined) continue;
    if (seen.has(name))
      throw signatureError(`checkpoint has two lines of the key ${vkey.name}`, "line-twice");
    seen.add(name);
    if (vkey.type !== ED25519) {
      await verifyCosignature(signed, line, vkey);
      continue;
    }
    try {
      await verify({ suite: EDDSA, raw: vkey.key }, encodeUtf8(signed.note.text), line.payload);
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      throw signatureError(`line of ${vkey.name} does not verify: ${error.message}`, "line-invalid");
    }
  }
  if (seen.size === 0) {
    throw signatureError(
      `checkpoint of ${signed.checkpoint.origin} has no line of a known key`,
      "line-missing",
    );
  }
}

/** Hold a notice against a checkpoint of the log that ended, whose signature holds. */
function requireShown(notice: LogSuccession, shown: Checkpoint): void {
  const { origin } = notice.log;
  if (shown.size > notice.last + 1) {
    const told = `the notice says that ${origin} had ${notice.last + 1} entries; it signed size ${shown.size}`;
    throw verificationError(`${told}, so that more are lost, and not told`, "gap-understated");
  }
  const roots = new Map([notice.held, ...notice.seen].map(({ size, root }) => [size, root]));
  const given = typeof shown.size === "number" ? roots.get(shown.size) : undefined;
  const root = toHex(shown.root);
  if (given !== undefined && given !== root) {
    const told = `the notice gives ${origin} the root ${given} at size ${shown.size}; it signed ${root}`;
    throw verificationError(`${told}: two histories of it were signed`, "gap-contradicted");
  }
}

/** What a notice says, in plain sentences. */
function inWords(notice: LogSuccession): string[] {
  const { log, held, seen, last, at, successor } = notice;
  const count = last - held.size + 1;
  const lost =
    count === 1 ? `entry ${last} of it is` : `entries ${held.size} to ${last} of it (${count}) are`;
  const who = [...new Set(seen.map(({ by, name }) => (name === null ? by : `${by} ${name}`)))].join(", ");
  const shows = "and can show no record beyond them; whoever has a receipt or bundle of one still can";
  return [
    `${log.origin} ended at ${formatTime(at)}: ${lost} lost, as seen by ${who}`,
    `the operator holds ${held.size} entries of ${log.origin} ${shows}`,
    `${successor.origin} goes on in its place; its keys are others`,
  ];
}

/** What a section shows that its log signed: its own checkpoint, and others that chains are said to hold. */
async function signedIn({ section, log, note }: Examined): Promise<readonly Checkpoint[]> {
  const shown = note === null ? [] : [note.signed.checkpoint];
  if (log === null) return shown;
  for (const { checkpoint } of [...section.anchors, ...section.foreign]) {
    if (checkpoint === null) continue;
    try {
      shown.push((await openNote(checkpoint, log.origin, log)).signed.checkpoint);
    } catch (error) {
      // What does not hold is told by its own step.
      if (!isLedgerError(error)) throw error;
    }
  }
  return shown;
}

/** Whose sight of the log nothing in the notice shows to this verifier: chains', and witnesses' without a line. */
async function byWord({ seen }: LogSuccession, trust: TrustList): Promise<readonly string[]> {
  const named = new Set<string>();
  for (const one of seen) {
    if (!(await isShown(one, trust))) named.add(`${one.by} ${one.name ?? ""}`);
  }
  if (named.size === 0) return [];
  const who = [...named].join(", ");
  return [`that it was seen by ${who} is the notice's own word`];
}

async function isShown({ name, checkpoint }: Seen, { witnesses }: TrustList): Promise<boolean> {
  // The log itself, whose line holds.
  if (name === null) return true;
  for (const line of checkpoint?.note.signatures ?? []) {
    const known = witnesses.find(({ vkey }) => vkey.name === name && lineName(vkey) === lineName(line));
    if (checkpoint === null || known === undefined) continue;
    try {
      await verifyCosignature(checkpoint, line, known.vkey);
      return true;
    } catch (error) {
      if (!isLedgerError(error)) throw error;
    }
  }
  return false;
}

function requirePlace(notice: LogSuccession, item: Item, at: Examined): void {
  const { origin } = notice.successor;
  if (at.section.origin === origin && item.index === 0) return;
  const told = `the notice stands at ${item.index} of ${at.section.origin}`;
  throw verificationError(
    `${told}; it counts as entry 0 of the log that goes on, ${origin}`,
    "succession-place",
  );
}

/** The keys that a notice gives a log are among those of the list, and the operator is the same. */
function requireSame(named: LogKeys, listed: LogKeys | null): void {
  if (listed === null) return;
  const keys = new Set(listed.vkeys.map(keyName));
  const hasKeys = named.vkeys.every((vkey) => keys.has(keyName(vkey)));
  const hasHeads = named.headKeys.every(({ address }) =>
    listed.headKeys.some((one) => equal(one.address, address)),
  );
  if (hasKeys && hasHeads && named.operator === listed.operator) return;
  const told = `the notice gives ${named.origin} other keys, or another operator, than the trust list has`;
  throw verificationError(told, "succession-other");
}

function keyName(vkey: VKey): string {
  return `${lineName(vkey)}+${vkey.type}+${toHex(vkey.key)}`;
}
