/**
 * Block headers of Ethereum-compatible chains, from their RLP.
 *
 * Fifteen fields, then those that later forks appended; what stands after these is kept and not interpreted.
 *
 * Source: docs/spec/chain.md.
 */

import { type Bytes, toUint, type Uint } from "../bytes.ts";
import { malformed } from "../error.ts";
import { keccak256 } from "../hashes.ts";
import { decode, type List, readBytes, readInteger, readList } from "./rlp.ts";

const SIZE_LIMIT = 1 << 16;
const REQUIRED = 15;

interface Field {
  readonly name: string;
  /** Exactly so many bytes, an integer of at most so many, or any bytes. */
  readonly exact?: number;
  readonly integer?: number;
}

const FIELDS: readonly Field[] = [
  { name: "parent hash", exact: 32 },
  { name: "ommers hash", exact: 32 },
  { name: "beneficiary", exact: 20 },
  { name: "state root", exact: 32 },
  { name: "transactions root", exact: 32 },
  { name: "receipts root", exact: 32 },
  { name: "logs bloom", exact: 256 },
  { name: "difficulty", integer: 32 },
  { name: "number", integer: 8 },
  { name: "gas limit", integer: 8 },
  { name: "gas used", integer: 8 },
  { name: "timestamp", integer: 8 },
  { name: "extra data" },
  { name: "mix hash", exact: 32 },
  { name: "nonce", exact: 8 },
  { name: "base fee", integer: 32 },
  { name: "withdrawals root", exact: 32 },
  { name: "blob gas used", integer: 8 },
  { name: "excess blob gas", integer: 8 },
  { name: "parent beacon block root", exact: 32 },
  { name: "requests hash", exact: 32 },
];

/** A well-formed header; nothing says yet that any chain has it. */
export interface Header {
  /** The RLP it was read from. */
  readonly encoded: Bytes;
  /** keccak-256 of `encoded`: the block hash, but of chains whose extra data carries seals. */
  readonly hash: Bytes;
  readonly parentHash: Bytes;
  readonly stateRoot: Bytes;
  readonly receiptsRoot: Bytes;
  /** Height; the genesis block has 0. */
  readonly number: Uint;
  /** POSIX seconds, as the block's maker claims. */
  readonly time: Uint;
  readonly extraData: Bytes;
  /** Every field as it stands, the uninterpreted ones included. */
  readonly fields: List;
}

/**
 * Read a header.
 *
 * @throws LedgerError `header-too-large`, `header-fields`: fewer than 15; and the codes of RLP.
 */
export function parseHeader(encoded: Bytes): Header {
  if (encoded.length > SIZE_LIMIT) {
    throw malformed(`header has ${encoded.length} bytes; ${SIZE_LIMIT} are allowed`, "header-too-large");
  }
  const fields = readList(decode(encoded), "header");
  if (fields.length < REQUIRED) {
    throw malformed(`header has ${fields.length} fields; at least ${REQUIRED} are required`, "header-fields");
  }
  FIELDS.slice(0, fields.length).forEach(({ name, exact, integer }, n) => {
    if (integer === undefined) {
      readBytes(fields[n], `header ${name}`, exact);
    } else {
      readInteger(fields[n], `header ${name}`, integer);
    }
  });
  const field = (n: number): Bytes => readBytes(fields[n], "header field");
  return {
    encoded,
    hash: keccak256(encoded),
    parentHash: field(0),
    stateRoot: field(3),
    receiptsRoot: field(5),
    number: toUint(field(8)),
    time: toUint(field(11)),
    extraData: field(12),
    fields,
  };
}
