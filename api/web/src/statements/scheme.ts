/** What certificates and accreditations say of a conformity scheme, in the same words. */

import { SCHEME_FAMILIES } from "./codes.ts";
import { code, codes, integer, text } from "./fields.ts";

/** The family of schemes that certify kinds of documents rather than processing. */
export const DOCUMENT = "document";
export const VERSION = text("a version", String.raw`[A-Za-z0-9][A-Za-z0-9._:\-]{0,31}`, 32);
export const FAMILY = code("scheme families", SCHEME_FAMILIES);
export const FAMILIES = codes("scheme families", SCHEME_FAMILIES);
/** How demanding an assessment was, where a scheme has levels; a higher one includes the lower. */
export const LEVEL = integer(1, 9);
export const NUMBER = text(
  "a certificate number: letters, digits and ._/-",
  String.raw`[A-Za-z0-9][A-Za-z0-9._\/\-]{0,63}`,
  64,
);
