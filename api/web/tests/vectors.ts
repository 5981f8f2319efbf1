/** Where the vectors are: those of this repository, and those from outside, which a clone may not have. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext } from "node:test";
import { asUint, type Bytes, bytes, fromEvm, fromHex, type Uint } from "../src/core/bytes.ts";
import { isLedgerError } from "../src/core/error.ts";

declare const REPOSITORY: string;

const OWN = join(REPOSITORY, "tests/vectors");
const OUTSIDE = process.env["EVIDENCE_VECTORS"] ?? join(REPOSITORY, "../shared/vectors");

/** The bytes of a file of `tests/vectors`. */
export function ownBytes(path: string): Bytes {
  return bytes(readFileSync(join(OWN, path)));
}

/** A JSON file of `tests/vectors`, whose form the test states. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the one place that believes a file
export function own<T>(path: string): T {
  return JSON.parse(readFileSync(join(OWN, path), "utf8")) as T;
}

/** The same, with numbers of sixteen digits and more as text: no number here keeps them apart. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the one place that believes a file
export function ownExact<T>(path: string): T {
  return JSON.parse(readFileSync(join(OWN, path), "utf8").replace(/: *(\d{16,})/g, ':"$1"')) as T;
}

/** A number of a file that was read exactly. */
export function exact(value: number | string): Uint {
  return asUint(BigInt(value));
}

/**
 * The folder of outside vectors; undefined, and the test skipped, where the whole collection is absent.
 *
 * Where a folder is missing or empty the test fails, since it would pass for nothing.
 */
export function outside(context: TestContext, folder: string): string | undefined {
  if (!existsSync(OUTSIDE)) {
    context.skip(`outside vectors are not here (${OUTSIDE}); set EVIDENCE_VECTORS to a copy`);
    return undefined;
  }
  const place = join(OUTSIDE, folder);
  if (!existsSync(place) || readdirSync(place).length === 0) {
    throw new Error(`outside vectors at ${OUTSIDE} have no ${folder}, or it is empty`);
  }
  return place;
}

/** A JSON file from outside, whose form the test states. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the one place that believes a file
export function parsed<T>(...path: readonly string[]): T {
  return JSON.parse(readFileSync(join(...path), "utf8")) as T;
}

/** The text of a file from outside. */
export function parsedText(...path: readonly string[]): string {
  return readFileSync(join(...path), "utf8");
}

/** The bytes of hex digits of a vector, with 0x or without; any case. */
export function unhex(text: string): Bytes {
  const lower = text.toLowerCase();
  const found = lower.startsWith("0x") ? fromEvm(lower) : fromHex(lower);
  if (found === undefined) {
    throw new Error(`no hex digits: ${text.slice(0, 40)}`);
  }
  return found;
}

/** The code of the error that something raises on purpose; undefined where it raises none. */
export async function codeOf(run: () => unknown): Promise<string | undefined> {
  try {
    await run();
    return undefined;
  } catch (error) {
    if (isLedgerError(error)) {
      return error.code;
    }
    throw error;
  }
}
