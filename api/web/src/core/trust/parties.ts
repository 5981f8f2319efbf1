/** Reads who is believed: the publisher, authorities, logs and witnesses of a trust list. */

import { ADDRESS_SIZE, equal, toHex } from "../bytes.ts";
import { isLedgerError } from "../error.ts";
import { parseMultikey, type PublicKey, sameKey } from "../keys.ts";
import type { Members } from "../members.ts";
import {
  ED25519,
  ED25519_COSIGNATURE,
  lineName,
  MLDSA44_COSIGNATURE,
  parseVkey,
  type VKey,
} from "../note.ts";
import * as names from "./names.ts";
import type {
  Authority,
  AuthorityKey,
  HeadKey,
  HeadStart,
  LogKeys,
  Publisher,
  WitnessKey,
} from "./values.ts";

const ROLE = /^[a-z-]+$/;

/** The member `publisher`. The threshold counts keys, so no key may stand under two ids. */
export function readPublisher(members: Members): Publisher {
  const keys = new Map<string, PublicKey>();
  for (const each of members.each("keys", ["id", "publicKeyMultibase"])) {
    const id = names.keyId(each);
    const key = readPublicKey(each);
    if (keys.has(id)) {
      throw each.fault("id", "an id that is not listed twice");
    }
    if ([...keys.values()].some((other) => sameKey(key, other))) {
      throw each.fault("publicKeyMultibase", "a key that is not listed twice");
    }
    keys.set(id, key);
  }
  if (keys.size === 0) {
    throw members.fault("keys", "at least one key");
  }
  return { id: names.did(members, "id"), threshold: members.integer("threshold", 1, keys.size), keys };
}

/** The member `authorities`, by id. */
export function readAuthorities(listed: readonly Members[]): ReadonlyMap<string, Authority> {
  const found = new Map<string, Authority>();
  for (const members of listed) {
    const authority = {
      id: names.did(members, "id"),
      jurisdiction: names.jurisdiction(members, "jurisdiction"),
      roles: readRoles(members),
      keys: readAuthorityKeys(members),
    };
    if (found.has(authority.id)) {
      throw members.fault("id", "an authority that is not listed twice");
    }
    found.set(authority.id, authority);
  }
  return found;
}

function readRoles(members: Members): ReadonlySet<string> {
  const roles = members.texts("roles");
  if (!roles.every((role) => ROLE.test(role))) {
    throw members.fault("roles", "an array of roles in lower-case letters");
  }
  return new Set(roles);
}

function readAuthorityKeys(members: Members): ReadonlyMap<string, AuthorityKey> {
  const keys = new Map<string, AuthorityKey>();
  for (const each of members.each("keys", ["id", "publicKeyMultibase", "from", "until"], ["revoked"])) {
    const revoked = each.has("revoked") ? each.below("revoked", ["at", "reason"]) : null;
    const key = {
      id: names.keyId(each),
      key: readPublicKey(each),
      validFrom: each.time("from"),
      validUntil: each.time("until"),
      revokedAt: revoked?.time("at") ?? null,
      revokedReason: revoked?.text("reason") ?? null,
    };
    if (key.validFrom >= key.validUntil) {
      throw each.fault("until", "a time after that of the member from");
    }
    if (keys.has(key.id)) {
      throw each.fault("id", "an id that is not listed twice");
    }
    keys.set(key.id, key);
  }
  return keys;
}

/** The member `logs`, by origin. */
export function readLogs(listed: readonly Members[]): ReadonlyMap<string, LogKeys> {
  const found = new Map<string, LogKeys>();
  for (const members of listed) {
    const [origin, jurisdiction] = names.origin(members, "origin");
    if (names.jurisdiction(members, "jurisdiction") !== jurisdiction) {
      throw members.fault("jurisdiction", "the jurisdiction that the origin names");
    }
    if (found.has(origin)) {
      throw members.fault("origin", "a log that is not listed twice");
    }
    found.set(origin, {
      origin,
      jurisdiction,
      operator: names.organisation(members, "operator"),
      vkeys: readLogVkeys(members, origin),
      headKeys: readHeadKeys(members),
    });
  }
  return found;
}

function readLogVkeys(members: Members, origin: string): readonly VKey[] {
  const vkeys = members.texts("vkeys").map((text) => readVkey(text, members, "vkeys"));
  if (vkeys.some((vkey) => vkey.name !== origin)) {
    throw members.fault("vkeys", "an array of keys whose name is the origin of the log");
  }
  const types = new Set(vkeys.map((vkey) => vkey.type));
  if (types.size !== 2 || !types.has(ED25519) || !types.has(MLDSA44_COSIGNATURE)) {
    throw members.fault("vkeys", "at least one key of each of the types 0x01 and 0x06, and of no other,");
  }
  if (new Set(vkeys.map((vkey) => toHex(vkey.keyId))).size !== vkeys.length) {
    throw members.fault("vkeys", "an array of keys that differ in their key ids");
  }
  return vkeys;
}

/** All but the first say from which size they count; sizes ascend, and no address comes back. */
function readHeadKeys(members: Members): readonly HeadKey[] {
  const keys: HeadKey[] = [];
  for (const each of members.each("headKeys", ["address"], ["from"])) {
    const before = keys.at(-1);
    if (each.has("from") !== (before !== undefined)) {
      throw each.fault("from", "such a member in each head key but the first");
    }
    const start = before === undefined ? null : readHeadStart(each.below("from", ["size", "root", "last"]));
    if (start !== null && before?.start && start.size <= before.start.size) {
      throw each.fault("from", "a size above that of the head key before");
    }
    const address = each.evm("address", ADDRESS_SIZE);
    if (keys.some((other) => equal(other.address, address))) {
      throw each.fault("address", "an address that is not listed twice");
    }
    keys.push({ address, start });
  }
  if (keys.length === 0) {
    throw members.fault("headKeys", "at least one head key");
  }
  return keys;
}

function readHeadStart(members: Members): HeadStart {
  const size = members.integer("size", 1);
  return { size, root: members.digest("root"), last: members.integer("last", 0, size - 1) };
}

/** The member `witnesses`. A quorum counts organisations, so a key stands for one of them only. */
export function readWitnesses(listed: readonly Members[]): readonly WitnessKey[] {
  const found: WitnessKey[] = [];
  for (const members of listed) {
    const vkey = readVkey(members.text("vkey"), members, "vkey");
    if (vkey.type !== ED25519_COSIGNATURE && vkey.type !== MLDSA44_COSIGNATURE) {
      throw members.fault("vkey", "a key of type 0x04 or 0x06");
    }
    const isKnown = found.some(
      ({ vkey: other }) => equal(vkey.key, other.key) || lineName(vkey) === lineName(other),
    );
    if (isKnown) {
      throw members.fault("vkey", "a key that is not listed twice");
    }
    found.push({ vkey, organisation: names.organisation(members, "organisation") });
  }
  return found;
}

function readVkey(text: string, members: Members, name: string): VKey {
  try {
    return parseVkey(text);
  } catch (error) {
    throw isLedgerError(error)
      ? members.fault(name, `a verification key (${error.message})`, error.code)
      : error;
  }
}

function readPublicKey(members: Members): PublicKey {
  return members.as("publicKeyMultibase", "a Multikey", parseMultikey);
}
