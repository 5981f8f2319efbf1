/**
 * What a fork proof shows, and who signed both of its checkpoints.
 *
 * Source: docs/spec/fork.md.
 */

import { type Bytes, equal, toEvm, toHex } from "../core/bytes.ts";
import { type SignedCheckpoint, headVkey, verifyCosignature, verifyLogLines } from "../core/checkpoint.ts";
import { isLedgerError } from "../core/error.ts";
import { logId } from "../core/evm/anchor.ts";
import type { Json } from "../core/json.ts";
import { MLDSA44_COSIGNATURE, type NoteSignature, type VKey } from "../core/note.ts";
import { LATEST, formatTime } from "../core/times.ts";
import type { LogKeys, TrustList } from "../core/trust/values.ts";
import { type Fork, parseFork, requireContradiction } from "./fork.ts";

export type ForkVerdict = "split view proven" | "not proven" | "could not finish";

type Where = "a" | "b";
const WHERE: readonly Where[] = ["a", "b"];

/** Whose key signed which of the two checkpoints. */
export interface Signer {
  readonly role: "log" | "witness";
  /** Of a witness; of the log, its operator. */
  readonly organisation: string;
  readonly type: "Ed25519" | "ML-DSA-44" | "head key";
  /** Name and key id of the verification key, joined by a plus; of a head key its address. */
  readonly key: string;
  readonly signed: readonly Where[];
  /** When the signer says that it signed, POSIX seconds; none where its lines carry no time. */
  readonly times: readonly (number | bigint)[];
}

/** The answer about a fork proof. */
export interface ForkReport {
  readonly kind: "fork";
  readonly verdict: ForkVerdict;
  /** `fork-same-size`, `fork-leaf`, or why nothing is proven. */
  readonly code: string;
  readonly detail: string;
  readonly trust: TrustList;
  readonly checkedAt: number;
  /** As it was read; null where the file is none. */
  readonly fork: Fork | null;
  /** The trust list's entry for the log; null where there is none. */
  readonly log: LogKeys | null;
  /** Who signed, those who signed both first. */
  readonly signers: readonly Signer[];
  /** The head key that signed both, by which it can be proven on a chain; null where two did. */
  readonly headAddress: Bytes | null;
  readonly notCounted: readonly string[];
}

/** 0 proven, 1 not proven, 3 could not finish. */
export function forkExitStatus(report: ForkReport): number {
  return { "split view proven": 0, "not proven": 1, "could not finish": 3 }[report.verdict];
}

/** Check a fork proof, and name who signed both of its checkpoints; `now` decides nothing. */
export async function verifyFork(
  data: Bytes,
  trust: TrustList,
  asked: { readonly now: number },
): Promise<ForkReport> {
  const none = {
    signers: [],
    headAddress: null,
    notCounted: [],
    trust,
    checkedAt: asked.now,
    kind: "fork",
  } as const;
  let fork: Fork;
  try {
    fork = parseFork(data);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    const { code, message } = error;
    return { ...none, verdict: "not proven", code, detail: message, fork: null, log: null };
  }
  const log = trust.logs.get(fork.origin) ?? null;
  if (log === null) {
    const detail = `${fork.origin} is not a log of the trust list, so nobody's signature is known`;
    return { ...none, verdict: "could not finish", code: "log-unknown", detail, fork, log };
  }
  try {
    // From which size to which a head key counts is not asked: a key that signs where it should not has signed.
    const one = await headOf(fork.a, log);
    const other = await headOf(fork.b, log);
    const detail = requireContradiction(fork);
    const { signers, notCounted } = await signersOf(fork, log, trust);
    return {
      ...none,
      verdict: "split view proven",
      code: fork.leaf === null ? "fork-same-size" : "fork-leaf",
      detail,
      fork,
      log,
      signers,
      headAddress: equal(one, other) ? one : null,
      notCounted,
    };
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    return { ...none, verdict: "not proven", code: error.code, detail: error.message, fork, log };
  }
}

