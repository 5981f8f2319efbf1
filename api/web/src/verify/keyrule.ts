/**
 * Who may sign what, and when: from the trust list, over enrolments, to the key behind a signature.
 *
 * A key is *granted* to a holder, for roles, for a jurisdiction and between two dates: by the trust list to its
 * authorities, by an Enrolment to a party.  Source: docs/spec/key-rule.md.
 */

import { type LedgerError, isVerificationError, signatureError, verificationError } from "../core/error.ts";
import { type Statement, verifyStatement } from "../core/statement.ts";
import type { PublicKey } from "../core/keys.ts";
import { formatTime } from "../core/times.ts";
import type { TrustList } from "../core/trust/values.ts";
import type { Enrolment, Identifier } from "../statements/enrolment.ts";
import type { Party } from "../statements/party.ts";
import type { KeyRevocation } from "../statements/revocation.ts";

/** Seconds by which two honest clocks may differ. */
export const CLOCK_DRIFT = 300;
/** What the trust list can make somebody; the other words it may give a role mean nothing here. */
export const LISTED_ROLES: ReadonlySet<string> = new Set(["registrar", "authority", "accreditor"]);
/** What no Enrolment makes anybody, whatever roles it gives. */
const LISTED_ONLY: ReadonlySet<string> = new Set(["authority"]);
/** Seconds after a key's end within which something it signed in time may still be proven. */
const LATE_PROOF = 86_400;

/** What is known of when a statement existed, in POSIX seconds. */
export interface Times {
  /** By witnesses, attesters or seals: a time at which it existed, whoever runs its log. */
  readonly proven: number | null;
  /** By a block of a chain that only its operator vouches for.  Counts for rules 1 and 2, never 3. */
  readonly operator: number | null;
}

export const UNKNOWN_TIMES: Times = { proven: null, operator: null };

/** One key as an authority vouches for it. */
export interface Grant {
  readonly holder: string;
  /** Fragment that names the key, with its `#`. */
  readonly keyId: string;
  readonly key: PublicKey;
  readonly begins: number;
  readonly ends: number;
  readonly roles: ReadonlySet<string>;
  readonly jurisdiction: string;
  /** DID of the registrar; null where the trust list itself names the key. */
  readonly grantedBy: string | null;
  /** When the trust list revokes the key; party keys are revoked by statements instead. */
  readonly revokedAt: number | null;
  /** Of the holder in registers of companies, as its Enrolment has them. */
  readonly identifiers: readonly Identifier[];
}

/** A KeyRevocation that counts: the key, who revoked it, and the second from which it is distrusted. */
export interface Revocation {
  readonly party: string;
  readonly keyId: string;
  readonly by: string;
  readonly effective: number;
}

function refused(code: string, message: string): LedgerError {
  return verificationError(message, code);
}

/** Whether a holder was enrolled with the identifier by which a statement names it. */
export function identifies(grant: Grant, party: Party): boolean {
  if (party.scheme === "DID") return true;
  return grant.identifiers.some(({ scheme, id }) => scheme === party.scheme && id === party.id);
}

/** The keys that the trust list gives to the authority `did`, each with those of its roles that have a meaning. */
export function authorityGrants(trust: TrustList, did: string): readonly Grant[] {
  const authority = trust.authorities.get(did);
  if (authority === undefined) return [];
  const roles = new Set([...authority.roles].filter((role) => LISTED_ROLES.has(role)));
  return [...authority.keys.values()].map((key) => ({
    holder: did,
    keyId: key.id,
    key: key.key,
    begins: key.validFrom,
    ends: key.validUntil,
    roles,
    jurisdiction: authority.jurisdiction,
    grantedBy: null,
    revokedAt: key.revokedAt,
    identifiers: [],
  }));
}

/** The keys that an Enrolment signed by `registrar` gives to its party.  The caller has checked who signed it. */
export function enrolmentGrants(registrar: string, enrolment: Enrolment): readonly Grant[] {
  const roles = new Set([...enrolment.roles].filter((role) => !LISTED_ONLY.has(role)));
  return enrolment.keys.map((key) => ({
    holder: enrolment.party,
    keyId: key.id,
    key: key.key,
    begins: key.validFrom,
    ends: key.validUntil,
    roles,
    jurisdiction: enrolment.jurisdiction,
    grantedBy: registrar,
    revokedAt: null,
    identifiers: enrolment.identifiers,
  }));
}

/** What a signature is judged by. */
export interface Judging {
  /** Of which the type asks for one; none where any role of the holder will do. */
  readonly roles: readonly string[];
  /** Candidates; those of other holders or keys are passed over. */
  readonly grants: Iterable<Grant>;
  readonly revocations: readonly Revocation[];
  readonly times: Times;
  readonly now: number;
}

/**
 * The grant under which a statement was validly signed: the first candidate that accepts it.  Where all refuse, the
 * fault is that of the last.
 */
export async function authorOf(statement: Statement, judging: Judging): Promise<Grant> {
  let fault: LedgerError | null = null;
  for (const grant of judging.grants) {
    if (grant.holder !== statement.issuer || grant.keyId !== statement.keyId) continue;
    try {
      requireRole(grant, judging.roles, statement);
      checkKeyDates(grant, statement.created, judging.times, judging.now);
      checkNotRevoked(grant, judging.revocations, judging.times);
      await verifyStatement(statement, grant.key);
      return grant;
    } catch (error) {
      if (!isVerificationError(error)) throw error;
      fault = error;
    }
  }
  if (fault !== null) throw fault;
  const told = `no authority that is trusted here vouches for key ${statement.verificationMethod}`;
  throw signatureError(told, "key-unknown");
}

