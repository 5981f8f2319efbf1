/**
 * Checkpoints: a log's size and root in a signed note, with the log's three lines and witnesses' cosignatures.
 *
 * Source: docs/spec/log.md; C2SP tlog-checkpoint and tlog-cosignature.
 */

import {
  ADDRESS_SIZE,
  asUint,
  type Bytes,
  concat,
  encodeUtf8,
  equal,
  fromBase64,
  fromUint,
  HASH_SIZE,
  toEvm,
  toHex,
  toUint,
  type Uint,
} from "./bytes.ts";
import { isLedgerError, type LedgerError, malformed, signatureError } from "./error.ts";
import { headDigest, logId } from "./evm/anchor.ts";
import { EDDSA, verify } from "./keys.ts";
import { verifyMldsa } from "./mldsa.ts";
import {
  ED25519,
  ED25519_COSIGNATURE,
  EXPERIMENTAL,
  lineName,
  makeVkey,
  MLDSA44_COSIGNATURE,
  type Note,
  type NoteSignature,
  parseNote,
  type VKey,
} from "./note.ts";
import { recover } from "./secp256k1.ts";

export const SIZE_LIMIT = 2n ** 63n - 1n;
const ORIGIN = /^[A-Za-z0-9./-]{1,255}$/;
const SIZE = /^(?:0|[1-9][0-9]{0,18})$/;
const HEAD_MATERIAL = encodeUtf8("evidence-ledger/head/v1");
const TIME_SIZE = 8;
const LINE_NAMES: ReadonlyMap<number, string> = new Map([
  [ED25519, "Ed25519 (0x01)"],
  [MLDSA44_COSIGNATURE, "ML-DSA-44 (0x06)"],
  [EXPERIMENTAL, "head signature (0xff)"],
]);

/** What a log says of itself at one moment. */
export interface Checkpoint {
  /** Name of the log, `<authority>/<jurisdiction>/<shard>`. */
  readonly origin: string;
  /** Number of entries, 0 to 2^63 - 1. */
  readonly size: Uint;
  /** RFC 6962 root hash of them. */
  readonly root: Bytes;
}

/** A checkpoint and its signature lines, none of them verified. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly note: Note;
  readonly encoded: Bytes;
}

/** What the three lines of a log, all valid, say beside the checkpoint. */
export interface LogLines {
  /** 20-byte address of the head key that signed. */
  readonly headAddress: Bytes;
  /** POSIX second of signing, by the log's own clock. */
  readonly mldsaTime: Uint;
}

/** Whether a log may have this name. */
export function isOrigin(text: string): boolean {
  return ORIGIN.test(text);
}

/** The verification key of a log's head signature. */
export function headVkey(origin: string, address: Bytes): VKey {
  if (address.length !== ADDRESS_SIZE) {
    throw malformed(`an address has ${ADDRESS_SIZE} bytes, not ${address.length}`, "vkey-malformed");
  }
  return makeVkey(origin, EXPERIMENTAL, concat(HEAD_MATERIAL, address));
}

/**
 * Read a signed checkpoint. Verifies no signature.
 *
 * @throws LedgerError as `parseNote`, and `checkpoint-malformed`.
 */
export function parseCheckpoint(data: Bytes): SignedCheckpoint {
  const note = parseNote(data);
  const [origin = "", size = "", encodedRoot = "", ...rest] = note.text.split("\n");
  if (rest.length !== 1) {
    throw fault("three lines before the signatures are required");
  }
  if (!SIZE.test(size) || BigInt(size) > SIZE_LIMIT) {
    throw fault("size is a decimal number without leading zeros, at most 2^63 - 1");
  }
  const root = fromBase64(encodedRoot);
  if (root?.length !== HASH_SIZE) {
    throw fault(`root is base64 of ${HASH_SIZE} bytes`);
  }
  if (!isOrigin(origin)) {
    throw fault("origin is 1 to 255 characters A-Z a-z 0-9 . / -");
  }
  return { checkpoint: { origin, size: asUint(BigInt(size)), root }, note, encoded: data };
}

/**
 * Check that the log signed the checkpoint: exactly one valid line of each of its three types.
 *
 * Lines of keys not given here are passed over.
 *
 * @param vkeys The log's keys of types 0x01 and 0x06 that are believed.
 * @param headAddresses Its head keys that are believed, 20 bytes each.
 * @throws LedgerError `origin-mismatch`; `line-invalid`: a line of a known key does not verify; `line-twice`: a known
 * key, or a second known key of the same type, has another line; `line-missing`: no line of one type. Of several faults
 * the first line at fault is told.
 */
