"""The wheel: the same bytes wherever and whenever it is built, and the page in it."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
DIST = ROOT / "api" / "web" / "dist"
BUILD = "import sys; sys.path.insert(0, 'scripts'); import package; print(package.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def page() -> Path:
    if not (ROOT / "api" / "web" / "node_modules").is_dir():
        pytest.skip("node's packages of the page are missing; npm ci --prefix api/web")
    subprocess.run([sys.executable, str(ROOT / "scripts" / "package.py")], check=True)
    return DIST


def built(folder: Path, page: Path) -> Path:
    """A wheel of the committed sources as they stand here, and of the page that was built of them."""
    listed = subprocess.run(
        [
            "git",
            "ls-files",
            "-z",
            "--",
            "ledger",
            "api",
            "scripts/package.py",
            "*.toml",
            "*.md",
            "LICENSE",
            "MANIFEST.in",
        ],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(page, folder / "api" / "web" / "dist", dirs_exist_ok=True)
    out = folder / "out"
    out.mkdir()
    subprocess.run([sys.executable, "-c", BUILD, str(out)], cwd=folder, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_two_builds_in_two_places_are_the_same_bytes_and_hold_the_page(tmp_path: Path, page: Path) -> None:
    wheels = [built(tmp_path / name, page) for name in ("one", "another place")]
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with ZipFile(wheels[0]) as wheel:
        names = set(wheel.namelist())
        assert wheel.read("api/web/dist/verify.html") == (page / "verify.html").read_bytes()
    assert {"api/access.json", "ledger/py.typed", "api/py.typed"} <= names
    assert not [name for name in names if name.startswith("api/web/") and "dist" not in name]
