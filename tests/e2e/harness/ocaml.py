"""What OCaml needs where its own servers cannot be reached: the sources of a release from Debian, as a user's own pin.

Debian's source package holds the release as it is, packed again: the same files under another checksum.
"""

import hashlib
import os
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import tomli_w

from harness.cases import Case
from harness.places import EXAMPLES, STORE, WORK
from harness.workspace import MissingToolchainsError, linkmode, pin

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
    archive = _debian()
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


def _debian() -> Path:
    """Return the archive, downloaded by an apt of its own that knows the suite; nothing is installed."""
    archive = _FOLDER / _FILE
    if not archive.exists():
        if not shutil.which("apt-get"):
            raise MissingToolchainsError("the sources of OCaml come by apt-get, which is not here")
        for folder in ("lists/partial", "cache/archives/partial"):
            (_FOLDER / "apt" / folder).mkdir(parents=True, exist_ok=True)
        options = (
            f'Dir::State::Lists "{_FOLDER}/apt/lists"; Dir::Cache "{_FOLDER}/apt/cache";\n'
            f'Dir::Etc::SourceList "{_FOLDER}/apt/sources.list"; Dir::Etc::SourceParts "/dev/null";\n'
            'APT::Sandbox::User "root";\n'
        )
        (_FOLDER / "apt/options").write_text(options, encoding="utf-8")
        mirrors = _apt("indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", own=False)
        mirror = next((line for line in mirrors.splitlines() if "debian" in line and "security" not in line), "")
        (_FOLDER / "apt/sources.list").write_text(f"deb-src {mirror} {_SUITE} main\n", encoding="utf-8")
        _apt("-qq", "update")
        _apt("-qq", "source", "--download-only", "--tar-only", _PACKAGE)
    if hashlib.sha256(archive.read_bytes()).hexdigest() != _SHA256:
        archive.unlink()
        raise MissingToolchainsError(f"Debian's {_PACKAGE} is not the one that was pinned")
    return archive


def _apt(*arguments: str, own: bool = True) -> str:
    environment = {**os.environ, "LC_ALL": "C", **({"APT_CONFIG": str(_FOLDER / "apt/options")} if own else {})}
    done = subprocess.run(
        ["apt-get", *arguments], cwd=_FOLDER, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise MissingToolchainsError(f"apt-get {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout
