/**
 * Whether an outcome lets a record go.
 *
 * Source: docs/spec/verification.md, "Step 11 in full", 5.
 */

import type { TransferRecord } from "../statements/transfer.ts";
import type { Check, Outcome } from "./report.ts";

/** An outcome of the step, with its code, and what there is to say of it beside. */
export interface Answer {
  readonly outcome: Outcome;
  readonly code: string;
  readonly told?: string;
}

/** What is asked of an outcome and of whether the record declares what it asks for. */
export interface Said {
  readonly outcome: string;
  readonly declared?: boolean;
}

/**
 * @param certified Step 10, by which a certificate counts as a mechanism.
 */
export function mayGo({ outcome, declared }: Said, record: TransferRecord, certified: Check): Answer {
  switch (outcome) {
    case "free":
    case "conditional":
      return { outcome: "passed", code: outcome };
    case "mechanismRequired":
      return declared === true
        ? byMechanism(record, certified)
        : { outcome: "failed", code: "mechanism-missing", told: "the record declares none of those allowed" };
    case "assessmentRequired":
      return record.subject.mechanism?.type === "authorityAssessment"
        ? { outcome: "passed", code: "assessment-declared" }
        : { outcome: "absent", code: "assessment-not-shown", told: "the record declares no assessment" };
    case "prohibited":
      return { outcome: "failed", code: outcome };
    default:
      return { outcome: "absent", code: outcome };
  }
}

/** A mechanism that is declared and allowed: whether it holds, as far as step 10 says. */
function byMechanism({ certificate }: TransferRecord, { outcome, code }: Check): Answer {
  if (certificate === null) return { outcome: "passed", code: "mechanism-declared" };
  const told = `the certificate by which it goes: step 10 ${outcome} (${code})`;
  if (outcome === "failed") return { outcome, code: "mechanism-invalid", told };
  if (outcome === "absent") return { outcome, code: "mechanism-not-shown", told };
  const isThen = code === "valid-then-not-now";
  return { outcome, code: isThen ? "mechanism-valid-then-not-now" : "mechanism-valid", told };
}
