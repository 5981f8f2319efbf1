/**
 * How a trust list comes to be believed: the first on the user's word, each later one on that of the one before.
 *
 * Source: docs/spec/trust-list.md.
 */

import { type Bytes, equal, toHex } from "./bytes.ts";
import { isLedgerError, quorumError, refusedError } from "./error.ts";
import { type PublicKey, sameKey } from "./keys.ts";
import { requirePublisherSignatures } from "./trust/index.ts";
import type { TrustList } from "./trust/values.ts";

/**
 * The list to pin for a publisher that none is pinned of.
 *
 * @param fingerprint The list hash that the user learned from the publisher by another way.
 * @throws LedgerError `fingerprint-mismatch`: it is another list.
 */
export function first(offered: TrustList, fingerprint: Bytes): TrustList {
  if (!equal(offered.listHash, fingerprint)) {
    throw refusedError(
      `trust list has fingerprint ${toHex(offered.listHash)}; the one given is ${toHex(fingerprint)}`,
      "fingerprint-mismatch",
    );
  }
  return offered;
}

/**
 * The list to pin instead of `pinned`: `offered`, or `pinned` itself where they are the same list.
 *
 * @param between The versions after `pinned` and before `offered`, in any order.
 * @param history Versions before `pinned`, as far as they are at hand; their key ids stay taken.
 * @throws LedgerError `publisher-changed`, `version-back`, `version-fork`, `version-gap`, `previous-mismatch`,
 * `key-id-reused`; a key of the version before rejects its signature; `previous-threshold`.
 */
export async function succeed(
  pinned: TrustList,
  offered: TrustList,
  between: readonly TrustList[] = [],
  history: readonly TrustList[] = [],
): Promise<TrustList> {
  if (equal(offered.listHash, pinned.listHash)) {
    return pinned;
  }
  requirePublisher(pinned, offered);
  if (offered.version < pinned.version) {
    throw refusedError(
      `trust list has version ${offered.version}; version ${pinned.version} is pinned`,
      "version-back",
    );
  }
  if (offered.version === pinned.version) {
    throw refusedError(`trust list is another one of the pinned version ${pinned.version}`, "version-fork");
  }
  const keys = new Map([...history, pinned].flatMap((earlier) => [...earlier.publisher.keys]));
  let current = pinned;
  const ordered = [...between].sort((one, other) => one.version - other.version);
  for (const following of [...ordered, offered]) {
    await requireFollows(current, following, keys);
    for (const [id, key] of following.publisher.keys) {
      keys.set(id, key);
    }
    current = following;
  }
  return offered;
}

async function requireFollows(
  current: TrustList,
  following: TrustList,
  keys: ReadonlyMap<string, PublicKey>,
): Promise<void> {
  if (following.version !== current.version + 1) {
    throw refusedError(
      `trust list version ${following.version} does not follow version ${current.version}; ` +
        "the versions between are required",
      "version-gap",
    );
  }
  if (following.previous === null || !equal(following.previous, current.listHash)) {
    throw refusedError(
      `trust list version ${following.version} follows another list than version ${current.version}, ` +
        `whose list hash is ${toHex(current.listHash)}`,
      "previous-mismatch",
    );
  }
  requirePublisher(current, following);
  for (const [id, key] of following.publisher.keys) {
    const before = keys.get(id);
    if (before !== undefined && !sameKey(before, key)) {
      throw refusedError(
        `trust list version ${following.version} gives the key id ${id} to another key`,
        "key-id-reused",
      );
    }
  }
  try {
    await requirePublisherSignatures(following, current.publisher);
  } catch (error) {
    if (isLedgerError(error) && error.kind === "quorum") {
      throw quorumError(
        `${error.message} by the list before, version ${current.version}`,
        "previous-threshold",
      );
    }
    throw error;
  }
}

function requirePublisher(current: TrustList, following: TrustList): void {
  if (following.publisher.id !== current.publisher.id) {
    throw refusedError(
      `trust list version ${following.version} is published by ${following.publisher.id}; ` +
        `version ${current.version} was by ${current.publisher.id}`,
      "publisher-changed",
    );
  }
}
