/**
 * Commitments to private fields, and the file of openings that their signer keeps.
 *
 * Source: docs/spec/commitments.md.
 */

import { type Bytes, encodeUtf8, fromHex, fromUint, HASH_SIZE } from "./bytes.ts";
import { type LedgerError, malformed } from "./error.ts";
import { sha256 } from "./hashes.ts";
import {
  decode,
  encodeDecoded,
  has,
  hasExactly,
  isObject,
  type Json,
  pointerTo,
  TRUST_LIMIT,
} from "./json.ts";

const FORMAT = "evidence-openings/1";
const DOMAIN = encodeUtf8("evidence-ledger/commit/v1");
const CONTEXT_LIMIT = 0xffff;
const SALT_SIZE = 32;

/** What one commitment stands for; either a value or a file. */
export interface Opening {
  /** 32 bytes. */
  readonly salt: Bytes;
  /** The value committed to; undefined for a file. */
  readonly value?: Json;
  /** SHA-256 of the file committed to; undefined for a value. */
  readonly fileSha256?: Bytes;
  /** What the signer calls the file or value; not committed to. */
  readonly name?: string;
}

/** The openings of one statement by the JSON pointers of their commitments, private to its signer. */
export interface Openings {
  readonly statement: string;
  readonly openings: ReadonlyMap<string, Opening>;
}

/** The bytes that go into the commitment. */
export function committed(opening: Opening): Bytes {
  return opening.fileSha256 ?? encodeDecoded(opening.value ?? null);
}

/**
 * The 32-byte commitment to a value.
 *
 * @param statementId `urn:uuid:…` of the statement that holds the commitment.
 * @param pointer JSON pointer of the member that holds it, so that it cannot be moved to another.
 * @param salt 32 random bytes, used once.
 * @param value Canonical JSON of the value, or SHA-256 of the file.
 */
export function commitment(statementId: string, pointer: string, salt: Bytes, value: Bytes): Bytes {
  const context = encodeUtf8(`${statementId}#${pointer}`);
  if (salt.length !== SALT_SIZE) {
    throw malformed(`a salt has ${SALT_SIZE} bytes, not ${salt.length}`, "commitment-malformed");
  }
  if (context.length > CONTEXT_LIMIT) {
    throw malformed("statement id and pointer are too long", "commitment-malformed");
  }
  return sha256(DOMAIN, fromUint(context.length, 2), context, salt, value);
}

/**
 * Read an openings file.
 *
 * @throws LedgerError as `decode`; `openings-malformed` for anything else.
 */
export function parseOpenings(data: Uint8Array): Openings {
  const document = decode(data, { limit: TRUST_LIMIT, what: "openings file" });
  if (!isObject(document) || !hasExactly(document, ["format", "openings", "statement"])) {
    throw fault("an openings file has the members format, openings and statement", "");
  }
  if (document["format"] !== FORMAT) {
    throw fault(`the format of an openings file is ${FORMAT}`, "/format");
  }
  const { statement, openings } = document;
  if (typeof statement !== "string" || !statement.startsWith("urn:uuid:")) {
    throw fault("statement is the id of a statement, urn:uuid:…", "/statement");
  }
  if (!isObject(openings) || Object.keys(openings).length === 0) {
    throw fault("openings is an object with at least one member", "/openings");
  }
  return {
    statement,
    openings: new Map(
      Object.entries(openings).map(([pointer, held]) => [pointer, readOpening(pointer, held)]),
    ),
  };
}

function readOpening(pointer: string, held: Json): Opening {
  const place = pointerTo("/openings", pointer);
  if (!pointer.startsWith("/")) {
    throw fault("openings are named by JSON pointers", "/openings");
  }
  if (
    !isObject(held) ||
    !Object.keys(held).every((name) => ["salt", "value", "fileSha256", "name"].includes(name))
  ) {
    throw fault("an opening has the members salt, name, and value or fileSha256", place);
  }
  const { salt, value, fileSha256, name } = held;
  if (has(held, "value") === has(held, "fileSha256")) {
    throw fault("an opening has either value or fileSha256", place);
  }
  if (name !== undefined && typeof name !== "string") {
    throw fault("name is text", `${place}/name`);
  }
  return {
    salt: readDigest(salt, `${place}/salt`),
    ...(value === undefined ? { fileSha256: readDigest(fileSha256, `${place}/fileSha256`) } : { value }),
    ...(name === undefined ? {} : { name }),
  };
}

function readDigest(text: Json | undefined, pointer: string): Bytes {
  const found = typeof text === "string" ? fromHex(text, HASH_SIZE) : undefined;
  if (found === undefined) {
    throw fault("64 lower-case hexadecimal digits are required", pointer);
  }
  return found;
}

function fault(required: string, pointer: string): LedgerError {
  return malformed(required, "openings-malformed", pointer);
}
