"""The picture of a page in the documentation: `python -m tests.services.render.image docs/certificate.png`."""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

from ledger.services.render.paper import paper_of
from tests.services.render.reading import picture
from tests.services.render.sheets import CHECKED, sheet


def image() -> bytes:
    """The page of the example as PNG, in few colours."""
    written = BytesIO()
    picture(paper_of(sheet("en", "zh"), moment=CHECKED), scale=1.75).quantize(
        96, method=Image.Quantize.MAXCOVERAGE
    ).save(written, "PNG", optimize=True)
    return written.getvalue()


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(image())
