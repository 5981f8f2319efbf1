/** A party as statements name it: a DID, an identifier of a register, the jurisdiction it acts for. */

import { IDENTIFIER_SCHEMES } from "./codes.ts";
import { code, COUNTRY, DID, text } from "./fields.ts";
import { identifierFault } from "./identifiers.ts";
import { object, type Of, type Tell } from "./shape.ts";

/** Who acts, and for which jurisdiction. */
export interface Party {
  readonly did: string;
  /** LEI, USCC, VAT, GLN; DID where the party has no other identifier. */
  readonly scheme: string;
  readonly id: string;
  readonly jurisdiction: string;
  readonly zone: string | null;
}

export const SCHEME = code("identifier schemes", IDENTIFIER_SCHEMES);
export const IDENTIFIER = text("an identifier, without spaces", String.raw`[0-9A-Za-z._:%+*\-]{1,255}`, 255);
/** ISO 3166-2 code, then + and the name of a special zone in it. */
export const ZONE = text(
  "a zone, e.g. XA-01 or XA-01+harbour",
  String.raw`[A-Z]{2}(?:-[A-Z0-9]{1,3})?(?:\+[a-z0-9](?:[a-z0-9\-]{0,30}[a-z0-9])?)?`,
  39,
);

/** A party: an organisation, never a natural person. */
export const PARTY = object(
  { did: DID, scheme: SCHEME, id: IDENTIFIER, jurisdiction: COUNTRY },
  { zone: ZONE },
)
  .where(["did", "scheme", "id", "jurisdiction"], (party, at, tell) => {
    const fault = identifierFault(party.scheme, party.id, party.jurisdiction);
    if (fault !== null) tell(`${at}/id`, ...fault);
    else if (party.scheme === "DID" && party.id !== party.did) {
      tell(`${at}/id`, "identifier-mismatch", "an identifier of scheme DID is the party's own did");
    }
  })
  .where(["zone", "jurisdiction"], (party, at, tell) => {
    if (party.zone !== undefined && !party.zone.startsWith(party.jurisdiction)) {
      tell(`${at}/zone`, "zone-outside-jurisdiction", `the zone is not one of ${party.jurisdiction}`);
    }
  });

type Named = Of<typeof PARTY>;

/** The party of a value that `PARTY` found in order. */
export function partyOf(value: Named): Party {
  const { did, scheme, id, jurisdiction, zone } = value;
  return { did, scheme, id, jurisdiction, zone: zone ?? null };
}

/** Tell that the second of two parties is where the first is: in the same jurisdiction, and the same zone of it. */
export function tellUnlessAcrossABorder(one: Named, other: Named, at: string, tell: Tell): void {
  if (one.jurisdiction === other.jurisdiction && one.zone === other.zone) {
    tell(
      `${at}/jurisdiction`,
      "same-jurisdiction",
      `both are in ${one.jurisdiction}; one state needs two zones`,
    );
  }
}
