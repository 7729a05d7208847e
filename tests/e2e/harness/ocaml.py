"""What OCaml needs where its own servers cannot be reached: the sources of a release from elsewhere, as a pin.

Debian's source packages hold a release as it is, packed again. 4.14 is in no suite of Debian; esy's package of the npm
registry has the sources of 4.14.1, with a few files of esy's own beside them.
"""

import hashlib
import shutil
import subprocess
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from harness import debian, own_archive
from harness.cases import Case
from harness.places import EXAMPLES, STORE, WORK
from harness.shared import MissingToolchainsError
from harness.workspace import linkmode, pin

_FOLDER = WORK / "ocaml"

WITHOUT_DOMAINS = """(* As parallel.ml, for OCaml 4.14. *)

let kind = "threads"

let all tasks =
  let answers = Array.make (List.length tasks) 0 in
  let start at task = Thread.create (fun () -> answers.(at) <- task ()) () in
  List.iter Thread.join (List.mapi start tasks);
  Array.to_list answers
"""


@dataclass(frozen=True)
class Release:
    """A release, and an archive of its sources. ``get`` returns the archive or raises MissingToolchainsError."""

    version: str
    file: str
    sha256: str
    prefix: str
    get: Callable[["Release"], Path]


def _of_debian(suite: str, package: str) -> Callable[[Release], Path]:
    return lambda release: debian.source(_FOLDER / suite, suite, package, release.file, release.sha256)


def _of_npm(package: str) -> Callable[[Release], Path]:
    def get(release: Release) -> Path:
        path = _FOLDER / release.file
        if not path.exists():
            if not shutil.which("npm"):
                raise MissingToolchainsError(f"{release.file} comes by npm, which is not here")
            _FOLDER.mkdir(parents=True, exist_ok=True)
            command = ["npm", "pack", "--silent", package]
            done = subprocess.run(command, cwd=_FOLDER, capture_output=True, text=True, check=False)
            if done.returncode:
                raise MissingToolchainsError(f"{' '.join(command)}: {done.stderr.strip()}")
        if hashlib.sha256(path.read_bytes()).hexdigest() != release.sha256:
            path.unlink()
            raise MissingToolchainsError(f"npm's {release.file} is not the one that was pinned")
        return path

    return get


OCAML_4_14 = Release(
    version="4.14.1",
    file="ocaml-4.14.1000.tgz",
    sha256="a238effbd1de2b4af1dd7708b8a56598bec6b4000d360a999c35352f7cdede2d",
    prefix="package",
    get=_of_npm("ocaml@4.14.1000"),
)
OCAML_5_3 = Release(
    version="5.3.0",
    file="ocaml_5.3.0.orig.tar.xz",
    sha256="b0229336d9ebe0af905954bcd1ae5b293306bbcb08c01ead03500d9e5bc90164",
    prefix="ocaml-5.3.0",
    get=_of_debian("trixie", "ocaml=5.3.0-3"),
)
# the suite moves on; when it no longer has this release, what needs it is skipped and says so
OCAML_5_4 = Release(
    version="5.4.1",
    file="ocaml_5.4.1.orig.tar.xz",
    sha256="b1e297adc186635540758eb064c7fab025598ae4436f3b9767e5025188b4e0ab",
    prefix="ocaml-5.4.1",
    get=_of_debian("forky", "ocaml=5.4.1-1"),
)


def prepare(case: Case, name: str, release: Release = OCAML_5_3) -> Path:
    """Return a workspace for ``case``, for the Bazel called ``name``: locked to what can be had, fetched, generated.

    With ``case.pins`` GCC links, by the archives of ../shared/toolchains, and otherwise Zig. Raises
    MissingToolchainsError where something cannot be had.
    """
    workspace = WORK / "e2e" / name.replace("/", "_") / case.name
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(EXAMPLES / case.folder, workspace, ignore=shutil.ignore_patterns("bazel-*", "third_party"))
    if release.version.startswith("4."):
        (workspace / "parallel.ml").write_text(WITHOUT_DOMAINS, encoding="utf-8")
    path = workspace / "linkmode.toml"
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    config["pin"] = [_sources(release), *map(pin, case.pins)]
    config["language"] = {"ocaml": f"=={release.version}"}
    if case.pins:
        targets = list(dict.fromkeys(binary.target for binary in case.binaries))
        config["toolchain"] = [{"family": "musl.cc", "version": ">=11.2.1", "targets": targets}]
    path.write_text(tomli_w.dumps(config), encoding="utf-8")
    linkmode(workspace, "lock", *(f"--source={source}" for source in case.sources))
    linkmode(workspace, "fetch", f"--store={STORE}")
    linkmode(workspace, "generate")
    return workspace


def _sources(release: Release) -> dict[str, Any]:
    archive = release.get(release)
    return own_archive.describe(archive, "ocaml", release.version, "ocaml", release.prefix)
