"""What OCaml needs where its own servers cannot be reached: the sources of a release from Debian, as a user's own pin.

Debian's source package holds the release as it is, packed again: the same files under another checksum.
"""

import shutil
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from harness import debian
from harness.cases import Case
from harness.places import EXAMPLES, STORE, WORK
from harness.workspace import linkmode, pin

_SUITE = "trixie"
_PACKAGE, _RELEASE = "ocaml=5.3.0-3", "5.3.0"
_FILE = "ocaml_5.3.0.orig.tar.xz"
_SHA256 = "b0229336d9ebe0af905954bcd1ae5b293306bbcb08c01ead03500d9e5bc90164"

_FOLDER = WORK / "ocaml"


def prepare(case: Case, name: str) -> Path:
    """Return a workspace for ``case``, for the Bazel called ``name``: locked to what can be had, fetched, generated.

    With ``case.pins`` GCC links, by the archives of ../shared/toolchains, and otherwise Zig. Raises
    MissingToolchainsError where something cannot be had.
    """
    workspace = WORK / "e2e" / name.replace("/", "_") / case.name
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(EXAMPLES / case.folder, workspace, ignore=shutil.ignore_patterns("bazel-*", "third_party"))
    path = workspace / "linkmode.toml"
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    config["pin"] = [_sources(), *map(pin, case.pins)]
    config["language"] = {"ocaml": f"=={_RELEASE}"}
    if case.pins:
        targets = list(dict.fromkeys(binary.target for binary in case.binaries))
        config["toolchain"] = [{"family": "musl.cc", "version": ">=11.2.1", "targets": targets}]
    path.write_text(tomli_w.dumps(config), encoding="utf-8")
    linkmode(workspace, "lock", *(f"--source={source}" for source in case.sources))
    linkmode(workspace, "fetch", f"--store={STORE}")
    linkmode(workspace, "generate")
    return workspace


def _sources() -> dict[str, Any]:
    archive = debian.source(_FOLDER, _SUITE, _PACKAGE, _FILE, _SHA256)
    return {
        "family": "ocaml",
        "version": _RELEASE,
        "file": archive.name,
        "urls": [f"https://ocaml.invalid/{archive.name}", archive.as_uri()],
        "sha256": _SHA256,
        "size": archive.stat().st_size,
        "layout": "ocaml",
        "strip-prefix": f"ocaml-{_RELEASE}",
    }
