/**
 * TransferAcknowledgement: the importer's word on one transfer record.
 *
 * Source: docs/spec/transfer-acknowledgement.md.
 */

import { parseTime } from "../core/times.ts";
import { OUTCOMES } from "./codes.ts";
import { code, DIGEST, type Digest, TIME } from "./fields.ts";
import { Kind, type Signed, tellUnlessPast } from "./reading.ts";
import { object } from "./shape.ts";

/** What became of a transfer, in the words of its importer. */
export interface TransferAcknowledgement {
  readonly type: "TransferAcknowledgement";
  /** Digest of the TransferRecord. */
  readonly record: Digest;
  /** accepted, reservation or rejected. */
  readonly outcome: string;
  /** POSIX seconds. */
  readonly at: number;
  /** The commitment that the importer computed over what it received; null where it says nothing. */
  readonly receivedPayload: Digest | null;
}

const SHAPE = object(
  { record: DIGEST, outcome: code("outcomes", OUTCOMES), at: TIME },
  { receivedPayload: DIGEST },
);
export const KIND = new Kind("TransferAcknowledgement", ["importer"], SHAPE).where(
  ["at"],
  (subject, signing, tell) => {
    tellUnlessPast(subject.at, "at", signing, tell);
  },
);

/** The acknowledgement that a statement makes. */
export function read(statement: Signed): TransferAcknowledgement {
  const { record, outcome, at, receivedPayload } = KIND.read(statement);
  return {
    type: "TransferAcknowledgement",
    record,
    outcome,
    at: parseTime(at),
    receivedPayload: receivedPayload ?? null,
  };
}

/** Whether the importer says that it received the transfer, with or without reservation. */
export function receives(acknowledgement: TransferAcknowledgement): boolean {
  return acknowledgement.outcome !== "rejected";
}
