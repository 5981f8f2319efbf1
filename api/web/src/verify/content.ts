/**
 * Step 2: the file or the fields in hand are those that the statement commits to, or states the digest of.
 *
 * Source: docs/spec/verification.md, "Step 2 in full"; docs/spec/commitments.md.
 */

import { type Bytes, equal, fromHex, toHex } from "../core/bytes.ts";
import { type Openings, commitment, committed as committedBy } from "../core/commitment.ts";
import { type Json, encode, isArray, isObject, quoted } from "../core/json.ts";
import type { Statement } from "../core/statement.ts";
import { commitments, fileDigests } from "../statements/catalogue.ts";
import type { Bundle, Disclosure, Item } from "./bundle.ts";
import type { Check } from "./report.ts";

/** A file in hand.  It may be large: its digest is asked for where it is needed, and may be made piece by piece. */
export interface ContentFile {
  /**
   * The name of the subject's commitment (`payload`), or of the digest that it states (`credential`), or the JSON
   * pointer; of another statement in the bundle its digest, `/` and the name or pointer there.
   */
  readonly name: string;
  readonly size: number;
  sha256(): Promise<Bytes>;
}

/** What the user holds beside the bundle. */
export interface Content {
  readonly files: readonly ContentFile[];
  /** The signer's private salts and values, where the user was given them. */
  readonly openings: Openings | null;
}

export const NO_CONTENT: Content = { files: [], openings: null };

const PREFIX = "/credentialSubject/";
const SUFFIX = "/commitment";

/** The one check of step 2, over the disclosures in the bundle and the content in hand. */
export async function checkContent(bundle: Bundle, content: Content): Promise<Check> {
  const files = new Map<string, Bytes>();
  for (const file of content.files) files.set(file.name, await file.sha256());
  const tally = new Tally(bundle.subjectItem.statement, files);
  for (const { items } of bundle.sections) {
    for (const item of items) if (item.disclosures.size > 0) tally.disclosed(item);
  }
  if (files.size > 0 || content.openings !== null) {
    tally.stated();
    tally.inHand(content.openings);
  }
  return tally.conclude();
}

/** What was found, in the order of what counts. */
class Tally {
  private readonly fits: string[] = [];
  private readonly wrong: { code: string; detail: string }[] = [];
  private readonly notInHand: string[] = [];
  private readonly noSalt: string[] = [];
  private readonly used = new Set<string>();
  private readonly subject: Statement;
  private readonly files: ReadonlyMap<string, Bytes>;

  constructor(subject: Statement, files: ReadonlyMap<string, Bytes>) {
    this.subject = subject;
    this.files = files;
  }

  /** What is wrong goes before what is missing, and both before what fits. */
  conclude(): Check {
    const [wrong] = this.wrong;
    if (wrong !== undefined) return { step: 2, outcome: "failed", ...wrong };
    const { fits, noSalt, notInHand } = this;
    if (noSalt.length > 0) {
      return absent(
        "salt-missing",
        `no salt for ${noSalt.join(", ")}: neither disclosed nor in the openings`,
      );
    }
    if (notInHand.length > 0) return absent("file-not-in-hand", `file not in hand: ${notInHand.join(", ")}`);
    if (fits.length > 0) {
      return { step: 2, outcome: "passed", code: "content", detail: `${fits.join(", ")} as committed to` };
    }
    const { document } = this.subject;
    const committed = [...commitments(document).keys(), ...fileDigests(document).keys()];
    if (committed.length === 0) return absent("nothing-committed", "the statement commits to no content");
    const told = `no file given; ${committed.length} committed to (${committed.join(", ")})`;
    return absent("no-content", told);
  }

  private fail(code: string, detail: string): void {
    this.wrong.push({ code, detail });
  }

  /** The disclosures of one item. */
  disclosed(item: Item): void {
    const { statement } = item;
    const places = new Set(commitments(statement.document).values());
    for (const [pointer, opened] of item.disclosures) {
      if (!places.has(pointer)) {
        const told = `the member ${quoted(pointer)} of ${toHex(statement.digest)} is no commitment`;
        this.fail("disclosure-no-commitment", told);
        continue;
      }
      const value = opened.fileSha256 ?? encode(opened.value);
      if (!opens(statement, pointer, opened.salt, value)) {
        const told = `what is disclosed for ${nameOf(pointer)} is not what ${pointer} commits to`;
        this.fail("commitment-mismatch", told);
      } else {
        this.fitting(statement, pointer, opened);
      }
    }
  }

