/**
 * KeyRevocation: from when a party's key counts no more.
 *
 * Source: docs/spec/enrolment.md.
 */

import { parseTime } from "../core/times.ts";
import { REVOCATION_REASONS } from "./codes.ts";
import { code, DID, KEY_ID, TIME } from "./fields.ts";
import { Kind, type Signed, SUBJECT } from "./reading.ts";
import { object, StatementInvalidError } from "./shape.ts";

/** The key `party` + `key` is revoked from `at`, POSIX seconds. */
export interface KeyRevocation {
  readonly type: "KeyRevocation";
  readonly party: string;
  readonly key: string;
  readonly at: number;
  readonly reason: string;
}

export const KIND = new Kind(
  "KeyRevocation",
  ["registrar"],
  object({ party: DID, key: KEY_ID, at: TIME, reason: code("reasons", REVOCATION_REASONS) }),
);

/** The revocation that a statement makes; says nothing about whether its signer may make it. */
export function read(statement: Signed): KeyRevocation {
  const subject = KIND.read(statement);
  if (statement.verificationMethod === subject.party + subject.key) {
    const detail = "signed with the very key it revokes; the party signs with another of its keys";
    throw new StatementInvalidError(KIND.name, [
      { pointer: `${SUBJECT}/key`, code: "signed-by-revoked-key", detail },
    ]);
  }
  const { party, key, at, reason } = subject;
  return { type: "KeyRevocation", party, key, at: parseTime(at), reason };
}