/** The registrar's grant under which an Enrolment counts: enrolment, authority and log are of one jurisdiction. */
export async function enrolmentAuthor(
  statement: Statement,
  enrolment: Enrolment,
  trust: TrustList,
  logJurisdiction: string,
  times: Times,
  now: number,
): Promise<Grant> {
  const grants = authorityGrants(trust, statement.issuer);
  const grant = await authorOf(statement, { roles: ["registrar"], grants, revocations: [], times, now });
  if (enrolment.jurisdiction !== grant.jurisdiction || grant.jurisdiction !== logJurisdiction) {
    throw refused(
      "enrolment-jurisdiction",
      `enrolment of ${enrolment.party} for ${enrolment.jurisdiction}, by an authority of ${grant.jurisdiction},` +
        ` stands in a log of ${logJurisdiction}; all three must be one jurisdiction`,
    );
  }
  return grant;
}

/**
 * The effect of a KeyRevocation, after its author is accepted.
 *
 * Only the registrar that enrolled the key may name an earlier time; the party's own takes effect no earlier than it is
 * proven to exist, and without a proven time, now.
 */
export async function revocationAuthor(
  statement: Statement,
  revocation: KeyRevocation,
  trust: TrustList,
  grants: readonly Grant[],
  byRegistrars: readonly Revocation[],
  times: Times,
  now: number,
): Promise<Revocation> {
  const enrolled = grants.filter((grant) => grant.grantedBy !== null);
  const named = enrolled.filter(
    (grant) => grant.holder === revocation.party && grant.keyId === revocation.key,
  );
  const told = `revocation of ${revocation.party}${revocation.key}`;
  if (named.length === 0) throw refused("revocation-of-unknown-key", `${told}, which no enrolment names`);
  let effective: number;
  if (statement.issuer === revocation.party) {
    await authorOf(statement, { roles: [], grants: enrolled, revocations: byRegistrars, times, now });
    effective = times.proven === null ? now : Math.max(revocation.at, times.proven);
  } else if (named.some((grant) => grant.grantedBy === statement.issuer)) {
    const registrar = authorityGrants(trust, statement.issuer);
    await authorOf(statement, { roles: ["registrar"], grants: registrar, revocations: [], times, now });
    effective = revocation.at;
  } else {
    const signer = `is signed by ${statement.issuer}, which is neither the party nor its registrar`;
    throw refused("revocation-by-stranger", `${told} ${signer}`);
  }
  return { party: revocation.party, keyId: revocation.key, by: statement.issuer, effective };
}

/** Check that a party is enrolled under the register number that a statement gives. */
export function requireIdentity(grant: Grant, party: Party): void {
  if (!identifies(grant, party)) {
    throw refused(
      "party-not-enrolled-so",
      `${grant.holder} is not enrolled with the ${party.scheme} ${party.id} that the statement gives`,
    );
  }
}

/** Rules 1 and 2 of the key rule, for a signature that claims to have been made at `created`. */
function checkKeyDates(grant: Grant, created: number, times: Times, now: number): void {
  const key = `${grant.holder}${grant.keyId}`;
  const signed = `signed at ${formatTime(created)} with ${key}`;
  if (created < grant.begins || created >= grant.ends) {
    const dates = `${formatTime(grant.begins)} to ${formatTime(grant.ends)}`;
    throw refused("key-dates", `${signed}, a key for ${dates}`);
  }
  if (created > now + CLOCK_DRIFT) {
    throw refused("created-in-future", `${signed}, which is in the future at ${formatTime(now)}`);
  }
  const known = times.proven ?? times.operator;
  if (known === null) {
    if (now < grant.ends) return;
    const told = `${key} ended at ${formatTime(grant.ends)} and nothing proves that the signature is older`;
    throw refused("key-expired", told);
  }
  if (created > known + CLOCK_DRIFT) {
    throw refused("created-after-proof", `${signed}, yet it existed by ${formatTime(known)}`);
  }
  if (known >= grant.ends + LATE_PROOF) {
    const told = `the first proof of the signature is of ${formatTime(known)}`;
    throw refused("key-expired", `${key} ended at ${formatTime(grant.ends)}; ${told}`);
  }
}

/** The earliest second from which its party, its registrar or the trust list revokes a key; null if none does. */
export function revokedFrom(grant: Grant, revocations: readonly Revocation[]): number | null {
  if (grant.grantedBy === null) return grant.revokedAt;
  let earliest: number | null = null;
  for (const one of revocations) {
    if (one.party !== grant.holder || one.keyId !== grant.keyId) continue;
    if (one.by !== grant.holder && one.by !== grant.grantedBy) continue;
    if (earliest === null || one.effective < earliest) earliest = one.effective;
  }
  return earliest;
}

/** Rule 3: what a revoked key signed counts only if it is proven, by others than the operator, to be older. */
function checkNotRevoked(grant: Grant, revocations: readonly Revocation[], times: Times): void {
  const from = revokedFrom(grant, revocations);
  if (from === null || (times.proven !== null && times.proven < from)) return;
  const shown =
    times.proven === null ? "nothing proves" : `the proof of ${formatTime(times.proven)} does not show`;
  throw refused(
    "key-revoked",
    `${grant.holder}${grant.keyId} is revoked from ${formatTime(from)} and ${shown} that the signature is older`,
  );
}

function requireRole(grant: Grant, roles: readonly string[], statement: Statement): void {
  if (roles.length === 0 || roles.some((role) => grant.roles.has(role))) return;
  const held = [...grant.roles].sort().join(", ") || "no role that counts";
  const told = `${statement.type} is signed by the role ${roles.join(" or ")}; ${grant.holder} has ${held}`;
  throw refused("role-missing", told);
}