/** The head key of a checkpoint on which the log's own lines hold. */
async function headOf(signed: SignedCheckpoint, log: LogKeys): Promise<Bytes> {
  const addresses = log.headKeys.map((key) => key.address);
  return (await verifyLogLines(signed, log.origin, log.vkeys, addresses)).headAddress;
}

/** Everybody known whose line verifies on either; the log's own lines were verified before. */
async function signersOf(
  fork: Fork,
  log: LogKeys,
  trust: TrustList,
): Promise<{ signers: readonly Signer[]; notCounted: readonly string[] }> {
  const found: Signer[] = [];
  const notCounted: string[] = [];
  const ofLog = { role: "log", organisation: log.operator, times: [] } as const;
  for (const vkey of log.vkeys) {
    const signed = WHERE.filter((where) => linesOf(fork[where], vkey).length > 0);
    if (signed.length > 0) found.push({ ...ofLog, type: typeOf(vkey), key: nameOf(vkey), signed });
  }
  for (const { address } of log.headKeys) {
    const vkey = headVkey(log.origin, address);
    const signed = WHERE.filter((where) => linesOf(fork[where], vkey).length > 0);
    if (signed.length > 0) found.push({ ...ofLog, type: "head key", key: toEvm(address), signed });
  }
  for (const { vkey, organisation } of trust.witnesses) {
    const times = new Map<Where, number | bigint>();
    for (const where of WHERE) {
      for (const line of linesOf(fork[where], vkey)) {
        try {
          times.set(where, await verifyCosignature(fork[where], line, vkey));
        } catch (error) {
          if (!isLedgerError(error)) throw error;
          notCounted.push(`checkpoint ${where}: ${error.message}`);
        }
      }
    }
    if (times.size === 0) continue;
    const [signed, told] = [[...times.keys()], [...times.values()]];
    found.push({ role: "witness", organisation, type: typeOf(vkey), key: nameOf(vkey), signed, times: told });
  }
  return { signers: [...found.filter(signedBoth), ...found.filter((one) => !signedBoth(one))], notCounted };
}

/** Whether somebody signed both checkpoints. */
export function signedBoth(signer: Signer): boolean {
  return signer.signed.length === WHERE.length;
}

function linesOf(signed: SignedCheckpoint, vkey: VKey): readonly NoteSignature[] {
  return signed.note.signatures.filter((line) => line.name === vkey.name && equal(line.keyId, vkey.keyId));
}

function typeOf(vkey: VKey): Signer["type"] {
  return vkey.type === MLDSA44_COSIGNATURE ? "ML-DSA-44" : "Ed25519";
}

function nameOf(vkey: VKey): string {
  return `${vkey.name}+${toHex(vkey.keyId)}`;
}

/** The report as JSON, `evidence-fork-report/1`; members are stable, texts are not. */
export function forkReportJson(report: ForkReport): Json {
  const { fork, trust, headAddress, signers } = report;
  const heads = fork === null ? [] : [fork.a.checkpoint, fork.b.checkpoint];
  const leaf = fork?.leaf ?? null;
  return {
    format: "evidence-fork-report/1",
    verdict: report.verdict,
    code: report.code,
    detail: report.detail,
    origin: fork?.origin ?? null,
    operator: report.log?.operator ?? null,
    checkpoints: heads.map(({ size, root }) => ({ size: Number(size), root: toHex(root) })),
    index: leaf?.index ?? null,
    leaves: leaf === null ? [] : [toHex(leaf.a.hash), toHex(leaf.b.hash)],
    signers: signers.map((one) => ({
      role: one.role,
      organisation: one.organisation,
      type: one.type,
      key: one.key,
      signed: [...one.signed],
      times: one.times.map((time) => formatTime(time > LATEST ? LATEST : Number(time))),
    })),
    signedBoth: [...new Set(signers.filter(signedBoth).map((one) => one.organisation))],
    headKey: headAddress === null ? null : toEvm(headAddress),
    logId: fork === null || headAddress === null ? null : toEvm(logId(fork.origin, headAddress)),
    trust: {
      publisher: trust.publisher.id,
      version: trust.version,
      listHash: toHex(trust.listHash),
    },
    checkedAt: formatTime(report.checkedAt),
    notCounted: [...report.notCounted],
  };
}
