"""What the generated library costs beside compiling: inputs, uploads, analysis, null builds, the first binary.

For each toolchain, on each Bazel that is installed:

- a compile, an archive and a link: how many inputs (a folder counts once) and how many bytes they are;
- what a C and a C++ hello would upload to a remote executor that has nothing: the inputs of all actions, each content
  once, and of the check that comes with every binary;
- what setting up the sandbox of an action takes, from Bazel's profile;
- seconds to fill an empty store, and from an empty output base and a warm store to the first C binary, checked, and to
  the first C++ binary after;
- seconds to analyse 1, 10 and 50 binaries in three modes each, and for a build with nothing to do;
- zlib (15 C files) compiled by the same compiler with the whole archive as inputs, file by file, as in a toolchain
  whose BUILD file says `glob(["**/*"])`: the peer that the declared inputs are held against;
- the first two of these once more for a toolchain without C++ (and LTO), in C.

The host's gcc, as Bazel configures it, is measured in the same run: first binary, null build, analysis, zlib.
What stands on the command line chooses: a Bazel (`4.2.3`), a family (`zig`), or both.
"""

import gzip
import json
import re
import shutil
import statistics
import sys
import time
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import tomli_w

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "e2e")]

import library  # noqa: E402 - beside this file
from harness import bazel, spawns, workspace  # noqa: E402 - the tests' own harness, which is no package that is installed
from harness.bazel import Bazel  # noqa: E402
from harness.places import TOOLCHAINS, WORK  # noqa: E402

BINARIES = (1, 10, 50)
MODES = 3
HELLO = {"c": "//hello:c_static", "c++": "//hello:cc_static"}
FAMILIES = {"musl.cc": ("c++", "lto"), "zig": ("c++",)}
"""What is measured, and what each can do without."""
HOST = "host gcc"
NAIVE = "//:zlib"
"""What is compiled by the naive design too: 15 C files, as each takes seconds there with Zig."""

_EVERYTHING = {
    "gcc/gcc_archive.bzl": (
        r"(_compile\",\n +srcs = )\[.*?\) \+ includes,",
        r'\1native.glob(["**/*"], exclude = ["usr/**"]),',
    ),
    "zig/zig_archive.bzl": (
        r"(_compile\",\n +srcs = )\[.*?\] \+ c_headers \+ cxx_headers \+ unwind_headers,",
        r'\1["zig", ":program_clang"] + native.glob(["lib/**"]),',
    ),
}
"""Where the list of a compile's inputs is in the generated library, and what the naive design has there."""


@dataclass(frozen=True)
class Action:
    """Inputs of one action: files, folders counted once, and bytes."""

    inputs: int
    files: int
    size: int

    def __str__(self) -> str:
        return f"{self.inputs:3} inputs ({self.files:4} files, {self.size / 1e6:5.1f} MB)"


def main() -> None:
    """Measure on every Bazel that is installed, or what the command line names."""
    asked = [word for word in sys.argv[1:] if word in (*bazel.KNOWN[:2], *FAMILIES)]
    for name in [word for word in asked if word in bazel.KNOWN] or bazel.KNOWN[:2]:
        try:
            builder = bazel.find(name)
        except bazel.NoBazelError as error:
            print(f"{name}: {error}")
            continue
        for family in [word for word in asked if word in FAMILIES] or FAMILIES:
            if family == "musl.cc" and not (TOOLCHAINS / library.GCC_ARCHIVE).exists():
                print(f"{name}: no GCC archive beside this checkout")
                continue
            print(f"\nBazel {name}, {family}", flush=True)
            _measure(builder, workspace_for(f"{name}-{family}", family))


