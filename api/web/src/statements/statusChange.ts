/**
 * StatusChange: an issuer suspends, reinstates or withdraws what it issued, or reduces its scope, and says why.
 *
 * Source: docs/spec/status-change.md.
 */

import { parseTime } from "../core/times.ts";
import { STATUS_CHANGES, STATUS_REASONS } from "./codes.ts";
import { code, DIGEST, type Digest, TIME } from "./fields.ts";
import { Kind, type Signed } from "./reading.ts";
import { SCOPE, type Scope, scopeOf } from "./scope.ts";
import { object } from "./shape.ts";
import { SIGNERS_OF_STATUS } from "./statusReference.ts";
import { tellUnlessLater } from "./validity.ts";

/** One change; times are POSIX seconds. */
export interface StatusChange {
  readonly type: "StatusChange";
  /** Digest of what it changes the status of. */
  readonly statement: Digest;
  /** suspend, reinstate, withdraw or reduceScope. */
  readonly change: string;
  readonly reason: string;
  readonly effective: number;
  /** Of a suspension: the longest it may last. */
  readonly until: number | null;
  /** Of a reduction: what is left. */
  readonly scope: Scope | null;
}

const SHAPE = object(
  {
    statement: DIGEST,
    change: code("status changes", STATUS_CHANGES),
    reason: code("status reasons", STATUS_REASONS),
    effective: TIME,
  },
  { until: TIME, scope: SCOPE },
)
  .where(["change", "until", "scope"], (subject, at, tell, has) => {
    for (const [name, change] of Object.entries({ until: "suspend", scope: "reduceScope" })) {
      if (subject.change === change && !has(name)) {
        tell(`${at}/${name}`, "member-missing", `the change ${change} needs it`);
      } else if (subject.change !== change && has(name)) {
        tell(`${at}/${name}`, "change-conflict", `given with the change ${change} alone`);
      }
    }
  })
  .where(["effective", "until"], (subject, at, tell) => {
    tellUnlessLater(subject.effective, subject.until, `${at}/until`, tell);
  });
export const KIND = new Kind("StatusChange", SIGNERS_OF_STATUS, SHAPE);

/** The change that a statement makes; says nothing about whether its signer may make it. */
export function read(statement: Signed): StatusChange {
  const subject = KIND.read(statement);
  return {
    type: "StatusChange",
    statement: subject.statement,
    change: subject.change,
    reason: subject.reason,
    effective: parseTime(subject.effective),
    until: subject.until === undefined ? null : parseTime(subject.until),
    scope: subject.scope === undefined ? null : scopeOf(subject.scope),
  };
}
