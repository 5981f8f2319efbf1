/**
 * Verify any file with evidence: what it is, its first bytes say.
 *
 * Source: docs/spec/verification.md, "Other things to verify".
 */

import type { Bytes } from "../core/bytes.ts";
import { BUNDLE_LIMIT, type Json } from "../core/json.ts";
import type { TrustList } from "../core/trust/values.ts";
import { type Kind, kindOf } from "./bundle.ts";
import { type ForkReport, forkExitStatus, forkReportJson, verifyFork } from "./forkReport.ts";
import { type Report, exitStatus, reportJson } from "./report.ts";
import { verifyReceiptFile, verifyStatementFile } from "./single.ts";
import { type Asked, verifyBundle } from "./verifier.ts";

/** What may be asked of a file; what a file of its kind cannot answer is not looked at. */
export interface AskedOfFile extends Asked {
  /** The statement that a receipt is of. */
  readonly statement?: Bytes | null;
}

/** No file with evidence is larger; one byte more than this is enough to have it refused. */
export const FILE_LIMIT = BUNDLE_LIMIT;

/** The report on a file, of whatever kind it is. */
export async function verifyFile(
  data: Bytes,
  trust: TrustList,
  asked: AskedOfFile,
): Promise<Report | ForkReport> {
  switch (kindOf(data)) {
    case "fork":
      return verifyFork(data, trust, asked);
    case "receipt":
      return tell(await verifyReceiptFile(data, trust, asked), asked);
    case "statement":
      return tell(await verifyStatementFile(data, trust, asked), asked);
    case "bundle":
      return verifyBundle(data, trust, asked);
  }
}

function tell(report: Report, asked: Asked): Report {
  report.checks.forEach((check) => asked.onStep?.(check));
  return report;
}

/** Whether somebody asks, of a fork proof, what only evidence answers; nobody may take its answer for one. */
export function isWrongUse(kind: Kind, asked: AskedOfFile): boolean {
  if (kind !== "fork") return false;
  const { at = null, into = null, purpose = null, statement = null, content, require, requireNow } = asked;
  const isFiles = content !== undefined && (content.files.length > 0 || content.openings !== null);
  const isSteps = (require?.length ?? 0) > 0 || requireNow === true;
  return [at, into, purpose, statement].some((one) => one !== null) || isFiles || isSteps;
}

/** A report as JSON, in the form of `evidence verify --json`. */
export function fileReportJson(report: Report | ForkReport): Json {
  return report.kind === "fork" ? forkReportJson(report) : reportJson(report);
}

/** The exit status that a command ends with: 0 verified (or a split view proven), 1, 3, 4. */
export function fileExitStatus(report: Report | ForkReport): number {
  return report.kind === "fork" ? forkExitStatus(report) : exitStatus(report);
}
