/**
 * Attesters of a chain: organisations that vouch, each with its own key, for a block and what it holds.
 *
 * What is counted is organisations, not keys. Source: docs/spec/chain.md.
 */

import { type Bytes, compare, toEvm, toHex } from "../bytes.ts";
import { isLedgerError, quorumError, signatureError } from "../error.ts";
import { recover } from "../secp256k1.ts";

/** Who of a set signed: addresses, ascending, and their distinct organisations in the order of their signatures. */
export interface Attesters {
  readonly members: readonly Bytes[];
  readonly organisations: readonly string[];
}

/**
 * Who of a set signed, after checking that enough organisations are behind them.
 *
 * @param digest Of the claim as the reader makes it, never as it was handed in.
 * @param signatures 65 bytes each, in ascending order of their signers' addresses.
 * @param members Distinct addresses.
 * @param organisations Organisation id of each member, in the order of `members`.
 * @param threshold Distinct organisations that must have signed, at least 1.
 * @throws LedgerError `high-s`; `bad-signature`: no signature of any key; `attestation-outsider`: by nobody of the set,
 * or over another claim; `attestation-order`: not ascending, or one key twice; `attestation-quorum`.
 */
export function verifyAttestations(
  digest: Bytes,
  signatures: readonly Bytes[],
  members: readonly Bytes[],
  organisations: readonly string[],
  threshold: number,
): Attesters {
  const organisationOf = new Map(members.map((member, n) => [toHex(member), organisations[n]]));
  const signed: Bytes[] = [];
  const counted = new Set<string>();
  let before = new Uint8Array();
  for (const signature of signatures) {
    const signer = signerOf(digest, signature);
    const organisation = organisationOf.get(toHex(signer));
    if (organisation === undefined) {
      throw signatureError(
        `attestation by ${toEvm(signer)}, which is none of the attesters, or over another claim`,
        "attestation-outsider",
      );
    }
    if (compare(signer, before) <= 0) {
      throw signatureError(
        `attestation by ${toEvm(signer)} does not follow that by ${toEvm(before)} in ascending order`,
        "attestation-order",
      );
    }
    before = signer;
    signed.push(signer);
    counted.add(organisation);
  }
  if (threshold < 1 || counted.size < threshold) {
    throw quorumError(
      `${counted.size} of ${new Set(organisations).size} organisations attest; ${threshold} are required`,
      "attestation-quorum",
    );
  }
  return { members: signed, organisations: [...counted] };
}

function signerOf(digest: Bytes, signature: Bytes): Bytes {
  try {
    return recover(digest, signature);
  } catch (error) {
    if (isLedgerError(error) && error.kind === "signature" && error.code !== "high-s") {
      throw signatureError(`attestation ${toHex(signature)}: ${error.message}`, "bad-signature");
    }
    throw error;
  }
}
