/**
 * Signed notes (C2SP signed-note) and the verification keys that name their signers.
 *
 * Source: docs/spec/log.md.
 */

import { at, type Bytes, concat, decodeUtf8, encodeUtf8, fromBase64, toBase64, toHex } from "./bytes.ts";
import { malformed, type LedgerError } from "./error.ts";
import { sha256 } from "./hashes.ts";
import { NOTE_LIMIT } from "./json.ts";

/** Ed25519 over the note text. */
export const ED25519 = 0x01;
/** Timestamped Ed25519 cosignature. */
export const ED25519_COSIGNATURE = 0x04;
/** Timestamped ML-DSA-44 cosignature. */
export const MLDSA44_COSIGNATURE = 0x06;
/** Key material beginning with a name of its own; here the head signature. */
export const EXPERIMENTAL = 0xff;

const KEY_SIZES: ReadonlyMap<number, number> = new Map([
  [ED25519, 32],
  [ED25519_COSIGNATURE, 32],
  [MLDSA44_COSIGNATURE, 1312],
]);
const SIGNATURE_LINES_LIMIT = 64;
const NAME_LIMIT = 255;
const KEY_ID_SIZE = 4;
const LINE = /^— ([^ ]*) ([^ ]*)$/;
const NOT_IN_NAMES = /[\0-\x1f+\p{White_Space}]/u;
const CONTROL = /[\0-\x09\x0b-\x1f]/;

/** One signature line, not verified. Anybody may write any name and key id. */
export interface NoteSignature {
  readonly name: string;
  /** 4 bytes. */
  readonly keyId: Bytes;
  /** What follows the key id: a signature, or a time and a signature. */
  readonly payload: Bytes;
}

/** A text with its last newline, and its signature lines in the order they stand, none of them verified. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** A verification key. */
export interface VKey {
  readonly name: string;
  /** 4 bytes, always `keyIdOf(name, type, key)`. */
  readonly keyId: Bytes;
  readonly type: number;
  /** 32 bytes for Ed25519, 1,312 for ML-DSA-44; for `EXPERIMENTAL` the material after the type byte. */
  readonly key: Bytes;
}

export function keyIdOf(name: string, type: number, key: Uint8Array): Bytes {
  return sha256(concat(encodeUtf8(`${name}\n`), Uint8Array.of(type), key)).slice(0, KEY_ID_SIZE);
}

/** What a signature line and a key are told apart by: the name and the key id, as one text. */
export function lineName(line: { readonly name: string; readonly keyId: Uint8Array }): string {
  return `${line.name} ${toHex(line.keyId)}`;
}

/** The verification key of these parts. */
export function makeVkey(name: string, type: number, key: Bytes): VKey {
  if (!isKeyName(name)) {
    throw malformed("a key name is not empty and has no space, plus or control character", "vkey-malformed");
  }
  const isSized = type === EXPERIMENTAL ? key.length > 0 : KEY_SIZES.get(type) === key.length;
  if (!isSized) {
    throw malformed(
      `verification key of ${name} has type ${type} and ${key.length} bytes of key material`,
      "vkey-malformed",
    );
  }
  return { name, keyId: keyIdOf(name, type, key), type, key };
}

/**
 * Read a verification key, `name+keyid+base64`.
 *
 * @throws LedgerError `vkey-malformed`: wrong form, type, key size, or a key id of other parts.
 */
export function parseVkey(text: string): VKey {
  const [name = "", keyId = "", ...rest] = text.split("+");
  const material = fromBase64(rest.join("+"));
  if (material === undefined || material.length === 0) {
    throw malformed("a verification key is written name+keyid+base64", "vkey-malformed");
  }
  const vkey = makeVkey(name, at(material, 0), material.slice(1));
  if (toHex(vkey.keyId) !== keyId) {
    throw malformed(
      `verification key of ${name} has key id ${toHex(vkey.keyId)}, and states another`,
      "vkey-malformed",
    );
  }
  return vkey;
}

/** Write a verification key; the inverse of `parseVkey`. */
export function encodeVkey(vkey: VKey): string {
  return `${vkey.name}+${toHex(vkey.keyId)}+${toBase64(concat(Uint8Array.of(vkey.type), vkey.key))}`;
}

/**
 * Read a note and its signature lines. Verifies nothing.
 *
 * @throws LedgerError `too-large` beyond 128 KiB or 64 signature lines; `note-malformed` otherwise.
 */
export function parseNote(data: Uint8Array): Note {
  if (data.length > NOTE_LIMIT) {
    throw malformed(`note has ${data.length} bytes; at most ${NOTE_LIMIT} are read`, "too-large");
  }
  const whole = decodeUtf8(data);
  if (whole === undefined) {
    throw fault("is not UTF-8");
  }
  if (CONTROL.test(whole)) {
    throw fault("has a control character");
  }
  const blank = whole.lastIndexOf("\n\n");
  if (blank < 0) {
    throw fault("has no empty line before its signatures");
  }
  const lines = whole.slice(blank + 2).split("\n");
  if (lines.pop() !== "" || lines.length === 0) {
    throw fault("has no signature line, or no newline after the last one");
  }
  if (lines.length > SIGNATURE_LINES_LIMIT) {
    throw malformed(
      `note has ${lines.length} signature lines; at most ${SIGNATURE_LINES_LIMIT} are read`,
      "too-large",
    );
  }
  return { text: whole.slice(0, blank + 1), signatures: lines.map(readLine) };
}

function readLine(line: string): NoteSignature {
  const [, name, encoded] = LINE.exec(line) ?? [];
  if (name === undefined || encoded === undefined || !isKeyName(name)) {
    throw fault("has a signature line that is not an em dash, a key name and base64");
  }
  const decoded = fromBase64(encoded);
  if (decoded === undefined || decoded.length <= KEY_ID_SIZE) {
    throw fault(`has a signature line of ${name} without strict base64 of a key id and a signature`);
  }
  return { name, keyId: decoded.slice(0, KEY_ID_SIZE), payload: decoded.slice(KEY_ID_SIZE) };
}

/** Write a note; the inverse of `parseNote`. */
export function encodeNote(note: Note): Bytes {
  const lines = note.signatures.map(
    (line) => `— ${line.name} ${toBase64(concat(line.keyId, line.payload))}\n`,
  );
  return encodeUtf8(`${note.text}\n${lines.join("")}`);
}

/** Whether this may name a key: 1 to 255 bytes of UTF-8, no white space, plus or control character. */
export function isKeyName(name: string): boolean {
  return name !== "" && !NOT_IN_NAMES.test(name) && encodeUtf8(name).length <= NAME_LIMIT;
}

function fault(found: string): LedgerError {
  return malformed(`note ${found}`, "note-malformed");
}
