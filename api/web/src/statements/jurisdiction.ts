/**
 * JurisdictionEntry: what a jurisdiction says of itself, for others to take into their trust lists.
 *
 * Nothing in it is believed because it is signed.  Source: docs/spec/jurisdiction-entry.md.
 */

import { isLedgerError } from "../core/error.ts";
import { Members } from "../core/members.ts";
import { LISTED, type Listed, readListed } from "../core/trust/listed.ts";
import { ADDRESS, COUNTRY, DIGEST, type Digest, URI } from "./fields.ts";
import { Kind, type Signed, SUBJECT } from "./reading.ts";
import { ANYTHING, array, object, type Of } from "./shape.ts";

/** One jurisdiction, and whom and what it names. */
export interface JurisdictionEntry {
  readonly type: "JurisdictionEntry";
  readonly jurisdiction: string;
  readonly listed: Listed;
  /** Where the jurisdiction's node is, where it says so. */
  readonly node: string | null;
  /** Address that its node attests others' chains with, where it says so. */
  readonly attester: string | null;
  readonly supersedes: Digest | null;
}

const ENTRIES = array(ANYTHING, 0, 256);
type Four = Pick<Of<typeof SHAPE>, "authorities" | "logs" | "witnesses" | "chains">;

/** The four lists of a subject, read as those of a trust list. */
function listedOf({ authorities, logs, witnesses, chains }: Four, at: string): Listed {
  const value = { authorities, logs, witnesses, chains };
  return readListed(new Members(value, "statement", at, LISTED));
}

const SHAPE = object(
  { jurisdiction: COUNTRY, authorities: ENTRIES, logs: ENTRIES, witnesses: ENTRIES, chains: ENTRIES },
  { attester: ADDRESS, node: URI, supersedes: DIGEST },
).where(["jurisdiction", "authorities", "logs", "witnesses", "chains"], (subject, at, tell) => {
  let listed: Listed;
  try {
    listed = listedOf(subject, at);
  } catch (error) {
    if (!isLedgerError(error)) throw error;
    tell(error.pointer ?? at, error.code, error.message);
    return;
  }
  for (const name of ["authorities", "logs"] as const) {
    for (const [index, { jurisdiction }] of [...listed[name].values()].entries()) {
      if (jurisdiction !== subject.jurisdiction) {
        const detail = `a jurisdiction speaks of itself, ${subject.jurisdiction}`;
        tell(`${at}/${name}/${index}/jurisdiction`, "jurisdiction-mismatch", detail);
      }
    }
  }
});
export const KIND = new Kind("JurisdictionEntry", ["registrar"], SHAPE).where(
  ["jurisdiction", "authorities", "logs", "witnesses", "chains"],
  (subject, signing, tell) => {
    const issuer = listedOf(subject, SUBJECT).authorities.get(signing.issuer);
    if (issuer?.roles.has("registrar") !== true) {
      tell(`${SUBJECT}/authorities`, "issuer-mismatch", "the issuer is none of them with the role registrar");
    }
  },
);

/** The entry that a statement holds. */
export function read(statement: Signed): JurisdictionEntry {
  const subject = KIND.read(statement);
  return {
    type: "JurisdictionEntry",
    jurisdiction: subject.jurisdiction,
    listed: listedOf(subject, SUBJECT),
    node: subject.node ?? null,
    attester: subject.attester ?? null,
    supersedes: subject.supersedes ?? null,
  };
}
