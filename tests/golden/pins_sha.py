"""Write tests/golden/pins.sha: every pin of the catalogue with its checksums, one a line.

The file is a second copy of the checksums, so that an accidental edit of one is noticed. Run
``PYTHONPATH=generator python tests/golden/pins_sha.py`` after a change that is meant, and review the difference.
Where ../shared/facts/pins.json lies beside the repository, the survey of public checksums, a line that
contradicts it is refused.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from linkmode.catalog.pins import Catalog, load

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).with_name("pins.sha")
SURVEY = ROOT.parent / "shared" / "facts" / "pins.json"
_SURVEYED = {"zig": "zig", "zlib": "zlib", "go": "go", "graalvm-ce": "graalvm", "rust": "rust", "ocaml": "ocaml"}
"""Names in the survey of which the catalogue holds every row, and what the catalogue calls them."""

_RUST = re.compile(r"(rustc-[\d.]+-\w+-unknown-linux-gnu|rust-std-(?!1\.99)[\d.]+-\w+-unknown-linux-\w+)\.tar\.xz")
"""Rust's files that the catalogue holds; toolchains/rust.toml says why the others are left out."""

_OCAML = "5.2.1"
"""The one release of OCaml that linkmode's rules do not build."""

_SINCE = {("ocaml", "5.4.1"), ("ocaml", "5.3.0"), ("ocaml", "4.14.2")}
"""What was pinned after the survey, by the public files that its `confirmed-by` names."""

COMMAND = "PYTHONPATH=generator python tests/golden/pins_sha.py"


def lines(catalog: Catalog) -> list[str]:
    """Return ``family version source file checksums``, in the catalogue's order."""
    found = []
    for family, entry in sorted(catalog.families.items()):
        for pin in entry.pins:
            digests = [f"{name}:{value}" for name in ("sha256", "sha512") if (value := getattr(pin, name))]
            found.append(" ".join([family, pin.version, pin.source, pin.file, *digests]))
    return found


def survey() -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Yield (family, version, file, checksums) of the survey's rows that the catalogue must hold."""
    for row in json.loads(SURVEY.read_text(encoding="utf-8")):
        version = row["version"].split()[0]
        # musl.cc's other rows have no version that is known; toolchains/musl.cc.toml says why they are left out.
        if row["name"] == "rust" and not _RUST.fullmatch(row["file"]):
            continue
        if (row["name"], version) == ("ocaml", _OCAML):
            continue
        if row["name"] in _SURVEYED or (row["name"], version) == ("musl.cc", "11.2.1"):
            digests = {name: row[name] for name in ("sha256", "sha512") if row.get(name)}
            yield _SURVEYED.get(row["name"], row["name"]), version, row["file"], digests


def contradictions(catalog: Catalog) -> list[str]:
    """Return where the catalogue's upstream pins are not what the survey found: in a checksum, or in being there."""
    surveyed = {*_SURVEYED.values(), "musl.cc"}
    ours = {
        (family, pin.version, pin.file): {n: v for n in ("sha256", "sha512") if (v := getattr(pin, n))}
        for family, entry in catalog.families.items()
        for pin in entry.pins
        if pin.source == "upstream" and family in surveyed and (family, pin.version) not in _SINCE
    }
    theirs = {(family, version, file): digests for family, version, file, digests in survey()}
    return [
        f"{' '.join(name)}: the catalogue has {ours.get(name)}, the survey {theirs.get(name)}"
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    ]


def main() -> int:
    """Write the golden file, unless the survey contradicts the catalogue."""
    catalog = load(ROOT / "toolchains")
    wrong = contradictions(catalog) if SURVEY.exists() else []
    if wrong:
        sys.stderr.write("\n".join(wrong) + "\n")
        return 1
    GOLDEN.write_text("\n".join(lines(catalog)) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
