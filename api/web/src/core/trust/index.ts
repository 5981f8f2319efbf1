/**
 * Trust lists: whom a verifier believes, and what it requires (format `evidence-trust/1`).
 *
 * Checked here is all that one list can show by itself. That its publisher may be believed it cannot know: see
 * `pinning.ts`.
 *
 * Source: docs/spec/trust-list.md.
 */

import { type Bytes, concat, encodeUtf8 } from "../bytes.ts";
import { isLedgerError, quorumError, signatureError } from "../error.ts";
import { sha256 } from "../hashes.ts";
import { decode, encodeDecoded, type Json, isObject, TRUST_LIMIT, without } from "../json.ts";
import { type PublicKey, verify } from "../keys.ts";
import { Members } from "../members.ts";
import { base58btcDecode } from "../multibase.ts";
import { readEntries, readForeign, readRequirements } from "./chains.ts";
import { readListed } from "./listed.ts";
import { keyId } from "./names.ts";
import { readPublisher } from "./parties.ts";
import type { Publisher, TrustList } from "./values.ts";

export type { TrustList } from "./values.ts";

const FORMAT = "evidence-trust/1";
const WHAT = "trust list";
const SIGNED_PREFIX = encodeUtf8("evidence-ledger/trust-list/v1\n");
const REQUIRED = [
  "format",
  "version",
  "issued",
  "nextUpdate",
  "publisher",
  "authorities",
  "logs",
  "witnesses",
  "chains",
  "foreign",
  "entries",
  "require",
  "signatures",
];

/**
 * Read a trust list and check that its own publisher's keys signed it.
 *
 * Says nothing about whether the publisher is to be believed, nor whether the list is still current.
 *
 * @throws LedgerError not canonical JSON, or not of the format, with the JSON pointer of the fault; a signature by one
 * of the publisher's keys does not verify; or fewer signed than its threshold asks for.
 */
export async function parseTrustList(data: Bytes): Promise<TrustList> {
  const trust = read(decode(data, { limit: TRUST_LIMIT, what: WHAT }), data);
  await requirePublisherSignatures(trust, trust.publisher);
  return trust;
}

function read(document: Json, encoded: Bytes): TrustList {
  const members = new Members(document, WHAT, "", REQUIRED, ["prev"]);
  members.choice("format", [FORMAT]);
  const version = members.integer("version", 1);
  if (members.has("prev") !== version > 1) {
    throw members.fault("prev", "the list hash of the version before, and none in version 1,");
  }
  const issued = members.time("issued");
  const nextUpdate = members.time("nextUpdate");
  if (issued >= nextUpdate) {
    throw members.fault("nextUpdate", "a time after that of the member issued");
  }
  const listed = readListed(members);
  return {
    encoded,
    listHash: listHash(document),
    version,
    previous: members.has("prev") ? members.digest("prev") : null,
    issued,
    nextUpdate,
    publisher: readPublisher(members.below("publisher", ["id", "threshold", "keys"])),
    ...listed,
    foreign: readForeign(members.each("foreign", ["chain", "contract", "codeHash", "sourceId"])),
    entries: readEntries(members),
    require: readRequirements(members, listed.chains),
    signatures: readSignatures(members),
  };
}

function readSignatures(members: Members): TrustList["signatures"] {
  const found = members
    .each("signatures", ["key", "value"])
    .map((each) => [keyId(each, "key"), each.text("value")] as const);
  if (found.some(([key], n) => n > 0 && (found[n - 1]?.[0] ?? "") >= key)) {
    throw members.fault("signatures", "an array sorted by key, with one signature for each,");
  }
  return found;
}

/**
 * Check that enough of the keys of `publisher` signed `trust`.
 *
 * Signatures of other keys are ignored: they are those of the version before or after.
 *
 * @param publisher The list's own, or that of the version before it.
 * @throws LedgerError a signature by one of the keys does not verify; `publisher-threshold`.
 */
export async function requirePublisherSignatures(trust: TrustList, publisher: Publisher): Promise<void> {
  let signed = 0;
  for (const [id, value] of trust.signatures) {
    const key = publisher.keys.get(id);
    if (key !== undefined) {
      await verifySignature(trust, id, key, value);
      signed += 1;
    }
  }
  if (signed < publisher.threshold) {
    throw quorumError(
      `trust list version ${trust.version} is signed by ${signed} of the keys of ${publisher.id}; ` +
        `${publisher.threshold} are required`,
      "publisher-threshold",
    );
  }
}

async function verifySignature(trust: TrustList, id: string, key: PublicKey, value: string): Promise<void> {
  try {
    await verify(key, concat(SIGNED_PREFIX, trust.listHash), base58btcDecode(value));
  } catch (error) {
    if (isLedgerError(error)) {
      const code = error.kind === "signature" ? error.code : undefined;
      throw signatureError(
        `trust list version ${trust.version}: publisher key ${id}: ${error.message}`,
        code,
      );
    }
    throw error;
  }
}

/** SHA-256 of the canonical bytes of a decoded list without its member `signatures`. */
export function listHash(document: Json): Bytes {
  return sha256(encodeDecoded(isObject(document) ? without(document, "signatures") : document));
}
