/** From a statement to the subject of its type: the shape, then what depends on issuer and time of signing. */

import { malformed } from "../core/error.ts";
import { has, type Json, type JsonObject } from "../core/json.ts";
import { parseTime } from "../core/times.ts";
import { type ObjectShape, type Problem, StatementInvalidError, type Tell } from "./shape.ts";

export const SUBJECT = "/credentialSubject";
/** Seconds by which two honest clocks may differ. */
export const CLOCK_TOLERANCE = 300;

/** What readers look at in a statement (`core/statement.ts`); its signature is not their business. */
export interface Signed {
  readonly type: string;
  readonly issuer: string;
  /** POSIX seconds of the proof. */
  readonly created: number;
  readonly verificationMethod: string;
  readonly subject: JsonObject;
}

/** Who signed, when. */
export interface Signing {
  readonly issuer: string;
  readonly created: number;
}

interface ContextRule {
  readonly needs: readonly string[];
  readonly run: (subject: Json, signing: Signing, tell: Tell) => void;
}

/** A type of statement whose subjects have the type T. */
export class Kind<T> {
  /** As in the document's `type`. */
  readonly name: string;
  /** Of which its signer must have one; a KeyRevocation may also be signed by the party itself. */
  readonly roles: readonly string[];
  readonly shape: ObjectShape<T>;
  readonly #context: readonly ContextRule[];

  constructor(
    name: string,
    roles: readonly string[],
    shape: ObjectShape<T>,
    context: readonly ContextRule[] = [],
  ) {
    this.name = name;
    this.roles = roles;
    this.shape = shape;
    this.#context = context;
  }

  /** The same with a rule between the subject and who signed it when, asked where all it needs is there and in order. */
  where<K extends keyof T & string>(
    needs: readonly K[],
    rule: (subject: Required<Pick<T, K>>, signing: Signing, tell: Tell) => void,
  ): Kind<T> {
    const run: ContextRule["run"] = (subject, signing, tell) => {
      rule(subject as unknown as Required<Pick<T, K>>, signing, tell);
    };
    return new Kind(this.name, this.roles, this.shape, [...this.#context, { needs, run }]);
  }

  /** Every error of a statement's subject; looking for personal data is the affair of nodes. */
  problems(statement: Omit<Signed, "type" | "verificationMethod">): Problem[] {
    const found: Problem[] = [];
    const tell: Tell = (pointer, code, detail) => found.push({ pointer, code, detail });
    this.shape.check(statement.subject, SUBJECT, tell);
    const wrong = new Set(found.map((problem) => problem.pointer.split("/")[2]));
    for (const rule of this.#context) {
      if (rule.needs.every((name) => has(statement.subject, name) && !wrong.has(name))) {
        rule.run(statement.subject, statement, tell);
      }
    }
    return found;
  }

  /**
   * The subject of a statement, in order.
   *
   * @throws LedgerError `statement-type`: it is of another type; StatementInvalidError: its fields are not in order.
   */
  read(statement: Signed): T {
    if (statement.type !== this.name) {
      throw malformed(`the statement is a ${statement.type}; a ${this.name} is needed`, "statement-type");
    }
    const found = this.problems(statement);
    if (found.length > 0) throw new StatementInvalidError(this.name, found);
    return statement.subject as unknown as T; // its shape found it in order
  }
}

/** Tell that the issuer is another party than the one under `member`. */
export function tellUnlessIssuer(did: string, member: string, signing: Signing, tell: Tell): void {
  if (did !== signing.issuer) {
    tell(`${SUBJECT}/${member}/did`, "issuer-mismatch", `the issuer is another party than the ${member}`);
  }
}

/** Tell that the time under `member` was after the signature, by more than the clocks' difference. */
export function tellUnlessPast(time: string, member: string, signing: Signing, tell: Tell): void {
  if (parseTime(time) > signing.created + CLOCK_TOLERANCE) {
    tell(`${SUBJECT}/${member}`, "time-order", "later than the signature");
  }
}
