/** Every error that is raised on purpose; the kinds and codes are those of docs/spec/errors.md. */

/** What of: the form, a proof, a signature, a quorum, another statement that is false, or what rules do not allow. */
export type ErrorKind = "malformed" | "proof" | "signature" | "quorum" | "verification" | "refused";

const DEFAULT_CODES: Readonly<Record<ErrorKind, string>> = {
  malformed: "malformed",
  proof: "proof-invalid",
  signature: "signature-invalid",
  quorum: "quorum-missing",
  verification: "verification-failed",
  refused: "refused",
};

/** What an error knows beside its message. */
export interface Fault {
  /** Stable name of the cause; each kind has a default. */
  readonly code?: string;
  /** RFC 6901 JSON pointer of the member at fault, when the input is JSON. */
  readonly pointer?: string;
  /** Byte offset of the first byte at fault, when known. */
  readonly offset?: number;
}

export class LedgerError extends Error {
  override readonly name = "LedgerError";
  readonly kind: ErrorKind;
  readonly code: string;
  readonly pointer: string | undefined;
  readonly offset: number | undefined;

  /**
   * @param message For people; lower case, no full stop.
   */
  constructor(kind: ErrorKind, message: string, fault: Fault = {}) {
    super(message);
    this.kind = kind;
    this.code = fault.code ?? DEFAULT_CODES[kind];
    this.pointer = fault.pointer;
    this.offset = fault.offset;
  }
}

/** The bytes are not in the format they claim to be. */
export function malformed(message: string, code?: string, pointer?: string, offset?: number): LedgerError {
  return new LedgerError("malformed", message, {
    ...(code === undefined ? {} : { code }),
    ...(pointer === undefined ? {} : { pointer }),
    ...(offset === undefined ? {} : { offset }),
  });
}

const maker =
  (kind: ErrorKind) =>
  (message: string, code?: string): LedgerError =>
    new LedgerError(kind, message, code === undefined ? {} : { code });

/** A path does not lead to the stated root. */
export const proofError = maker("proof");
/** A known key rejects the signature, or no known key made it. */
export const signatureError = maker("signature");
/** Too few trusted witnesses, attesters or publisher keys signed. */
export const quorumError = maker("quorum");
/** Well-formed, and false. */
export const verificationError = maker("verification");
/** True, and not allowed by the rules in force here. */
export const refusedError = maker("refused");

/** Whether an error is one of these, raised because of what the input says. */
export function isLedgerError(error: unknown): error is LedgerError {
  return error instanceof LedgerError;
}

/** Whether a proof, signature or quorum failed, or anything else that is well-formed is false. */
export function isVerificationError(error: unknown): error is LedgerError {
  return isLedgerError(error) && error.kind !== "malformed" && error.kind !== "refused";
}