export async function verifyLogLines(
  signed: SignedCheckpoint,
  origin: string,
  vkeys: readonly VKey[],
  headAddresses: readonly Bytes[],
): Promise<LogLines> {
  if (signed.checkpoint.origin !== origin) {
    throw signatureError(
      `checkpoint is of ${signed.checkpoint.origin}; ${origin} is required`,
      "origin-mismatch",
    );
  }
  const known = knownKeys(origin, vkeys, headAddresses);
  const found = new Map<number, VKey>();
  let mldsaTime: Uint = 0;
  for (const line of signed.note.signatures) {
    const vkey = known.get(lineName(line));
    if (vkey === undefined) {
      continue;
    }
    if (found.has(vkey.type)) {
      throw signatureError(`checkpoint of ${origin} has two lines of type ${vkey.type}`, "line-twice");
    }
    found.set(vkey.type, vkey);
    if (vkey.type === MLDSA44_COSIGNATURE) {
      mldsaTime = await verifyCosignature(signed, line, vkey);
      if (mldsaTime === 0) {
        throw lineInvalid(vkey, "its time is 0");
      }
    } else {
      await verifyUntimed(signed, line, vkey);
    }
  }
  for (const [type, name] of LINE_NAMES) {
    if (!found.has(type)) {
      throw signatureError(`checkpoint of ${origin} has no line of ${name} by a known key`, "line-missing");
    }
  }
  const head = found.get(EXPERIMENTAL)?.key.slice(HEAD_MATERIAL.length) ?? new Uint8Array();
  return { headAddress: head, mldsaTime };
}

function knownKeys(
  origin: string,
  vkeys: readonly VKey[],
  headAddresses: readonly Bytes[],
): ReadonlyMap<string, VKey> {
  const own = vkeys.filter(
    ({ name, type }) => name === origin && (type === ED25519 || type === MLDSA44_COSIGNATURE),
  );
  const heads = headAddresses.map((address) => headVkey(origin, address));
  return new Map([...own, ...heads].map((vkey) => [lineName(vkey), vkey]));
}

/** The line of the Ed25519 key or of the head key. */
async function verifyUntimed(signed: SignedCheckpoint, line: NoteSignature, vkey: VKey): Promise<void> {
  const { origin, size, root } = signed.checkpoint;
  await asLine(vkey, async () => {
    if (vkey.type === ED25519) {
      await verify({ suite: EDDSA, raw: vkey.key }, encodeUtf8(signed.note.text), line.payload);
      return;
    }
    const address = vkey.key.slice(HEAD_MATERIAL.length);
    const signer = recover(headDigest(logId(origin, address), size, root), line.payload);
    if (!equal(signer, address)) {
      throw signatureError(`it is by ${toEvm(signer)}`);
    }
  });
}

/**
 * Check one cosignature and return its time, POSIX seconds.
 *
 * A time of 0 or in the future verifies; whether it counts is for the caller.
 *
 * @param vkey The witness's key, of type 0x04 or 0x06.
 * @throws LedgerError `line-invalid`.
 */
export async function verifyCosignature(
  signed: SignedCheckpoint,
  line: NoteSignature,
  vkey: VKey,
): Promise<Uint> {
  if (lineName(line) !== lineName(vkey)) {
    throw lineInvalid(vkey, `it is a line of ${line.name}`);
  }
  const time = toUint(line.payload.subarray(0, TIME_SIZE));
  const signature = line.payload.slice(TIME_SIZE);
  await asLine(vkey, async () => {
    if (vkey.type === ED25519_COSIGNATURE) {
      const message = encodeUtf8(`cosignature/v1\ntime ${time}\n${signed.note.text}`);
      await verify({ suite: EDDSA, raw: vkey.key }, message, signature);
    } else if (vkey.type === MLDSA44_COSIGNATURE) {
      verifyMldsa(vkey.key, mldsaMessage(signed.checkpoint, vkey.name, time), signature);
    } else {
      throw signatureError(`a key of type ${vkey.type} does not cosign`);
    }
  });
  return time;
}

/** What an ML-DSA-44 cosignature of the whole tree signs (C2SP tlog-cosignature, start 0). */
export function mldsaMessage(checkpoint: Checkpoint, name: string, time: Uint): Bytes {
  const cosigner = encodeUtf8(name);
  const origin = encodeUtf8(checkpoint.origin);
  return concat(
    encodeUtf8("subtree/v1\n\0"),
    Uint8Array.of(cosigner.length),
    cosigner,
    fromUint(time, TIME_SIZE),
    Uint8Array.of(origin.length),
    origin,
    fromUint(0, 8),
    fromUint(checkpoint.size, 8),
    checkpoint.root,
  );
}

async function asLine(vkey: VKey, check: () => Promise<void>): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw isLedgerError(error) ? lineInvalid(vkey, error.message) : error;
  }
}

function lineInvalid(vkey: VKey, reason: string): LedgerError {
  return signatureError(
    `line of ${vkey.name} (${toHex(vkey.keyId)}) does not verify: ${reason}`,
    "line-invalid",
  );
}

function fault(required: string): LedgerError {
  return malformed(`checkpoint: ${required}`, "checkpoint-malformed");
}
