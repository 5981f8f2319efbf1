/**
 * Whether an outcome lets a record go.
 *
 * Source: docs/spec/verification.md, "Step 11 in full", 5.
 */

import type { Decided } from "../rules/decide.ts";
import type { TransferRecord } from "../statements/transfer.ts";
import type { Check, Outcome } from "./report.ts";

/** An outcome of the step, with its code, and what there is to say of it beside. */
export interface Answer {
  readonly outcome: Outcome;
  readonly code: string;
  readonly told?: string;
}

const ASSESSMENT = "authorityAssessment";

/**
 * @param certified Step 10, by which a certificate counts as a mechanism.
 */
export function mayGo({ subject, allowed }: Decided, record: TransferRecord, certified: Check): Answer {
  const { outcome, declared } = subject;
  switch (outcome) {
    case "free":
    case "conditional":
      return { outcome: "passed", code: outcome };
    case "mechanismRequired":
      return declared === true
        ? byMechanism(record, certified)
        : { outcome: "failed", code: "mechanism-missing", told: "the record declares none of those allowed" };
    case "assessmentRequired":
      return byAssessment(record, allowed);
    case "prohibited":
      return { outcome: "failed", code: outcome };
    default:
      return { outcome: "absent", code: outcome };
  }
}

/** An assessment that is declared: it hides no mechanism that is required beside it. */
function byAssessment({ subject }: TransferRecord, allowed: Decided["allowed"]): Answer {
  const isDeclared = subject.mechanism?.type === ASSESSMENT;
  if (isDeclared && (allowed === null || allowed.includes(ASSESSMENT))) {
    return { outcome: "passed", code: "assessment-declared" };
  }
  const told = isDeclared ? "a mechanism is required beside it" : "the record declares no assessment";
  return { outcome: "absent", code: "assessment-not-shown", told };
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
