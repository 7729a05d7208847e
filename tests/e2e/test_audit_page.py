"""The page of `linkmode audit --html` in a real browser: Debian's chromium, without a screen."""

import os
import re
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
HOSTILE = '"><img src=x onerror="document.title=1"><script>document.title=2<'

pytestmark = [
    pytest.mark.tier("bazel"),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium, of the package of that name"),
]


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., str]:
    """Audit two real programs under three names, and return a browser that shows the page."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, program in {"app_dynamic": sys.executable, "tool": "/bin/sh", HOSTILE: "/bin/sh"}.items():
        shutil.copy(os.path.realpath(program), folder / name)
    report = tmp_path / "report.html"
    command = [sys.executable, "-m", "linkmode", "audit", "--expect", "static", "--html", str(report), str(folder)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1

    def run(*arguments: str) -> str:
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        done = subprocess.run(
            [str(CHROMIUM), *FLAGS, profile, *arguments, report.as_uri()],
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        return done.stdout

    return run


def test_the_document_has_the_facts_and_runs_nothing(browse: Callable[..., str]) -> None:
    document = browse("--dump-dom")
    assert document.count("<details ") == 3
    assert "<script" not in document.replace("&lt;script", "")
    assert "<img" not in document
    assert re.search(r"<title>linkmode audit: [^<]*/bin</title>", document)
    assert "&lt;img src=x onerror=" in document
    assert "--expect static</code> does not hold" in document
    assert 'aria-label="dynamic, not as expected"' in document or "mostly_static, not as expected" in document


def test_it_is_drawn_in_colours_and_prints(browse: Callable[..., str], tmp_path: Path) -> None:
    browse("--window-size=1280,1600", f"--screenshot={tmp_path / 'page.png'}")
    width, height, colours = pixels((tmp_path / "page.png").read_bytes())
    assert (width, height) == (1280, 1600)
    assert len(colours) > 50  # text, tiles, bars: a page that is not drawn has one
    browse("--no-pdf-header-footer", f"--print-to-pdf={tmp_path / 'page.pdf'}")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


def pixels(png: bytes) -> tuple[int, int, set[bytes]]:
    """Return the size of an 8-bit RGB or RGBA picture, and the byte groups of its filtered rows (not quite colours)."""
    width, height, depth, kind = struct.unpack(">IIBB", png[16:26])
    assert (depth, kind) in {(8, 2), (8, 6)}
    size = 3 if kind == 2 else 4
    data, at = b"", 8
    while at < len(png):
        length, name = struct.unpack(">I4s", png[at : at + 8])
        data += png[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    raw = zlib.decompress(data)
    return width, height, {raw[at : at + size] for at in range(1, len(raw) - size, 97)}
