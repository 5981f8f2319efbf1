/**
 * What the page asks of its worker, and what it is told: files go in, words for a screen come out.
 *
 * The worker holds the verifier; the page holds none of it, and shows nothing that the worker did not say.
 */

/** What a file is, by its first bytes. */
export type Kind = "bundle" | "receipt" | "statement" | "fork" | "trust" | "openings" | "other";

export type Outcome = "passed" | "failed" | "absent";

/** All that is in hand for one verification. */
export interface Question {
  readonly evidence: File;
  readonly trust: File;
  /** Files in hand by the name of their commitment. */
  readonly contents: readonly (readonly [string, File])[];
  readonly openings?: File;
  /** The statement that a receipt is of. */
  readonly statement?: File;
  readonly into?: string;
  /** POSIX seconds. */
  readonly at?: number;
  /** This device's clock, POSIX seconds. */
  readonly now: number;
  readonly today: boolean;
}

export type Ask =
  | { readonly ask: "kind"; readonly id: number; readonly file: File }
  | { readonly ask: "trust"; readonly id: number; readonly file: File }
  | { readonly ask: "verify"; readonly id: number; readonly question: Question };

/** A trust list, as it is shown for comparison. */
export interface TrustShown {
  readonly publisher: string;
  readonly version: number;
  readonly issued: string;
  readonly nextUpdate: string;
  /** 64 hexadecimal digits. */
  readonly listHash: string;
}

/** One line of a report. */
export interface CheckShown {
  readonly step: number;
  readonly name: string;
  readonly outcome: Outcome;
  readonly code: string;
  readonly detail: string;
  readonly section?: number;
  readonly pointer?: string;
}

/** When one statement was made, as `evidence verify --json` gives it. */
export interface DatedShown {
  readonly digest: string;
  readonly role: string;
  readonly type: string;
  readonly issuer: string;
  readonly claimed: string;
  readonly proven: {
    readonly notAfter: string | null;
    readonly by: readonly string[];
    readonly grade: string;
  };
  readonly operatorTime: string | null;
}

export interface PremiseShown {
  readonly outcome: Outcome;
  readonly code: string;
  readonly detail: string;
}

export interface StandingShown {
  readonly moment: string;
  readonly outcome: string;
  readonly premises: readonly PremiseShown[];
  readonly limits: readonly string[];
}

/** What step 11 found of one decision. */
export interface DecisionShown {
  readonly decision: string;
  readonly at: string;
  readonly says: string;
  readonly outcome: Outcome;
  readonly code: string;
  readonly measures: readonly { readonly number: string; readonly version: number }[];
  readonly conditions: readonly string[];
  readonly atTransfer: { readonly at: string; readonly says: string } | null;
}

/** A report, as `evidence verify --json` prints it. */
export interface ReportShown {
  readonly format: "evidence-report/1";
  readonly verdict: "verified" | "not verified" | "could not finish" | "verified then, not now";
  readonly subject: string | null;
  readonly type: string | null;
  readonly steps: readonly CheckShown[];
  readonly checks: readonly CheckShown[];
  readonly required: readonly number[];
  readonly missing: readonly string[];
  readonly unfinished: readonly string[];
  readonly statements: readonly DatedShown[];
  readonly trust: { readonly publisher: string; readonly version: number; readonly listHash: string };
  readonly checkedAt: string;
  readonly statusNow: string;
  readonly recognition: { readonly at: StandingShown; readonly known: StandingShown } | null;
  readonly rules: readonly DecisionShown[] | null;
  readonly notCounted: readonly string[];
  readonly notices: readonly string[];
  readonly notChecked: readonly string[];
}

/** A report on a fork proof. */
export interface ForkShown {
  readonly format: "evidence-fork-report/1";
  readonly verdict: "split view proven" | "not proven" | "could not finish";
  readonly code: string;
  readonly detail: string;
  readonly origin: string | null;
  readonly operator: string | null;
  readonly checkpoints: readonly { readonly size: number; readonly root: string }[];
  readonly signedBoth: readonly string[];
  readonly trust: { readonly publisher: string; readonly version: number; readonly listHash: string };
  readonly checkedAt: string;
  readonly notCounted: readonly string[];
}

/** What the subject says, for people; and which files it commits to. */
export interface SubjectShown {
  readonly type: string;
  readonly issuer: string;
  readonly fields: unknown;
  readonly commitments: readonly string[];
}

export type Told =
  | { readonly told: "kind"; readonly id: number; readonly kind: Kind }
  | { readonly told: "trust"; readonly id: number; readonly trust: TrustShown }
  | { readonly told: "step"; readonly id: number; readonly check: CheckShown }
  | {
      readonly told: "progress";
      readonly id: number;
      readonly name: string;
      readonly done: number;
      readonly total: number;
    }
  | {
      readonly told: "report";
      readonly id: number;
      readonly report: ReportShown | ForkShown;
      readonly subject?: SubjectShown;
      /** SHA-256 of each file that was read, by its name. */
      readonly hashes: readonly (readonly [string, string])[];
    }
  | {
      readonly told: "refused";
      readonly id: number;
      readonly what: "evidence" | "trust" | "file";
      readonly name: string;
      readonly code: string;
      readonly detail: string;
    };

/** Most bytes of each kind that are read into memory. */
export const LIMITS = { bundle: 16 << 20, trust: 4 << 20, statement: 1 << 20, openings: 4 << 20 } as const;
