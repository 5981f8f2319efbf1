/**
 * Seals of QBFT validators: who of a chain's validators committed to a block, read from its header.
 *
 * Source: docs/spec/chain.md.
 */

import { ADDRESS_SIZE, at, type Bytes, compare, equal, fromHex, HASH_SIZE, toEvm, toHex } from "../bytes.ts";
import { isLedgerError, LedgerError, malformed, quorumError, signatureError } from "../error.ts";
import { keccak256 } from "../hashes.ts";
import { RECOVERABLE_SIZE, recover } from "../secp256k1.ts";
import type { Header } from "./header.ts";
import {
  decode,
  encode,
  encodeInteger,
  isBytes,
  type Item,
  type List,
  readBytes,
  readInteger,
  readList,
} from "./rlp.ts";

const ISTANBUL_DIGEST =
  fromHex("63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365") ?? new Uint8Array();
const NO_OMMERS = keccak256(encode([]));
const [OMMERS_HASH, DIFFICULTY, EXTRA_DATA, MIX_HASH] = [1, 7, 12, 13];
const EXTRA_FIELDS = 5;
const ROUND_SIZE = 4;
const FIRST_V = 27;
const ONE = Uint8Array.of(1);
/** Faults of RLP that are told as those of the form of extra data; what is not canonical keeps its code. */
const FORM: ReadonlySet<string> = new Set(["rlp-shape", "rlp-trailing", "rlp-truncated", "rlp-too-deep"]);

/** A header in the form of QBFT; whose its seals are has not been looked at. */
export interface SealedHeader {
  readonly header: Header;
  /** What the chain calls the block, and the parent hash of the next; not `header.hash`. */
  readonly blockHash: Bytes;
  /** What the validators sign. */
  readonly sealHash: Bytes;
  /** In which round they agreed; usually 0. */
  readonly round: number;
  /** Those the header lists, ascending. */
  readonly validators: readonly Bytes[];
  /** 65 bytes each, r ‖ s ‖ v with v 0, 1, 27 or 28. */
  readonly seals: readonly Bytes[];
}

/** How many of `count` validators must seal: two thirds, rounded up. */
export function quorumOf(count: number): number {
  return Math.ceil((2 * count) / 3);
}

/**
 * Read what a QBFT header says beside its common fields.
 *
 * @throws LedgerError `header-difficulty`, `header-mix-hash`, `header-ommers`; `extra-data`: not the five fields;
 * `ibft2-unsupported`; `validators-absent`; `validators-unsorted`; `seal-length`; or a code of RLP.
 */
export function parseSealed(header: Header): SealedHeader {
  requireField(header, DIFFICULTY, ONE, "header-difficulty");
  requireField(header, MIX_HASH, ISTANBUL_DIGEST, "header-mix-hash");
  requireField(header, OMMERS_HASH, NO_OMMERS, "header-ommers");
  const extra = asExtraData(() => readList(decode(header.extraData), "extra data", EXTRA_FIELDS));
  const { round, validators, seals } = readExtra(extra);
  return {
    header,
    blockHash: keccak256(sealMessage(header, extra, 0)),
    sealHash: keccak256(sealMessage(header, extra, round)),
    round,
    validators,
    seals,
  };
}

function requireField(header: Header, index: number, required: Bytes, code: string): void {
  const found = header.fields[index];
  if (!isBytes(found) || !equal(found, required)) {
    throw malformed(`header of a QBFT chain has another field ${index} than such headers have`, code);
  }
}

/** RLP of a QBFT header without its seals and with `round` for its round. */
function sealMessage(header: Header, extra: List, round: number): Bytes {
  const unsealed = encode([...extra.slice(0, 3), encodeInteger(round), []]);
  return encode(header.fields.map((field, n) => (n === EXTRA_DATA ? unsealed : field)));
}

function readExtra([vanity, listed, vote, round, given]: List): Pick<
  SealedHeader,
  "round" | "validators" | "seals"
> {
  const isPadded = isBytes(round) && round.length === ROUND_SIZE && round[0] === 0;
  if ((isBytes(vote) && vote.length === 0) || isPadded) {
    throw malformed("header is sealed under IBFT 2.0, not QBFT", "ibft2-unsupported");
  }
  return asExtraData(() => {
    readBytes(vanity, "vanity", HASH_SIZE);
    checkVote(vote);
    return {
      round: Number(readInteger(round, "round", ROUND_SIZE)),
      validators: readValidators(listed),
      seals: readSeals(given),
    };
  });
}