  /** A disclosure that fits its commitment: a value is shown by it, a file where it is in hand. */
  private fitting(statement: Statement, pointer: string, opened: Disclosure): void {
    const name = nameOf(pointer);
    const fixed = opened.fileSha256;
    if (fixed === null) {
      this.fits.push(`the value of ${name}`);
      return;
    }
    // A file is in hand for one statement: the same name may commit to another file elsewhere in the bundle.
    const of = statement === this.subject ? "" : `${toHex(statement.digest)}/`;
    const given = this.given(of + name, of + pointer);
    if (given.length === 0) this.notInHand.push(of + name);
    else if (given.every((found) => equal(found, fixed))) this.fits.push(`the file ${of}${name}`);
    else this.fail("content-mismatch", `the file in hand for ${of}${name} is not the one committed to`);
  }

  /** The files in hand under two names of one place; they are used by this. */
  private given(...names: readonly string[]): readonly Bytes[] {
    const found: Bytes[] = [];
    for (const name of new Set(names)) {
      const file = this.files.get(name);
      if (file === undefined) continue;
      this.used.add(name);
      found.push(file);
    }
    return found;
  }

  /** Files in hand against the digests that the subject states without salt. */
  stated(): void {
    for (const [name, pointer] of fileDigests(this.subject.document)) {
      const given = this.given(name, pointer);
      const digest = committed(this.subject, pointer);
      if (given.some((found) => !equal(found, digest))) {
        this.fail("content-mismatch", `the file in hand for ${name} is not the one whose digest is stated`);
      } else if (given.length > 0) {
        this.fits.push(`the file ${name}`);
      }
    }
  }

  /** Files and openings that the user gave, against the subject's own commitments. */
  inHand(openings: Openings | null): void {
    const { subject } = this;
    if (openings !== null && openings.statement !== subject.id) {
      this.fail(
        "openings-of-another",
        `the openings are of ${openings.statement}; the subject is ${subject.id}`,
      );
      return;
    }
    const places = commitments(subject.document);
    const known = new Set(places.values());
    const opened = openings === null ? new Map<string, never>() : openings.openings;
    for (const [pointer, opening] of opened) {
      const value = committedBy(opening);
      if (!known.has(pointer) || !opens(subject, pointer, opening.salt, value)) {
        const told = `the opening of ${nameOf(pointer)} is not what ${pointer} commits to`;
        this.fail("commitment-mismatch", told);
      } else if (opening.fileSha256 === undefined) {
        this.fits.push(`the value of ${nameOf(pointer)}`);
      }
    }
    for (const [key, found] of this.files) {
      if (this.used.has(key)) continue;
      const pointer = places.get(key) ?? key;
      const held = opened.get(pointer);
      if (!known.has(pointer)) {
        this.fail("content-unknown", `the statement commits to nothing named ${key}`);
      } else if (held === undefined) {
        this.noSalt.push(nameOf(pointer));
      } else if (!opens(subject, pointer, held.salt, found)) {
        const told = `the file in hand for ${nameOf(pointer)} is not the one committed to`;
        this.fail("content-mismatch", told);
      } else {
        this.fits.push(`the file ${nameOf(pointer)}`);
      }
    }
  }
}

function absent(code: string, detail: string): Check {
  return { step: 2, outcome: "absent", code, detail };
}

/** `payload` for `/credentialSubject/payload/commitment`. */
function nameOf(pointer: string): string {
  const begun = pointer.startsWith(PREFIX) ? pointer.slice(PREFIX.length) : pointer;
  const cut = begun.endsWith(SUFFIX) ? begun.slice(0, -SUFFIX.length) : begun;
  return cut.replaceAll("/", ".");
}

function opens(statement: Statement, pointer: string, salt: Bytes, value: Bytes): boolean {
  return equal(commitment(statement.id, pointer, salt, value), committed(statement, pointer));
}

/** The commitment, or the digest, at a pointer that the catalogue gave. */
function committed(statement: Statement, pointer: string): Bytes {
  let found: Json | undefined = statement.document;
  for (const step of pointer.slice(1).split("/")) {
    found = isArray(found) ? found[Number(step)] : isObject(found) ? found[step] : undefined;
  }
  const digest = typeof found === "string" ? fromHex(found) : undefined;
  if (digest === undefined) throw new Error("the form of a type's commitments was read");
  return digest;
}
