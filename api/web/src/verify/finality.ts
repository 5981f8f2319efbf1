/**
 * Step 7: who vouches that a block is final: the chain's operator, attesters, or its validators by their seals.
 *
 * Whoever vouches is named by the verifier's own trust list, with the range of blocks for which it counts.  What the
 * list does not know is `absent`; what it knows and does not hold has failed.  Source: docs/spec/chain.md.
 */

import { type Bytes, equal, toHex } from "../core/bytes.ts";
import { isLedgerError, signatureError } from "../core/error.ts";
import { checkpointDigest } from "../core/evm/anchor.ts";
import { verifyAttestations } from "../core/evm/attesters.ts";
import type { Header } from "../core/evm/header.ts";
import { type SealedHeader, parseSealed, verifySeals } from "../core/evm/seals.ts";
import { recover } from "../core/secp256k1.ts";
import { formatTime } from "../core/times.ts";
import { epochOf, requireCurrent } from "../core/trust/epochs.ts";
import type { Chain, Signers } from "../core/trust/values.ts";
import type { Finality } from "./chainParts.ts";
import type { OpenNote } from "./notes.ts";
import type { Outcome } from "./report.ts";

/** Kinds of finality, weakest first. */
const GRADES = ["operator", "attested", "sealed"] as const;

export type Grade = (typeof GRADES)[number];

/** What is known of a block's finality. */
export interface Judged {
  readonly outcome: Outcome;
  readonly code: string;
  readonly detail: string;
  /** Kind of finality that holds, whether or not it is enough; null where none does. */
  readonly grade: Grade | null;
  /** Organisations that vouch; of seals, the chain whose validators they are. */
  readonly by: readonly string[];
  /** How many of them the set needs; 0 of seals, which are not counted by organisation. */
  readonly threshold: number;
}

/** Who vouches beside the operator of the log; nobody where they are too few without it. */
export function independentOf(judged: Judged, operator: string): readonly string[] {
  if (judged.grade === "sealed") return judged.by;
  const others = judged.by.filter((one) => one !== operator);
  return judged.grade === "attested" && others.length >= judged.threshold ? others : [];
}

/** Whether those who vouch for a block are named by the trust list, signed, and are enough. */
export function judgeFinality(
  finality: Finality,
  header: Header,
  note: OpenNote,
  chain: Chain,
  contract: Bytes,
  requiredGrade: Grade,
): Judged {
  let judged: Judged;
  try {
    judged = judge(finality, header, note, chain, contract);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    return nobody("failed", error.code, error.message);
  }
  if (judged.grade === null || GRADES.indexOf(judged.grade) >= GRADES.indexOf(requiredGrade)) return judged;
  const detail = `${judged.detail}; the trust list asks ${requiredGrade}`;
  return { ...judged, outcome: "absent", code: "finality-insufficient", detail };
}

function nobody(outcome: Outcome, code: string, detail: string): Judged {
  return { outcome, code, detail, grade: null, by: [], threshold: 0 };
}

function judge(finality: Finality, header: Header, note: OpenNote, chain: Chain, contract: Bytes): Judged {
  const sealed = chain.consensus === "qbft" ? parseSealed(header) : null;
  const at = formatTime(Number(header.time));
  const digestFor = (signers: Signers): Bytes =>
    checkpointDigest({
      originChainId: chain.number,
      genesis: chain.genesis,
      anchor: contract,
      logId: note.logId,
      size: note.size,
      root: note.root,
      blockHash: sealed === null ? header.hash : sealed.blockHash,
      blockNumber: header.number,
      blockTime: header.time,
      setId: signers.setId,
    });
  switch (finality.kind) {
    case "sealed":
      return judgeSeals(finality.epoch, header, sealed, chain);
    case "attested": {
      const found = setOf(chain.attesters, finality.epoch, header);
      if (found === null) return unknownEpoch("attesters", finality.epoch);
      const { members, organisations, threshold } = found;
      const digest = digestFor(found);
      const attested = verifyAttestations(digest, finality.signatures, members, organisations, threshold);
      const by = attested.organisations;
      const of = new Set(organisations).size;
      const detail = `attested ${by.length} of ${of} (epoch ${found.epoch}), at ${at}`;
      return { outcome: "passed", code: "attested", detail, grade: "attested", by, threshold };
    }
    case "operator": {
      const { operator } = chain;
      if (operator === null)
        return nobody("absent", "operator-unknown", "the trust list names no operator key");
      const signer = recover(digestFor(operator), finality.signature);
      const [key] = operator.members;
      if (key === undefined || !equal(signer, key)) {
        const told = key === undefined ? "nobody" : `0x${toHex(key)}`;
        throw signatureError(`signed by 0x${toHex(signer)}; the operator's key is ${told}`);
      }
      const by = operator.organisations;
      const detail = `operator only: ${by.join(", ")} says so, at ${at}`;
      return { outcome: "passed", code: "operator-only", detail, grade: "operator", by, threshold: 1 };
    }
  }
}

function judgeSeals(epoch: number, header: Header, sealed: SealedHeader | null, chain: Chain): Judged {
  if (sealed === null) {
    const told = `seals are given; the trust list says that the consensus of the chain is ${chain.consensus}`;
    return nobody("absent", "finality-unsupported", told);
  }
  const found = setOf(chain.validators, epoch, header);
  if (found === null) return unknownEpoch("validators", epoch);
  const trusted = new Set(found.members.map(toHex));
  const count = verifySeals(sealed, found.members).filter((signer) => trusted.has(toHex(signer))).length;
  const at = formatTime(Number(header.time));
  const detail = `sealed ${count} of ${found.members.length} (epoch ${found.epoch}), at ${at}`;
  return { outcome: "passed", code: "sealed", detail, grade: "sealed", by: [chain.id], threshold: 0 };
}

function unknownEpoch(what: string, epoch: number): Judged {
  return nobody("absent", "epoch-unknown", `the trust list has no ${what} of epoch ${epoch}`);
}

/** The set of the epoch named, which must be the one of the block; null where the list does not know it. */
function setOf(sets: readonly Signers[], epoch: number, header: Header): Signers | null {
  const found = epochOf(sets, epoch);
  if (found === null) return null;
  requireCurrent(sets, found, header.number);
  return found;
}
