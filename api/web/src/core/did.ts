/**
 * Decentralised identifiers, as far as documents name parties and keys by them: their shape.
 *
 * Nothing is resolved, and DIDs are compared as text.
 */

import { malformed } from "./error.ts";

/** Longest DID, in characters, without a fragment. */
const LENGTH_LIMIT = 255;
const DID =
  /^(?:did:web:[a-z0-9](?:[a-z0-9.-]|%3A)*(?::(?:[A-Za-z0-9._-]|%[0-9A-F]{2})+)*|did:key:z[1-9A-HJ-NP-Za-km-z]+)$/;
const KEY_ID = /^#[A-Za-z0-9._-]{1,64}$/;

/** Whether this is text in the shape of a DID that documents may name. */
export function isDid(text: unknown): text is string {
  return typeof text === "string" && text.length <= LENGTH_LIMIT && DID.test(text);
}

/** Whether this is text in the shape of a key id, `#` and 1 to 64 of A-Z a-z 0-9 . _ and -. */
export function isKeyId(text: unknown): text is string {
  return typeof text === "string" && KEY_ID.test(text);
}

/**
 * The DID and the key id, its `#` kept, of a verification method such as `did:web:exporter.example.xa#2026`.
 *
 * @throws LedgerError `did-malformed`.
 */
export function splitDidUrl(text: string): readonly [did: string, keyId: string] {
  const mark = text.indexOf("#");
  const did = mark < 0 ? text : text.slice(0, mark);
  const keyId = mark < 0 ? "" : text.slice(mark);
  if (!isDid(did) || !isKeyId(keyId)) {
    throw malformed("a verification method is a did:web or did:key and a #fragment", "did-malformed");
  }
  return [did, keyId];
}
