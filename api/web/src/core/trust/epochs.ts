/**
 * Epochs: which set of a chain's attesters or validators vouches for a block.
 *
 * A set vouches for the blocks from its first one to the last before the first of the next set, and for no other.
 */

import type { Uint } from "../bytes.ts";
import { verificationError } from "../error.ts";
import type { Signers } from "./values.ts";

/** The set of this number; null where the list has none. */
export function epochOf(sets: readonly Signers[], epoch: number): Signers | null {
  return sets.find((signers) => signers.epoch === epoch) ?? null;
}

/** The set that vouches for block `number`, of sets in ascending order; null before the first. */
export function epochAt(sets: readonly Signers[], number: Uint): Signers | null {
  return sets.filter((signers) => signers.start <= number).at(-1) ?? null;
}

/**
 * Check that `signers`, one of `sets`, vouches for block `number`.
 *
 * @throws LedgerError `epoch-stale`.
 */
export function requireCurrent(sets: readonly Signers[], signers: Signers, number: Uint): void {
  const current = epochAt(sets, number);
  if (current?.epoch !== signers.epoch) {
    const told = current === null ? "no epoch" : `epoch ${current.epoch}`;
    throw verificationError(
      `block ${number} is of ${told}; epoch ${signers.epoch} counts from block ${signers.start}`,
      "epoch-stale",
    );
  }
}
