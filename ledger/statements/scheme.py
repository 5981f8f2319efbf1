"""What certificates and accreditations say of a conformity scheme, in the same words."""

from typing import Final

from ledger.statements.codes import SCHEME_FAMILIES
from ledger.statements.fields import Code, Integer, Text

DOCUMENT: Final = "document"
"""The family of schemes that certify kinds of documents rather than processing."""
VERSION = Text("a version", r"[A-Za-z0-9][A-Za-z0-9._:-]{0,31}", 32)
FAMILY = Code("scheme families", SCHEME_FAMILIES)
LEVEL = Integer(1, 9)
"""How demanding an assessment was, where a scheme has levels; a higher one includes the lower."""
NUMBER = Text("a certificate number: letters, digits and ._/-", r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}", 64)
