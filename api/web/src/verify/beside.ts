/**
 * Other bundles in hand beside the one that is verified: of later editions, or of what another log says of it.
 *
 * Parts of one log can stand in one bundle only where it is proven that each extends the one before; so these stay
 * apart, and each is examined by itself.  Source: docs/spec/verification.md, "Bundles beside".
 */

import { type Bytes, toHex } from "../core/bytes.ts";
import { isLedgerError } from "../core/error.ts";
import type { Requirement, TrustList } from "../core/trust/values.ts";
import { type Subject, read } from "../statements/catalogue.ts";
import { parseBundle } from "./bundle.ts";
import { type Examined, examine } from "./sections.ts";

/** What the other bundles have. */
export interface Beside {
  /** Their sections; only those that stand are evidence. */
  readonly examined: readonly Examined[];
  /** Of their statements, by digest. */
  readonly subjects: ReadonlyMap<string, Subject>;
  /** Bundles and sections that are not counted, and why. */
  readonly passedOver: readonly string[];
}

/** Steps 1 and 4 to 8 of each by itself.  What cannot be read, or does not stand, is passed over and named. */
export async function examineBeside(
  bundles: readonly Bytes[],
  trust: TrustList,
  requirement: Requirement,
  now: number,
): Promise<Beside> {
  const examined: Examined[] = [];
  const subjects = new Map<string, Subject>();
  const passedOver: string[] = [];
  for (const data of bundles) {
    try {
      const bundle = parseBundle(data);
      const statements = bundle.sections.flatMap((section) => section.items.map((item) => item.statement));
      const own = statements.map((one) => [toHex(one.digest), read(one)] as const);
      own.forEach(([digest, subject]) => subjects.set(digest, subject));
      for (const found of await examine(bundle, trust, requirement, now)) {
        examined.push(found);
        const wrong = found.checks.find(
          (one) => one.outcome === "failed" || (one.step === 5 && one.outcome === "absent"),
        );
        if (wrong === undefined) continue;
        const about = `a bundle beside, about ${toHex(bundle.subject)}`;
        passedOver.push(`${about}: ${wrong.detail} (${wrong.code})`);
      }
    } catch (error) {
      if (!isLedgerError(error) || error.kind !== "malformed") throw error;
      passedOver.push(`a bundle beside: ${error.message} (${error.code})`);
    }
  }
  return { examined, subjects, passedOver };
}
