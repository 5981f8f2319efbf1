/**
 * Step 3: each statement is signed by a key and role that the key rule accepts.
 *
 * Source: docs/spec/key-rule.md, docs/spec/algorithm.md.
 */

import { toHex } from "../core/bytes.ts";
import { isLedgerError, signatureError, verificationError } from "../core/error.ts";
import type { Statement } from "../core/statement.ts";
import { formatTime } from "../core/times.ts";
import type { TrustList } from "../core/trust/values.ts";
import { type Subject, TYPES } from "../statements/catalogue.ts";
import { type Party, partyOf } from "../statements/party.ts";
import type { Item } from "./bundle.ts";
import {
  type Grant,
  type Revocation,
  LISTED_ROLES,
  authorOf,
  authorityGrants,
  enrolmentAuthor,
  enrolmentGrants,
  identifies,
  requireIdentity,
  revocationAuthor,
  revokedFrom,
} from "./keyrule.ts";
import type { Check } from "./report.ts";
import type { Examined } from "./sections.ts";

/** The subject of each statement, as its type reads it, by digest. */
export type Subjects = ReadonlyMap<string, Subject>;

/** Who signed what. */
export interface Authorship {
  readonly checks: Check[];
  /** For each digest in hex, the grant under which it was signed; those that failed are not in it. */
  readonly grants: Map<string, Grant>;
  readonly notices: string[];
  /** What of the bundles beside was not validly signed, and why. */
  readonly passedOver: string[];
}

/** An item with its section; `isBeside`: of a bundle beside the one that is verified. */
interface Placed {
  readonly item: Item;
  readonly statement: Statement;
  readonly digest: string;
  readonly place: number;
  readonly at: Examined;
  readonly isBeside: boolean;
}

/** Walk from the trust list over the enrolments to every signature. */
export async function checkAuthorship(
  examined: readonly Examined[],
  subjects: Subjects,
  trust: TrustList,
  now: number,
  beside: readonly Examined[] = [],
): Promise<Authorship> {
  const own = place(examined, false);
  const walk = new Walk([...own, ...place(beside, true)], subjects, trust, now);
  await walk.enrolments();
  await walk.revocationsBy(false);
  await walk.revocationsBy(true);
  for (const one of walk.placed) {
    if (one.statement.type !== "Enrolment" && one.statement.type !== "KeyRevocation") await walk.signed(one);
  }
  walk.printRevoked();
  if (walk.checks.length === 0) walk.checks.push(conclude(own, examined, walk));
  return walk;
}

function place(examined: readonly Examined[], isBeside: boolean): Placed[] {
  return examined.flatMap((at) =>
    at.section.items.map((item, number) => ({
      item,
      statement: item.statement,
      digest: toHex(item.statement.digest),
      place: number,
      at,
      isBeside,
    })),
  );
}

class Walk implements Authorship {
  readonly placed: readonly Placed[];
  readonly checks: Check[] = [];
  readonly grants = new Map<string, Grant>();
  readonly notices: string[] = [];
  readonly passedOver: string[] = [];
  private readonly subjects: Subjects;
  private readonly trust: TrustList;
  private readonly now: number;
  /** Parties enrolled in a log that the trust list does not name: their keys are not known to be wrong. */
  private readonly unjudged = new Set<string>();
  private readonly enrolled: Grant[] = [];
  private readonly byRegistrars: Revocation[] = [];
  private readonly byParties: Revocation[] = [];

  constructor(placed: readonly Placed[], subjects: Subjects, trust: TrustList, now: number) {
    this.placed = placed;
    this.subjects = subjects;
    this.trust = trust;
    this.now = now;
  }

  async enrolments(): Promise<void> {
    for (const one of this.placed) {
      const enrolment = this.subjects.get(one.digest);
      if (enrolment?.type !== "Enrolment") continue;
      const { log, times } = one.at;
      if (log === null) {
        this.unjudged.add(enrolment.party);
        continue;
      }
      try {
        const registrar = await enrolmentAuthor(
          one.statement,
          enrolment,
          this.trust,
          log.jurisdiction,
          times,
          this.now,
        );
        this.grants.set(one.digest, registrar);
        this.enrolled.push(...enrolmentGrants(one.statement.issuer, enrolment));
      } catch (error) {
        this.fail(one, error);
      }
    }
  }

  /** Registrars' before parties', since they may silence a party's; a party's never silence one another. */
  async revocationsBy(party: boolean): Promise<void> {
    for (const one of this.placed) {
      const revocation = this.subjects.get(one.digest);
      if (revocation?.type !== "KeyRevocation") continue;
      if ((one.statement.issuer === revocation.party) !== party) continue;
      try {
        const effect = await revocationAuthor(
          one.statement,
          revocation,
          this.trust,
          this.enrolled,
          this.byRegistrars,
          one.at.times,
          this.now,
        );
        (party ? this.byParties : this.byRegistrars).push(effect);
        if (!party && revocation.at < one.statement.created) {
          const told = `${effect.by} revoked ${effect.party}${effect.keyId} with effect from an earlier time`;
          this.notices.push(told);
        }
      } catch (error) {
        this.fail(one, error, revocation.party);
      }
    }
  }

  private get revocations(): readonly Revocation[] {
    return [...this.byRegistrars, ...this.byParties];
  }

  /** A statement of a party or an authority: its signature, and the jurisdiction in which it acts. */
  async signed(one: Placed): Promise<void> {
    if (one.at.log === null) return;
    try {
      const grant = await this.author(one, one.at.log.jurisdiction);
      this.grants.set(one.digest, grant);
    } catch (error) {
      this.fail(one, error);
    }
  }

