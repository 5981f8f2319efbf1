/**
 * Transaction receipts, and the anchor contract's event in them.
 *
 * Source: docs/spec/chain.md; Ethereum yellow paper, section 4.3.1; EIP-658, EIP-2718.
 */

import {
  ADDRESS_SIZE,
  at,
  type Bytes,
  equal,
  fromUint256,
  HASH_SIZE,
  toEvm,
  toHex,
  toUint,
  type Uint,
} from "../bytes.ts";
import { malformed, proofError } from "../error.ts";
import { ANCHORED_TOPIC } from "./anchor.ts";
import { decode, encode, encodeInteger, type Item, readBytes, readInteger, readList } from "./rlp.ts";
import { get } from "./trie.ts";

const BLOOM_SIZE = 256;
const FIRST_LIST = 0xc0;
const LAST_TYPE = 4;
const TOPICS_LIMIT = 4;
const INDEX_LIMIT = 2 ** 32;
const PREVIOUS_SIZE = 8;

/** One event: who emitted it, up to four topics of 32 bytes, and data. */
export interface Log {
  readonly address: Bytes;
  readonly topics: readonly Bytes[];
  readonly data: Bytes;
}

/** What became of one transaction. */
export interface TransactionReceipt {
  /** 0 to 4. */
  readonly type: number;
  /** 1 where it succeeded, else 0. */
  readonly status: number;
  /** In the order of emission. */
  readonly logs: readonly Log[];
}

/** Root of the anchored tree, and the size that was anchored before, which nothing is compared with. */
export interface AnchoredEvent {
  readonly root: Bytes;
  readonly previousSize: Uint;
}

/**
 * Read a receipt as it stands in the receipts trie.
 *
 * @throws LedgerError `receipt-type`, `receipt-status` (a state root or something else), or not canonical RLP.
 */
export function parseReceipt(encoded: Bytes): TransactionReceipt {
  const first = at(encoded, 0);
  const isList = first >= FIRST_LIST;
  if (!isList && (first < 1 || first > LAST_TYPE)) {
    throw malformed(
      `transaction receipt starts with ${first}; a type of 1 to 4 or a list is required`,
      "receipt-type",
    );
  }
  const body = decode(isList ? encoded : encoded.slice(1));
  const [status, gas, bloom, logs] = readList(body, "transaction receipt", 4);
  readInteger(gas, "cumulative gas", 8);
  readBytes(bloom, "logs bloom", BLOOM_SIZE);
  return {
    type: isList ? 0 : first,
    status: readStatus(status),
    logs: readList(logs, "receipt logs").map(readLog),
  };
}

function readStatus(item: Item | undefined): number {
  const digits = readBytes(item, "receipt status");
  if (digits.length > 1 || (digits.length === 1 && digits[0] !== 1)) {
    throw malformed(`receipt status has ${digits.length} bytes and is neither 0 nor 1`, "receipt-status");
  }
  return digits.length;
}

function readLog(item: Item): Log {
  const [address, listed, data] = readList(item, "receipt log", 3);
  const topics = readList(listed, "log topics");
  if (topics.length > TOPICS_LIMIT) {
    throw malformed(`log has ${topics.length} topics; ${TOPICS_LIMIT} are allowed`, "rlp-shape");
  }
  return {
    address: readBytes(address, "log address", ADDRESS_SIZE),
    topics: topics.map((topic) => readBytes(topic, "log topic", HASH_SIZE)),
    data: readBytes(data, "log data"),
  };
}

/**
 * The receipt `encoded`, after checking that it is the one of the block's transaction `index` under `receiptsRoot`.
 *
 * @throws LedgerError `nodes` lead elsewhere, or to another receipt or none; or a node, or the receipt, is not canonical.
 */
export function proveReceipt(
  receiptsRoot: Bytes,
  index: number,
  encoded: Bytes,
  nodes: readonly Bytes[],
): TransactionReceipt {
  if (index < 0 || index >= INDEX_LIMIT) {
    throw proofError(`transaction index ${index} is outside any block`);
  }
  const held = get(receiptsRoot, encode(encodeInteger(index)), nodes);
  if (held === undefined || !equal(held, encoded)) {
    throw proofError(`receipts trie has another receipt, or none, for transaction ${index}`);
  }
  return parseReceipt(encoded);
}

/**
 * What the contract `anchor` announced for `size` leaves of the log `logId`.
 *
 * @param receipt Already proven.
 * @param place Position of the event within this receipt, from 0.
 * @throws LedgerError with the code of the first member that differs: `receipt-status`, `event-absent`, `event-emitter`,
 * `event-topics`, `event-name`, `event-log-id`, `event-size`, `event-data`.
 */
export function anchoredEvent(
  receipt: TransactionReceipt,
  place: number,
  anchor: Bytes,
  logId: Bytes,
  size: Uint,
): AnchoredEvent {
  if (receipt.status !== 1) {
    throw proofError("anchor transaction failed; its receipt has status 0", "receipt-status");
  }
  const log = receipt.logs[place];
  if (log === undefined) {
    throw proofError(`receipt has ${receipt.logs.length} logs; log ${place} is none of them`, "event-absent");
  }
  if (!equal(log.address, anchor)) {
    throw proofError(
      `event was emitted by ${toEvm(log.address)}; the anchor is ${toEvm(anchor)}`,
      "event-emitter",
    );
  }
  const expected = [
    ["event-name", ANCHORED_TOPIC],
    ["event-log-id", logId],
    ["event-size", fromUint256(BigInt(size))],
  ] as const;
  if (log.topics.length !== expected.length) {
    throw proofError(`event has ${log.topics.length} topics; Anchored has 3`, "event-topics");
  }
  expected.forEach(([code, value], n) => {
    const topic = log.topics[n] ?? new Uint8Array();
    if (!equal(topic, value)) {
      throw proofError(`event has topic ${toHex(topic)}; ${toHex(value)} is required`, code);
    }
  });
  const isPadded = log.data.subarray(HASH_SIZE, 2 * HASH_SIZE - PREVIOUS_SIZE).every((byte) => byte === 0);
  if (log.data.length !== 2 * HASH_SIZE || !isPadded) {
    throw proofError("event data is not a root and a uint64", "event-data");
  }
  return { root: log.data.slice(0, HASH_SIZE), previousSize: toUint(log.data.subarray(HASH_SIZE)) };
}
