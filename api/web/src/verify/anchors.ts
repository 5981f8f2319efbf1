/**
 * Steps 6 and 7: a checkpoint in the storage of the anchor contract, and who vouches for that block.
 *
 * Source: docs/spec/chain.md, "Verification of an anchor".
 */

import { equal, toHex } from "../core/bytes.ts";
import { isLedgerError, proofError } from "../core/error.ts";
import { rootAtSlot } from "../core/evm/anchor.ts";
import type { Header } from "../core/evm/header.ts";
import { anchoredEvent, proveReceipt } from "../core/evm/receipt.ts";
import type { Chain, ChainQuorum, LogKeys, TrustList } from "../core/trust/values.ts";
import type { Section } from "./bundle.ts";
import type { Anchor } from "./chainParts.ts";
import { type Grade, type Judged, judgeFinality } from "./finality.ts";
import type { OpenNote } from "./notes.ts";
import type { Check } from "./report.ts";
import {
  type Held,
  noteOnChain,
  proveContract,
  requireCovers,
  requireRoot,
  requireSameLog,
  written,
} from "./storage.ts";

/** What one anchor on a listed chain showed. */
export interface AnchorResult {
  readonly anchored: Check;
  readonly final: Check;
  readonly chain: Chain;
  /** Its finality; null where the anchor fails. */
  readonly judged: Judged | null;
  /** POSIX seconds, of a block that holds the checkpoint. */
  readonly blockTime: number | null;
  /** Lines of the anchored note that were passed over, where it is not the section's own. */
  readonly notCounted: readonly string[];
}

/** What an anchor is held against. */
export interface Context {
  readonly section: Section;
  readonly number: number;
  /** The section's own checkpoint, opened. */
  readonly own: OpenNote;
  readonly log: LogKeys;
  readonly trust: TrustList;
  /** The least finality that the trust list accepts. */
  readonly requiredGrade: Grade;
  readonly now: number;
}

/** Both steps for one anchor on a chain of the trust list. */
export async function checkAnchor(
  anchor: Anchor,
  place: number,
  chain: Chain,
  context: Context,
): Promise<AnchorResult> {
  const section = context.number;
  const pointer = `/sections/${section}/anchors/${place}`;
  let notCounted: readonly string[] = [];
  try {
    const held = await noteOnChain(anchor.checkpoint, context.own, context.log, context.trust, context.now);
    notCounted = held.notCounted;
    const { note } = held;
    const header = proveAnchored(anchor, note, chain, context);
    const size = note === context.own ? "" : ` at size ${note.size}`;
    const detail = `${chain.id} block ${header.number}${size}`;
    const judged = judgeFinality(anchor.finality, header, note, chain, chain.anchor, context.requiredGrade);
    const { outcome, code } = judged;
    return {
      anchored: { step: 6, outcome: "passed", code: "anchored", detail, section, pointer },
      final: { step: 7, outcome, code, detail: `${chain.id}: ${judged.detail}`, section, pointer },
      chain,
      judged,
      blockTime: Number(header.time),
      notCounted,
    };
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    const detail = `${chain.id}: ${error.message}`;
    const because = `${chain.id}: the anchor fails`;
    return {
      anchored: { step: 6, outcome: "failed", code: error.code, detail, section, pointer },
      final: { step: 7, outcome: "absent", code: "premise-failed", detail: because, section, pointer },
      chain,
      judged: null,
      blockTime: null,
      notCounted,
    };
  }
}

/** Header to account to storage, and the anchored size against the section's. */
function proveAnchored(anchor: Anchor, note: OpenNote, chain: Chain, context: Context): Header {
  const held = proveContract(anchor.header, chain.anchor, chain.codeHash, anchor.account);
  requireRoot(held, rootAtSlot(note.logId, note.size), anchor.storage, note);
  proveStart(anchor, note, held);
  requireCovers(context.section, note);
  requireSameLog(anchor.consistency, note, context.own);
  const { receipt } = anchor;
  if (receipt !== null) {
    const { receiptsRoot } = held.header;
    const proven = proveReceipt(receiptsRoot, receipt.index, receipt.encoded, receipt.nodes);
    const { root } = anchoredEvent(proven, receipt.log, chain.anchor, note.logId, note.size);
    if (!equal(root, note.root)) {
      const told = `event has root ${toHex(root)}; the checkpoint has ${toHex(note.root)}`;
      throw proofError(told, "event-root");
    }
  }
  return held.header;
}

/** A later head key's log grew out of the root that the trust list names. */
function proveStart(anchor: Anchor, note: OpenNote, held: Held): void {
  const { start } = note;
  if (start === null) {
    if (anchor.start === null) return;
    throw proofError("start is given for a log's first head key", "start-superfluous");
  }
  if (anchor.start === null) {
    throw proofError(`start is required: the head key counts from size ${start.size}`, "start-missing");
  }
  const found = written(held, rootAtSlot(note.logId, start.size), anchor.start, start.size);
  if (!equal(found, start.root)) {
    const told = `contract holds ${toHex(found)} at the head key's first size ${start.size}`;
    throw proofError(`${told}; the trust list has ${toHex(start.root)}`, "start-root");
  }
}

/** Steps 6 and 7 of a section that has no anchor to check. */
export function noAnchor(section: number, detail: string, code: string): readonly Check[] {
  return [6, 7].map((step) => ({ step, outcome: "absent", code, detail, section }));
}

/** Step 7 of a section that is anchored on fewer of the required chains than the trust list asks; else null. */
export function chainsMissing(
  results: readonly AnchorResult[],
  quorum: ChainQuorum,
  section: number,
): Check | null {
  const held = new Map<string | null, string>();
  for (const { anchored, final, chain } of results) {
    const counts = anchored.outcome === "passed" && final.outcome === "passed";
    if (counts && quorum.among.includes(chain.id)) held.set(chain.jurisdiction, chain.id);
  }
  if (held.size >= quorum.threshold) return null;
  const told =
    [...held].map(([jurisdiction, chain]) => `${chain} of ${jurisdiction ?? ""}`).join(", ") || "none";
  const detail = `anchored in ${held.size} of ${quorum.threshold} jurisdictions that are required (${told})`;
  return { step: 7, outcome: "absent", code: "chains-too-few", detail, section };
}
