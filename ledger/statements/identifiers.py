"""Identifiers of parties: Legal Entity Identifier, Unified Social Credit Code, VAT number, GLN, DID.

Check digits by python-stdnum, imported when the first such identifier is seen.  In the user-assigned
countries XA to XZ, which no state has, an identifier may be a plainly invented one: it starts with `TEST`,
has the length and the letters of its scheme, and its check digits are not asked.
"""

import re
from functools import lru_cache

from ledger.statements.codes import TEST_COUNTRIES

_FORMS = {
    "LEI": (r"[0-9A-Z]{18}[0-9]{2}", "18 digits and capital letters and 2 check digits"),
    "USCC": (r"[0-9A-Z]{18}", "18 digits and capital letters"),
    "VAT": (r"[A-Z]{2}[0-9A-Z+*]{2,13}", "a country prefix and 2 to 13 characters"),
    "GLN": (r"[0-9]{13}", "13 digits"),
    "DID": (r"did:[a-z0-9]+:[A-Za-z0-9._:%-]+", "a DID"),
}
TEST_PREFIX = "TEST"
_INVENTED = frozenset({"LEI", "USCC", "VAT"})


@lru_cache(maxsize=4096)
def identifier_fault(scheme: str, identifier: str, jurisdiction: str) -> tuple[str, str] | None:
    """Why `identifier` is none of `scheme` for a party of `jurisdiction`: (code, detail), or None.

    Codes: `wrong-form`, `check-digit`, `test-identifier`.
    """
    form, words = _FORMS[scheme]
    if re.fullmatch(form, identifier) is None:
        return "wrong-form", f"{article(scheme)} {scheme} has {words}"
    if scheme in _INVENTED and identifier.startswith(TEST_PREFIX):
        if jurisdiction in TEST_COUNTRIES:
            return None
        return (
            "test-identifier",
            f"an invented identifier is for XA to XZ, and the party is of {jurisdiction}",
        )
    if not _check_digits_hold(scheme, identifier):
        return "check-digit", f"the check digits of this {scheme} do not fit"
    return None


def article(scheme: str) -> str:
    """The indefinite article before the name of a scheme."""
    return "an" if scheme == "LEI" else "a"


def _check_digits_hold(scheme: str, identifier: str) -> bool:
    if scheme == "LEI":
        from stdnum import lei

        return bool(lei.is_valid(identifier))
    if scheme == "USCC":
        from stdnum.cn import uscc

        return bool(uscc.is_valid(identifier))
    if scheme == "GLN":
        from stdnum import ean

        return bool(ean.is_valid(identifier))
    return True
