/** Shapes of the names in a trust list: ids of organisations, keys, jurisdictions and chains. */

import { isDid, isKeyId } from "../did.ts";
import type { Members } from "../members.ts";

const LEI = /^[A-Z0-9]{20}$/;
const JURISDICTION = /^[A-Z]{2}$/;
const ORIGIN = /^[A-Za-z0-9.-]+\/([A-Za-z0-9.-]+)\/[A-Za-z0-9.-]+$/;
const ORIGIN_LIMIT = 255;
const CAIP2 = /^eip155:[1-9][0-9]{0,31}$/;

/** A key id, such as `#1`. */
export function keyId(members: Members, name = "id"): string {
  return shaped(members, name, isKeyId, "a key id written #fragment");
}

/** A DID of a method that documents may name. */
export function did(members: Members, name: string): string {
  return shaped(members, name, isDid, "a did:web or did:key");
}

/** The id that an organisation is compared by: a DID or an LEI. */
export function organisation(members: Members, name: string): string {
  return shaped(members, name, (text) => LEI.test(text) || isDid(text), "the DID or LEI of an organisation");
}

/** A country or economy by its two letters (ISO 3166-1). */
export function jurisdiction(members: Members, name: string): string {
  return shaped(members, name, (text) => JURISDICTION.test(text), "two capital letters (ISO 3166-1)");
}

/** The CAIP-2 id of an Ethereum-compatible chain, such as `eip155:31001`. */
export function caip2(members: Members, name: string): string {
  return shaped(members, name, (text) => CAIP2.test(text), "a chain id written eip155:number (CAIP-2)");
}

/** The origin of a log, `<authority>/<jurisdiction>/<shard>`, and the jurisdiction in it. */
export function origin(members: Members, name: string): readonly [origin: string, jurisdiction: string] {
  const text = members.text(name);
  const found = text.length <= ORIGIN_LIMIT ? ORIGIN.exec(text)?.[1] : undefined;
  if (found === undefined) {
    throw members.fault(name, "an origin written authority/jurisdiction/shard");
  }
  return [text, found];
}

function shaped(
  members: Members,
  name: string,
  fits: (text: string) => boolean,
  requirement: string,
): string {
  const text = members.text(name);
  if (!fits(text)) {
    throw members.fault(name, requirement);
  }
  return text;
}
