/**
 * Step 8: a checkpoint in the storage of the contract on another jurisdiction's chain, and who vouches for that block.
 *
 * Source: docs/spec/foreign-checkpoints.md, "In a bundle: step 8".
 */

import { type Bytes, equal, toHex } from "../core/bytes.ts";
import { type LedgerError, isLedgerError, proofError } from "../core/error.ts";
import { proveSlot } from "../core/evm/account.ts";
import { ATTESTED, SEALED, acceptedRootSlot, disputedSlot, sourceId } from "../core/evm/foreign.ts";
import type { Chain, ForeignSource, LogKeys, TrustList } from "../core/trust/values.ts";
import type { Context } from "./anchors.ts";
import type { Foreign } from "./chainParts.ts";
import { judgeFinality } from "./finality.ts";
import type { OpenNote } from "./notes.ts";
import { type Check, bestUnlessFailed } from "./report.ts";
import {
  type Held,
  isZero,
  noteOnChain,
  proveContract,
  requireCovers,
  requireRoot,
  requireSameLog,
} from "./storage.ts";

/** What the other jurisdictions' chains showed of one section. */
export interface ForeignResult {
  /** The section's line of step 8. */
  readonly check: Check;
  /** Parts that were passed over, and lines of their notes. */
  readonly notCounted: readonly string[];
}

/** What foreign parts are held against; `own` and `log` are null where the section's checkpoint does not hold. */
export type ForeignContext = Omit<Context, "own" | "log"> & {
  readonly own: OpenNote | null;
  readonly log: LogKeys | null;
};

/** Step 8 of one section that carries what other chains hold. */
export async function checkForeign(context: ForeignContext): Promise<ForeignResult> {
  const { section, number, own, log, trust } = context;
  const notCounted: string[] = [];
  const checks: Check[] = [];
  for (const [place, part] of section.foreign.entries()) {
    const chain = trust.chains.get(part.chain) ?? null;
    const listed = trust.foreign.filter(
      (one) => one.chain === part.chain && equal(one.sourceId, part.source),
    );
    const reason = uncounted(part, chain, listed, log);
    if (chain === null || reason !== null) {
      notCounted.push(`section ${number}: what is held on ${part.chain}: ${reason ?? ""}`);
      continue;
    }
    if (own === null || log === null) {
      return { check: absent("premise-failed", "the checkpoint does not hold", number), notCounted };
    }
    checks.push(await checkPart(part, place, chain, listed, { ...context, own, log }, notCounted));
  }
  const detail = "not held on another chain of the trust list";
  return { check: bestUnlessFailed(checks) ?? absent("no-foreign", detail, number), notCounted };
}

function absent(code: string, detail: string, section: number): Check {
  return { step: 8, outcome: "absent", code, detail, section };
}

/** Why a part says nothing to this verifier; null where it does. */
function uncounted(
  part: Foreign,
  chain: Chain | null,
  listed: readonly ForeignSource[],
  log: LogKeys | null,
): string | null {
  if (chain === null) return "a chain not in the trust list";
  if (listed.length === 0) return `from 0x${toHex(part.source)}, a source not in the trust list`;
  if (log !== null && chain.jurisdiction === log.jurisdiction) {
    return `a chain of ${log.jurisdiction}, whose log it is`;
  }
  if (log !== null && chain.operator?.organisations.includes(log.operator) === true) {
    return `a chain of ${log.operator}, whose log it is`;
  }
  return sourcesOf(chain).has(toHex(part.source))
    ? "from a source that is an anchor of the same chain"
    : null;
}

async function checkPart(
  part: Foreign,
  place: number,
  chain: Chain,
  listed: readonly ForeignSource[],
  context: Context,
  notCounted: string[],
): Promise<Check> {
  const { own, log, trust, now, number: section } = context;
  const pointer = `/sections/${section}/foreign/${place}`;
  try {
    const onChain = await noteOnChain(part.checkpoint, own, log, trust, now);
    const { note } = onChain;
    notCounted.push(...onChain.notCounted.map((told) => `section ${section}: ${told}`));
    const { contract, held } = openContract(part, listed);
    proveAccepted(part, held, note, context);
    const judged = judgeFinality(part.finality, held.header, note, chain, contract, context.requiredGrade);
    const block = `${chain.id} block ${held.header.number} holds size ${note.size}`;
    const shown = `${block}, ${takenFrom(part.source, trust)}, not disputed as of that block`;
    const code = judged.outcome === "passed" ? "foreign-accepted" : judged.code;
    return { step: 8, outcome: judged.outcome, code, detail: `${shown}; ${judged.detail}`, section, pointer };
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    const detail = `${chain.id}: ${error.message}`;
    return { step: 8, outcome: "failed", code: error.code, detail, section, pointer };
  }
}

/** The storage of the contract that is proven, of those listed for the source; else the fault of the first. */
function openContract(part: Foreign, listed: readonly ForeignSource[]): { contract: Bytes; held: Held } {
  let fault: LedgerError | null = null;
  for (const { contract, codeHash } of listed) {
    try {
      return { contract, held: proveContract(part.header, contract, codeHash, part.account) };
    } catch (error) {
      if (!isLedgerError(error)) throw error;
      fault ??= error;
    }
  }
  throw fault ?? proofError("no contract is listed");
}

/** The contract holds the checkpoint, no split of its log is proven, and it covers the section. */
function proveAccepted(part: Foreign, held: Held, note: OpenNote, context: Context): void {
  if (!isZero(proveSlot(held.storageRoot, disputedSlot(note.logId), part.disputed))) {
    const { origin } = note.signed.checkpoint;
    const told = `by block ${held.header.number} it was proven that ${origin} showed two histories`;
    throw proofError(told, "log-disputed");
  }
  requireRoot(held, acceptedRootSlot(part.source, note.logId, note.size), part.storage, note);
  requireCovers(context.section, note);
  requireSameLog(part.consistency, note, context.own);
}

/** By whose word the contract took a checkpoint, where the trust list names the source's chain and first set. */
function takenFrom(source: Bytes, trust: TrustList): string {
  for (const chain of trust.chains.values()) {
    const found = sourcesOf(chain).get(toHex(source));
    if (found !== undefined) return `${found} of ${chain.id}`;
  }
  return `from source 0x${toHex(source)}`;
}

const remembered = new WeakMap<Chain, ReadonlyMap<string, string>>();

/** Ids of the sources that a chain of the trust list may have begun as, each with how it shows a checkpoint. */
function sourcesOf(chain: Chain): ReadonlyMap<string, string> {
  let found = remembered.get(chain);
  if (found === undefined) {
    found = new Map([...sourcesBy(chain, ATTESTED), ...sourcesBy(chain, SEALED)]);
    remembered.set(chain, found);
  }
  return found;
}

function* sourcesBy(
  chain: Chain,
  kind: typeof ATTESTED | typeof SEALED,
): Generator<readonly [string, string]> {
  const isAttested = kind === ATTESTED;
  for (const { members, organisations, threshold } of isAttested ? chain.attesters : chain.validators) {
    try {
      const source = sourceId({
        chainId: chain.number,
        genesis: chain.genesis,
        anchor: chain.anchor,
        codeHash: chain.codeHash,
        kind,
        members,
        organisations,
        threshold,
      });
      yield [toHex(source), isAttested ? "attested by attesters" : "sealed by validators"];
    } catch (error) {
      // No contract takes such a set.
      if (!isLedgerError(error)) throw error;
    }
  }
}