/** What is not canonical keeps its code, and so does what is told by name; all else is the form of these data. */
function asExtraData<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isLedgerError(error) && FORM.has(error.code)) {
      throw new LedgerError("malformed", `extra data of a QBFT header: ${error.message}`, {
        code: "extra-data",
      });
    }
    throw error;
  }
}

/** A vote about one validator, or none; it takes effect in later headers and means nothing here. */
function checkVote(vote: Item | undefined): void {
  if (vote === undefined || isBytes(vote) || (vote.length !== 0 && vote.length !== 2)) {
    throw malformed("vote of the extra data is neither empty nor of two fields", "extra-data");
  }
  if (vote.length === 2) {
    readBytes(vote[0], "candidate of the vote", ADDRESS_SIZE);
    const kind = vote[1];
    const isKnown = isBytes(kind) && (kind.length === 0 || (kind.length === 1 && kind[0] === 0xff));
    if (!isKnown) {
      throw malformed("vote of the extra data is neither to add nor to drop", "extra-data");
    }
  }
}

function readValidators(item: Item | undefined): readonly Bytes[] {
  const listed = readList(item, "validators").map((one) => readBytes(one, "validator", ADDRESS_SIZE));
  if (listed.length === 0) {
    throw malformed(
      "header lists no validators: they stand in a contract of the chain, which no header shows",
      "validators-absent",
    );
  }
  let before: Bytes = new Uint8Array(ADDRESS_SIZE);
  for (const one of listed) {
    if (compare(one, before) <= 0) {
      throw malformed(
        `validator ${toEvm(one)} does not follow ${toEvm(before)} in ascending order`,
        "validators-unsorted",
      );
    }
    before = one;
  }
  return listed;
}

function readSeals(item: Item | undefined): readonly Bytes[] {
  const seals = readList(item, "seals").map((one) => readBytes(one, "seal"));
  const odd = seals.find((seal) => seal.length !== RECOVERABLE_SIZE);
  if (odd !== undefined) {
    throw malformed(`seal has ${odd.length} bytes; ${RECOVERABLE_SIZE} are required`, "seal-length");
  }
  return seals;
}

/**
 * The validators that sealed a header, ascending, after checking that they are enough.
 *
 * @param trusted Distinct addresses that the reader believes to be the validators at that height. Where the header lists
 * others, a quorum of both must have sealed.
 * @throws LedgerError `seal-invalid`, `seal-high-s`, `seal-twice` (by signer), `seal-outsider`, `seal-quorum`.
 */
export function verifySeals(sealed: SealedHeader, trusted: readonly Bytes[]): readonly Bytes[] {
  const believed = new Set(trusted.map(toHex));
  const declared = new Set(sealed.validators.map(toHex));
  const signers = new Map<string, Bytes>();
  for (const seal of sealed.seals) {
    const signer = signerOf(sealed.sealHash, seal);
    const name = toHex(signer);
    if (!believed.has(name) && !declared.has(name)) {
      throw signatureError(`seal by 0x${name}, which is no validator`, "seal-outsider");
    }
    if (signers.has(name)) {
      throw signatureError(`two seals are by 0x${name}`, "seal-twice");
    }
    signers.set(name, signer);
  }
  for (const [members, whose] of [
    [believed, "trusted"],
    [declared, "listed in the header"],
  ] as const) {
    const count = [...signers.keys()].filter((name) => members.has(name)).length;
    if (members.size === 0 || count < quorumOf(members.size)) {
      throw quorumError(
        `${count} of the ${members.size} validators ${whose} sealed; ${quorumOf(members.size)} are required`,
        "seal-quorum",
      );
    }
  }
  return [...signers.values()].sort(compare);
}

function signerOf(sealHash: Bytes, seal: Bytes): Bytes {
  const last = at(seal, seal.length - 1);
  const written = seal.slice();
  if (last < FIRST_V) {
    written[seal.length - 1] = last + FIRST_V;
  }
  try {
    return recover(sealHash, written);
  } catch (error) {
    if (isLedgerError(error) && error.kind === "signature") {
      const code = error.code === "high-s" ? "seal-high-s" : "seal-invalid";
      throw signatureError(`seal ${toHex(seal)}: ${error.message}`, code);
    }
    throw error;
  }
}
