/**
 * Identifiers of parties: Legal Entity Identifier, Unified Social Credit Code, VAT number, GLN, DID.
 *
 * Source: docs/spec/transfer-record.md, "Identifiers": ISO 17442, GB 32100-2015, GS1.
 */

import { TEST_COUNTRIES } from "./codes.ts";

const FORMS: ReadonlyMap<string, RegExp> = new Map([
  ["LEI", /^[0-9A-Z]{18}[0-9]{2}$/u],
  ["USCC", /^[0-9A-Z]{18}$/u],
  ["VAT", /^[A-Z]{2}[0-9A-Z+*]{2,13}$/u],
  ["GLN", /^[0-9]{13}$/u],
  ["DID", /^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$/u],
]);
/** Those that may be plainly invented ones in the countries that no state has. */
const INVENTED: ReadonlySet<string> = new Set(["LEI", "USCC", "VAT"]);
const USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/** Why a text is no identifier of a scheme for a party of a jurisdiction: a code and words; null where it is one. */
export function identifierFault(
  scheme: string,
  identifier: string,
  jurisdiction: string,
): readonly [code: string, detail: string] | null {
  if (FORMS.get(scheme)?.test(identifier) !== true)
    return ["wrong-form", `not in the form of scheme ${scheme}`];
  if (INVENTED.has(scheme) && identifier.startsWith("TEST")) {
    if (TEST_COUNTRIES.has(jurisdiction)) return null;
    return ["test-identifier", `an invented identifier is for XA to XZ, and the party is of ${jurisdiction}`];
  }
  if (checkDigitsHold(scheme, identifier)) return null;
  return ["check-digit", `the check digits of scheme ${scheme} do not fit`];
}

function checkDigitsHold(scheme: string, identifier: string): boolean {
  if (scheme === "LEI") return mod97(identifier) === 1;
  if (scheme === "USCC") return usccHolds(identifier);
  if (scheme === "GLN") return glnHolds(identifier);
  return true;
}

/** The number that A = 10 … Z = 35 written out give, mod 97 (ISO/IEC 7064). */
function mod97(identifier: string): number {
  let rest = 0;
  for (const character of identifier) {
    for (const digit of Number.parseInt(character, 36).toString()) rest = (rest * 10 + Number(digit)) % 97;
  }
  return rest;
}

function usccHolds(identifier: string): boolean {
  if (!/^[0-9]{8}/u.test(identifier)) return false;
  let total = 0;
  let weight = 1;
  for (const [index, character] of Array.from(identifier).entries()) {
    const value = USCC_LETTERS.indexOf(character);
    if (value < 0) return false;
    total += index < 17 ? value * weight : value;
    weight = (weight * 3) % 31;
  }
  return total % 31 === 0;
}

function glnHolds(identifier: string): boolean {
  const digits = Array.from(identifier).reverse().map(Number);
  return digits.reduce((total, digit, index) => total + digit * (index % 2 === 0 ? 1 : 3), 0) % 10 === 0;
}