def workspace_for(name: str, family: str) -> Path:
    """Return a workspace, made again, that is locked to one family and has all that is built here."""
    folder = WORK / "benchmarks" / "cost" / name
    shutil.rmtree(folder, ignore_errors=True)
    library.prepare(folder, only=family)
    (folder / "hello").mkdir()
    (folder / "hello" / "c.c").write_text('#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n')
    (folder / "hello" / "cc.cc").write_text('#include <iostream>\nint main() { std::cout << "hello\\n"; }\n')
    load = 'load("@linkmode//:defs.bzl", "link_mode_binary", "link_modes")\n'
    (folder / "hello" / "BUILD.bazel").write_text(
        load
        + "".join(
            f'cc_binary(name = "{name}", srcs = ["{name}.{name}"], tags = ["manual"])\n'
            f'link_mode_binary(name = "{name}_static", binary = ":{name}", link_mode = "static", tags = ["manual"])\n'
            for name in ("c", "cc")
        )
    )
    for count in BINARIES:
        (folder / f"many{count}").mkdir()
        (folder / f"many{count}" / "main.c").write_text("int main(void) { return 0; }\n")
        (folder / f"many{count}" / "BUILD.bazel").write_text(
            load
            + f'[cc_binary(name = "b%d" % i, srcs = ["main.c"], tags = ["manual"]) for i in range({count})]\n'
            + f'[link_modes(name = "m%d" % i, binary = ":b%d" % i) for i in range({count})]\n'
        )
    return folder


def _measure(builder: Bazel, folder: Path) -> None:
    output = folder.with_name(f"{folder.name}-output")
    builder = replace(builder, output=output)
    try:
        _store(folder)
        _hello(builder, folder)
        for count in BINARIES:
            _analysis(builder, folder, count)
        _naive(builder, folder)
        _host(builder, folder)
        _lean(builder, folder)
    finally:
        builder.run(folder, "shutdown", check=False)
        # Bazel writes what it unpacks for nobody to change
        for path in [output, *output.rglob("*")]:
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        shutil.rmtree(output, ignore_errors=True)


def _lean(builder: Bazel, folder: Path) -> None:
    """Measure a C hello where linkmode.toml says that C++ and LTO are not wanted."""
    print(f"  without {', '.join(leave_out(folder))}:")
    builder.run(folder, "clean", "--expunge")
    _hello(builder, folder, "c")


def leave_out(folder: Path) -> list[str]:
    """Have the toolchains of a workspace do without all that they can, and return what that is."""
    config = tomllib.loads((folder / "linkmode.toml").read_text(encoding="utf-8"))
    for toolchain in config["toolchain"]:
        toolchain["without"] = list(FAMILIES[toolchain["family"]])
    (folder / "linkmode.toml").write_text(tomli_w.dumps(config), encoding="utf-8")
    workspace.linkmode(folder, "lock")
    workspace.linkmode(folder, "generate")
    parts: list[str] = config["toolchain"][0]["without"]
    return parts


def _hello(builder: Bazel, folder: Path, *languages: str) -> None:
    ran: list[spawns.Spawn] = []
    for language in languages or HELLO:
        target = HELLO[language]
        seconds, found = _timed_build(builder, folder, target)
        ran += found
        print(f"  first {language:4} binary, server started, archive unpacked, checked: {seconds:6.1f} s")
        mine = [spawn for spawn in ran if spawn.label.startswith("//hello:c") or not spawn.label]
        for mnemonic in ("CppCompile", "CppArchive", "CppLink"):
            shown = [spawn for spawn in found if spawn.mnemonic == mnemonic and spawn in mine]
            for spawn in shown[-1:]:
                print(f"  {mnemonic} of {language:4} {_action(spawn)}")
        uploaded = {digest: size for spawn in ran for digest, size in spawn.digests.items()}
        print(f"  cold upload for a {language} hello and its check: {sum(uploaded.values()) / 1e6:6.1f} MB")
    _null(builder, folder, HELLO["c"])


def _store(folder: Path) -> None:
    store = folder.with_name(f"{folder.name}-store")
    shutil.rmtree(store, ignore_errors=True)
    began = time.monotonic()
    workspace.linkmode(folder, "fetch", f"--store={store}")
    print(f"  fetch into an empty store {time.monotonic() - began:6.1f} s")
    shutil.rmtree(store)


def _null(builder: Bazel, folder: Path, target: str, margin: str = "  ") -> None:
    seconds = min(_timed_build(builder, folder, target)[0] for _ in range(3))
    print(f"{margin}null build {seconds:6.2f} s")