  private async author(one: Placed, jurisdiction: string): Promise<Grant> {
    const { statement } = one;
    const roles = TYPES.get(statement.type)?.roles ?? [];
    const mayBeListed = roles.some((role) => LISTED_ROLES.has(role));
    const listed = mayBeListed ? authorityGrants(this.trust, statement.issuer) : [];
    const candidates = [...this.enrolled, ...listed].filter((grant) => grant.holder === statement.issuer);
    const judging = { roles, revocations: this.revocations, times: one.at.times, now: this.now };
    if (statement.type === "TransferAcknowledgement") {
      const receiver = this.receiver(one);
      const fits = (grant: Grant): boolean =>
        receiver === null || (grant.jurisdiction === receiver.jurisdiction && identifies(grant, receiver));
      return await authorOf(statement, { ...judging, grants: firstThose(candidates, fits) });
    }
    const acting = this.acting(one);
    if (acting !== null && acting.jurisdiction !== jurisdiction) {
      const told = `${statement.issuer} acts for ${acting.jurisdiction}; the statement stands in a log of ${jurisdiction}`;
      throw verificationError(told, "log-jurisdiction");
    }
    const here = candidates.filter((grant) => grant.jurisdiction === jurisdiction);
    const known = here.some((grant) => grant.keyId === statement.keyId);
    const elsewhere = candidates.find((grant) => grant.keyId === statement.keyId);
    if (!known && mayBeListed && elsewhere !== undefined) {
      const told = `${statement.verificationMethod} is a key of ${elsewhere.jurisdiction}`;
      throw signatureError(`${told}; the statement stands in a log of ${jurisdiction}`, "log-jurisdiction");
    }
    const ordered = firstThose(here, (grant) => acting === null || identifies(grant, acting));
    const grant = await authorOf(statement, { ...judging, grants: ordered });
    if (acting !== null) requireIdentity(grant, acting);
    return grant;
  }

  /** The importer as the record acknowledged names it, where that record is at hand. */
  private receiver(one: Placed): Party | null {
    const subject = this.subjects.get(one.digest);
    if (subject?.type !== "TransferAcknowledgement") return null;
    const record = this.subjects.get(subject.record);
    return record?.type === "TransferRecord" ? record.importer : null;
  }

  /** The issuer as the statement itself names it, with a number and a jurisdiction; null where it does not. */
  private acting(one: Placed): Party | null {
    const subject = this.subjects.get(one.digest);
    if (subject?.type === "TransferRecord") return subject.exporter;
    if (subject?.type === "ConformityCertificate") return subject.body;
    if (subject?.type === "PolicyMeasure") return partyOf(subject.subject.authority);
    return subject?.type === "Accreditation" ? subject.accreditor : null;
  }

  private fail(one: Placed, error: unknown, holder: string | null = null): void {
    if (!isLedgerError(error)) throw error;
    const detail = `${one.item.role} ${one.digest}: ${error.message}`;
    if (one.isBeside) {
      this.passedOver.push(`beside: ${detail} (${error.code})`);
      return;
    }
    const pointer = `/sections/${one.at.number}/items/${one.place}`;
    const isElsewhere = error.kind === "signature" && error.code === "log-jurisdiction";
    const isUnknown =
      isElsewhere || error.code === "key-unknown" || error.code === "revocation-of-unknown-key";
    const isUnjudged =
      this.unjudged.has(one.statement.issuer) || (holder !== null && this.unjudged.has(holder));
    // No enrolment makes a registrar: an Enrolment by nobody's registrar fails all the same.
    if (one.statement.type !== "Enrolment" && isUnknown && isUnjudged) {
      const told = `${detail}; an enrolment of the party stands in a log that the trust list does not name`;
      this.checks.push({ step: 3, outcome: "absent", code: "premise-failed", detail: told, pointer });
      return;
    }
    this.checks.push({ step: 3, outcome: "failed", code: error.code, detail, pointer });
  }

  /** What a key signed before it was revoked counts; that it was revoked is printed. */
  printRevoked(): void {
    const told = new Set<string>();
    for (const grant of this.grants.values()) {
      const from = revokedFrom(grant, this.revocations);
      if (from === null) continue;
      const named = `${grant.holder}${grant.keyId} is revoked from ${formatTime(from)}`;
      told.add(`${named}; what counts of it is proven to be older`);
    }
    this.notices.push(...told);
  }
}

function firstThose(grants: readonly Grant[], fits: (grant: Grant) => boolean): readonly Grant[] {
  return [...grants.filter(fits), ...grants.filter((grant) => !fits(grant))];
}

/** Nothing failed: passed, unless a premise did. */
function conclude(placed: readonly Placed[], examined: readonly Examined[], found: Authorship): Check {
  if (examined.some((at) => !at.stands)) {
    const detail = "signatures hold as far as checked, but a statement is not shown to be in its log";
    return { step: 3, outcome: "absent", code: "premise-failed", detail };
  }
  const subject = placed.find((one) => one.item.role === "subject");
  const grant = subject === undefined ? undefined : found.grants.get(subject.digest);
  let by = "";
  if (grant !== undefined && grant.grantedBy !== grant.holder) {
    by = grant.grantedBy === null ? ", an authority of the trust list" : `, enrolled by ${grant.grantedBy}`;
  }
  const detail = `${subject?.statement.issuer ?? ""}${by}; ${placed.length} signatures in all`;
  return { step: 3, outcome: "passed", code: "signed", detail };
}
