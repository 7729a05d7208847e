"""examples/ocaml_dune, static: by the real dune, with an OCaml that `linkmode exec` built for musl by the how-to.

OCaml takes minutes, and is kept below `.work`.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
import tomli_w
from harness import ocaml, readelf, sandbox
from harness.places import EXAMPLES, STORE, WORK
from harness.shared import MissingToolchainsError
from harness.untar import untar
from harness.workspace import linkmode, pin

pytestmark = pytest.mark.skipif(not shutil.which("dune"), reason="no dune: install ocaml-dune")

# CRC-32 of "hello\n", by another implementation: python3 -c 'import zlib; print(hex(zlib.crc32(b"hello\n")))'
SAYS = "363a3020  6 bytes\n"

_GCC = "x86_64-linux-musl-cross.tgz"

# as docs/how-to/use-without-bazel.md has it, without what dune does not use
BUILD = (
    'cd "$1" && ./configure --build=x86_64-linux-musl --prefix="$2" --disable-shared --disable-ocamldoc'
    " --disable-debugger --disable-ocamltest --disable-debug-runtime --disable-instrumented-runtime"
    " && make -j2 world && make -j2 opt && make install"
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the example, locked to GCC of ../shared/toolchains and to zlib, fetched and generated."""
    folder = tmp_path_factory.mktemp("dune") / "project"
    shutil.copytree(EXAMPLES / "ocaml_dune", folder, ignore=shutil.ignore_patterns("_build"))
    path = folder / "linkmode.toml"
    config = tomllib.loads(path.read_text(encoding="utf-8"))
    config["pin"] = [pin(_GCC)]
    config["toolchain"] = [{"family": "musl.cc", "version": ">=11.2.1", "targets": ["x86_64-linux-musl"]}]
    path.write_text(tomli_w.dumps(config), encoding="utf-8")
    for arguments in (("lock", "--source=zlib=pypi"), ("fetch", f"--store={STORE}")):
        done = linkmode(folder, *arguments, check=False)
        if done.returncode:
            pytest.skip(f"zlib cannot be had: {done.stderr}")
    linkmode(folder, "generate")
    return folder


@pytest.fixture(scope="module")
def compiler(project: Path) -> Path:
    """Return the folder of the programs of an OCaml for musl."""
    release = ocaml.OCAML_4_14
    installed = WORK / "ocaml" / f"musl-{release.version}"
    if not (installed / "bin/ocamlopt").exists():
        try:
            archive = release.get(release)
        except MissingToolchainsError as error:
            pytest.skip(str(error))
        sources = project.parent / "sources"
        with tarfile.open(archive) as files:
            untar(files, sources)
        folder = sources / release.prefix
        (folder / "configure").chmod(0o755)
        _executed(project, "sh", "-c", BUILD, "sh", str(folder), str(installed))
    return installed / "bin"


def _executed(project: Path, *command: str, path: str = "", mode: str = "") -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("CC", "LINK_MODE")}
    environment |= {"PATH": f"{path}{os.environ['PATH']}"} | ({"LINK_MODE": mode} if mode else {})
    words = [sys.executable, "-m", "linkmode", "exec", f"--store={STORE}", "--", *command]
    done = subprocess.run(words, cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"


def test_a_static_program_by_dune_runs_in_an_empty_folder(project: Path, compiler: Path) -> None:
    _executed(project, "dune", "build", "--root", ".", "./main.exe", path=f"{compiler}:", mode="static")
    binary = project / "_build/default/main.exe"
    found = readelf.read(binary)
    assert found.interpreter is None
    assert not found.needed
    assert linkmode(project, "audit", "--expect=static", str(binary)).returncode == 0
    done = subprocess.run([binary], input="hello\n", capture_output=True, text=True, check=True)
    assert done.stdout == SAYS
    try:
        assert sandbox.run_alone(binary, {}) == "00000000  0 bytes\n"
    except sandbox.MissingToolError as error:
        pytest.skip(str(error))