def _host(builder: Bazel, folder: Path) -> None:
    """Measure the host's compiler, as Bazel configures it: no mode, no check, one binary where linkmode has three."""
    print(f"  {HOST}:")
    builder.run(folder, "clean", "--expunge")
    seconds, _ = _timed_build(builder, folder, "//hello:c")
    print(f"    first c    binary, server started: {seconds:6.1f} s")
    _null(builder, folder, "//hello:c", margin="    ")
    for count in BINARIES:
        _analysis(builder, folder, count, host=True)
    print(f"    {NAIVE} {_library(builder, folder)[0]:6.1f} s")


def _timed_build(builder: Bazel, folder: Path, target: str) -> tuple[float, list[spawns.Spawn]]:
    log = folder / "spawns.json"
    began = time.monotonic()
    builder.run(folder, "build", "--disk_cache=", f"--execution_log_json_file={log}", target)
    return time.monotonic() - began, spawns.read(log)


def _action(spawn: spawns.Spawn) -> Action:
    folders = {_folder(path) for path in spawn.inputs}
    return Action(len(folders), len(spawn.inputs), sum(spawn.inputs.values()))


def _folder(path: str) -> str:
    """Return the header folder that a file came in with, or the file itself."""
    found = re.match(r"(external/[^/]*linkmode_[^/]+/(?:.*?/)?(?:include(?:-fixed)?|include/[^/]+))/", path)
    return found[1] if found else path


def _analysis(builder: Bazel, folder: Path, count: int, *, host: bool = False) -> None:
    targets = [f"//many{count}:b{index}" for index in range(count)] if host else [f"//many{count}:all"]
    seconds = []
    for _ in range(3):
        builder.run(folder, "shutdown")
        # the server, the toolchain and the rules themselves
        builder.run(folder, "build", "--nobuild", "//hello:c" if host else HELLO["c"])
        began = time.monotonic()
        builder.run(folder, "build", "--nobuild", *targets)
        seconds.append(time.monotonic() - began)
    margin, modes = ("    ", "one mode") if host else ("  ", f"{MODES} modes")
    print(f"{margin}analysis of {count:2} binaries in {modes} {min(seconds):6.2f} s")


def _naive(builder: Bazel, folder: Path) -> None:
    ours, prepared = _library(builder, folder, musl=True)
    for path, (pattern, design) in _EVERYTHING.items():
        file = folder / "third_party" / "linkmode" / "private" / path
        text, changed = re.subn(pattern, design, file.read_text(encoding="utf-8"), count=1, flags=re.DOTALL)
        assert changed == 1, f"{path} has no list of a compile's inputs"
        file.write_text(text, encoding="utf-8")
    naive, prepared_naive = _library(builder, folder, musl=True)
    print(
        f"  {NAIVE}, declared inputs {ours:6.1f} s; the whole archive as inputs {naive:6.1f} s: {naive / ours:5.1f} x"
    )
    print(f"  sandbox of a compile {prepared:6.3f} s; with the whole archive {prepared_naive:6.3f} s (medians)")


def _library(builder: Bazel, folder: Path, *, musl: bool = False) -> tuple[float, float]:
    """Return the seconds of the better of two builds of a library, and the median of what setting up a sandbox took."""
    profile = folder / "profile.gz"

    def build() -> float:
        macro = f"--copt=-DROUND={time.time_ns()}"
        platform = ("--platforms=@linkmode//platforms:x86_64-linux-musl",) if musl else ()
        began = time.monotonic()
        options = ("-c", "opt", "--disk_cache=", f"--profile={profile}", "--noslim_profile", *platform, macro)
        builder.run(folder, "build", *options, NAIVE)
        return time.monotonic() - began

    build()  # what is built once: the toolchain's own run-time files, analysis
    return min(build() for _ in range(2)), _sandbox_seconds(profile)


def _sandbox_seconds(profile: Path) -> float:
    """Return the median of how long Bazel took to lay out a sandbox; 0 where its profile does not say."""
    with gzip.open(profile, "rt", encoding="utf-8") as text:
        events = json.load(text)["traceEvents"]
    taken = [event["dur"] / 1e6 for event in events if event.get("name") == "sandbox.createFileSystem"]
    return statistics.median(taken) if taken else 0.0


if __name__ == "__main__":
    main()
