"""A clean Bazel build of a real C library: generated toolchains against the host's gcc, as Bazel configures it.

Prints seconds and ratios for each Bazel that is installed, and how many inputs a C compile has. A build is clean but
for what does not change with the sources: a warm server, Zig's run-time files, the fetched archives. Toolchains take
turns, so that a busy machine is busy for all of them, and the best of the rounds counts.
"""

import re
import shutil
import sys
import tarfile
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tomli_w

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "e2e"))

from harness import bazel, workspace  # noqa: E402 - the tests' own harness, which is no package that is installed
from harness.places import STORE, TOOLCHAINS, WORK  # noqa: E402
from harness.untar import untar  # noqa: E402

ROUNDS = 3
CARRIED = "c-blosc/internal-complibs/"
TARGETS = ("//:zstd", "//:zlib", "//:lz4")
_PLATFORM = "--platforms=@linkmode//platforms:x86_64-linux-musl"
_EXTRA = "--extra_toolchains=@linkmode//toolchains:cc_{}_x86_64-linux_to_x86_64-linux-musl"
GCC_ARCHIVE = "x86_64-linux-musl-cross.tgz"


@dataclass(frozen=True)
class Contender:
    """A toolchain, by the flags that choose it."""

    name: str
    flags: tuple[str, ...]


def main() -> None:
    """Run the benchmark on every Bazel that is installed."""
    for name in bazel.KNOWN[:2]:
        try:
            builder = bazel.find(name)
        except bazel.NoBazelError as error:
            print(f"{name}: {error}")
            continue
        folder = _workspace(name)
        try:
            _measure(builder, folder)
        finally:
            builder.run(folder, "shutdown", check=False)


def _workspace(name: str) -> Path:
    folder = WORK / "benchmarks" / name / "library"
    shutil.rmtree(folder, ignore_errors=True)
    prepare(folder)
    return folder


def prepare(folder: Path, *, only: str = "") -> None:
    """Make ``folder`` a workspace with the library's sources; ``only`` names the one family to lock, if not all."""
    shutil.copytree(HERE / "library", folder)
    if (TOOLCHAINS / GCC_ARCHIVE).exists():
        _add_gcc(folder / "linkmode.toml")
    if only:
        _keep(folder / "linkmode.toml", only)
    sources = [] if only == "musl.cc" else ["--source=zig=pypi"]
    workspace.linkmode(folder, "lock", *sources, "--source=zlib=pypi")
    workspace.linkmode(folder, "fetch", f"--store={STORE}")
    workspace.linkmode(folder, "generate")
    lock = tomllib.loads((folder / "linkmode.lock").read_text(encoding="utf-8"))
    carrier = next(artifact for artifact in lock["artifact"] if artifact["family"] == "zlib")
    archive = STORE / "content_addressable" / "sha256" / carrier["sha256"] / "file"
    with tarfile.open(archive) as sdist:
        untar(sdist, folder / "src", _sources(sdist))


def _sources(sdist: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    for member in sdist:
        _, found, inner = member.name.partition(CARRIED)
        if found and member.isfile() and inner.endswith((".c", ".h")):
            yield member.replace(name=inner)


def _add_gcc(config: Path) -> None:
    given = tomllib.loads(config.read_text(encoding="utf-8"))
    gcc = {"family": "musl.cc", "version": ">=11.2", "targets": ["x86_64-linux-musl"]}
    given["toolchain"].append(gcc)
    given["pin"] = [workspace.pin(GCC_ARCHIVE)]
    config.write_text(tomli_w.dumps(given), encoding="utf-8")


def _keep(config: Path, family: str) -> None:
    given = tomllib.loads(config.read_text(encoding="utf-8"))
    given["toolchain"] = [toolchain for toolchain in given["toolchain"] if toolchain["family"] == family]
    config.write_text(tomli_w.dumps(given), encoding="utf-8")


def _contenders(folder: Path) -> list[Contender]:
    lock = tomllib.loads((folder / "linkmode.lock").read_text(encoding="utf-8"))
    families = dict.fromkeys(toolchain["family"] for toolchain in lock["toolchain"])
    locked = [Contender(family, (_PLATFORM, _EXTRA.format(family))) for family in families]
    return [Contender("host gcc", ()), *locked]


def _measure(builder: bazel.Bazel, folder: Path) -> None:
    contenders = _contenders(folder)
    best = dict.fromkeys((c.name for c in contenders), float("inf"))
    for contender in contenders:
        _build(builder, folder, contender)  # what is built once: run-time files, host toolchain, analysis
    for _ in range(ROUNDS):
        for contender in contenders:
            best[contender.name] = min(best[contender.name], _build(builder, folder, contender))
    said = builder.run(folder, "aquery", "-c", "opt", f'mnemonic("CppCompile", {" + ".join(TARGETS)})').stdout
    # each source twice, for the static and for the shared library
    print(f"\nBazel {builder.name}: {said.count('Mnemonic: CppCompile')} compiles, -c opt, clean, best of {ROUNDS}")
    for contender in contenders:
        seconds = best[contender.name]
        ratio = seconds / best["host gcc"]
        inputs = _inputs(builder, folder, contender)
        print(f"  {contender.name:10} {seconds:6.1f} s   {ratio:4.2f} of host gcc   {inputs:2} inputs of a C compile")


def _build(builder: bazel.Bazel, folder: Path, contender: Contender) -> float:
    # every compile again, and nothing else: a macro that no source reads
    macro = f"--copt=-DROUND={time.time_ns()}"
    began = time.monotonic()
    builder.run(folder, "build", "-c", "opt", "--disk_cache=", *contender.flags, macro, *TARGETS)
    return time.monotonic() - began


def _inputs(builder: bazel.Bazel, folder: Path, contender: Contender) -> int:
    said = builder.run(folder, "aquery", "-c", "opt", *contender.flags, 'mnemonic("CppCompile", //:lz4)').stdout
    inputs = re.search(r"^\s*Inputs: \[(.*)\]$", said, re.MULTILINE)
    return len(inputs[1].split(",")) if inputs else 0


if __name__ == "__main__":
    main()
