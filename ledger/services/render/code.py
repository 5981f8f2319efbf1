"""The two-dimensional code of the page: QR (ISO/IEC 18004), error correction M."""

from io import BytesIO

from ledger.services.render.extras import loaded

QUIET_ZONE = 4
"""Modules of white around it, as the standard asks."""


def svg_of(text: str, *, described: str | None = None) -> str:
    """The code as an SVG without size of its own, dark on white, with its quiet zone.

    Args:
        text: What it says.
        described: What a reader who does not see it is told; nothing where the page tells it beside.
    """
    made = loaded("segno", "writing a code").make(text, error="m", micro=False, boost_error=False)
    written = BytesIO()
    made.save(
        written,
        kind="svg",
        border=QUIET_ZONE,
        dark="#000",
        light="#fff",
        xmldecl=False,
        svgns=True,
        nl=False,
        omitsize=True,
        svgclass=None,
        lineclass=None,
        title=described,
    )
    return written.getvalue().decode()
