"""Builds of a Rust program of several crates: the generated rules against plain rustc with the same inputs and flags.

Prints seconds and ratios of a clean build and of one after a change of one file, and how many inputs an action has.
Clean but for what does not change with the sources: a warm server, the unpacked compiler, std, Zig's run-time files.
Both sides take turns, so that a busy machine is busy for both: seconds are of the best round, and the ratio is the
median of the rounds' own.
"""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "e2e"))

from harness import bazel, rust  # noqa: E402 - the tests' own harness, which is no package that is installed
from harness.cases import Case  # noqa: E402
from harness.places import WORK  # noqa: E402

ROUNDS = 7
CRATES = 12
FUNCTIONS = 400  # of a crate, so that rustc takes about a second for it
CASE = Case(name="rust_native", binaries=(), prints="", sources=("zig=pypi", "zlib=pypi", "rust=pypi"))
TARGET = "//crates:program_static"
NO_CACHE = "--disk_cache="  # neither side keeps what it built


def main() -> None:
    """Run the benchmark with Bazel 4.2.3."""
    builder = bazel.find("4.2.3")
    folder = rust.prepare(CASE, "bench")
    write(folder / "crates")
    try:
        builder.run(folder, "build", NO_CACHE, TARGET)
        command = plain(builder, folder)
        ours: dict[str, list[float]] = {"clean": [], "one file": []}
        theirs: dict[str, list[float]] = {"clean": [], "one file": []}
        for turn in range(ROUNDS):
            change(folder, CRATES, f"clean {turn}")
            ours["clean"].append(timed(lambda: builder.run(folder, "build", NO_CACHE, TARGET)))
            theirs["clean"].append(timed(lambda: command(range(CRATES))))
            change(folder, 1, f"one {turn}")
            ours["one file"].append(timed(lambda: builder.run(folder, "build", NO_CACHE, TARGET)))
            theirs["one file"].append(timed(lambda: command([CRATES - 1])))
        for what in ours:
            a, b = min(ours[what]), min(theirs[what])
            ratio = median(mine / other for mine, other in zip(ours[what], theirs[what], strict=True))
            print(f"{what:9} linkmode {a:6.2f} s   rustc {b:6.2f} s   ratio {ratio:.2f}")
        print(f"inputs of an action that compiles a crate: {inputs(builder, folder)}")
    finally:
        builder.run(folder, "shutdown", check=False)


def write(folder: Path) -> None:
    """Write a program over crates that know nothing of each other, so that both sides may compile them in any order."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    deps = ", ".join(f'":c{number}"' for number in range(CRATES))
    build = [
        'load("@linkmode//:defs.bzl", "link_mode_binary")',
        'load("@linkmode//rust:defs.bzl", "rust_binary", "rust_library")',
        f'rust_binary(name = "program", srcs = ["main.rs"], deps = [{deps}], tags = ["manual"])',
        'link_mode_binary(name = "program_static", binary = ":program", link_mode = "static", tags = ["manual"])',
    ]
    for number in range(CRATES):
        build.append(f'rust_library(name = "c{number}", srcs = ["c{number}.rs"], tags = ["manual"])')
        functions = "\n".join(
            f"pub fn f{index}(words: &[&str]) -> usize {{ let mut found = std::collections::BTreeMap::new();"
            f" for word in words {{ *found.entry(word.len() + {index}).or_insert(0usize) += 1; }}"
            f' format!("{{found:?}}").len() }}'
            for index in range(FUNCTIONS)
        )
        (folder / f"c{number}.rs").write_text(functions + "\n", encoding="utf-8")
    calls = " + ".join(f'c{number}::f1(&["a", "bc"])' for number in range(CRATES))
    (folder / "main.rs").write_text(f'fn main() {{ println!("{{}}", {calls}); }}\n', encoding="utf-8")
    (folder / "BUILD.bazel").write_text("\n\n".join(build) + "\n", encoding="utf-8")


def change(folder: Path, count: int, text: str) -> None:
    """Change the last ``count`` crates, so that they are compiled again."""
    for number in range(CRATES - count, CRATES):
        path = folder / "crates" / f"c{number}.rs"
        source = path.read_text(encoding="utf-8").partition("// ")[0]
        path.write_text(f'{source}// \npub const CHANGED: &str = "{text}";\n', encoding="utf-8")


def plain(builder: bazel.Bazel, folder: Path) -> Callable[[Sequence[int]], None]:
    """Return what compiles crates by their numbers and links the program, by rustc alone, two at a time as Bazel."""
    root = Path(builder.run(folder, "info", "execution_root").stdout.strip())
    actions = builder.run(folder, "aquery", f"mnemonic(Rustc, deps({TARGET}))").stdout
    found = re.search(r"(\S+/rustc_x86_64-linux/rustc)/bin/rustc", actions)
    sysroot = re.search(r"--sysroot \\?\s*(\S+)", actions)
    assert found, actions[:2000]
    assert sysroot, actions[:2000]
    rustc, std = root / found[1] / "bin/rustc", root / sysroot[1].strip("'")
    out = WORK / "benchmarks" / "rust"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    base = [str(rustc), "--edition", "2024", "--target", "x86_64-unknown-linux-musl", "--sysroot", str(std)]
    base += ["-Cembed-bitcode=no", "-Crelocation-model=pic", "-Ctarget-feature=+crt-static"]
    link = next(root.glob("bazel-out/*/bin/crates/program.link"), None)
    tool = re.search(r"-Clinker=(\S+?)'?\s", actions)
    assert link, "no instructions for the linker"
    assert tool, actions[:2000]

    def run(numbers: Sequence[int]) -> None:
        waiting = [
            [*base, "--crate-type", "rlib", "--crate-name", f"c{number}", f"crates/c{number}.rs", "--out-dir", str(out)]
            for number in numbers
        ]
        running: list[subprocess.Popen[bytes]] = []
        while waiting or running:
            while waiting and len(running) < 2:
                running.append(subprocess.Popen(waiting.pop(0), cwd=folder))
            assert running.pop(0).wait() == 0
        last = [*base, str(folder / "crates/main.rs"), "--crate-name", "program", "-o", str(out / "program")]
        last += [f"-Clinker={root / tool[1]}", "-Clinker-flavor=gcc", "-Clink-self-contained=no"]
        last += [f"-Clink-arg=--linkmode={link}", f"-Ldependency={out}"]
        last += [word for number in range(CRATES) for word in ("--extern", f"c{number}={out}/libc{number}.rlib")]
        subprocess.run(last, cwd=root, check=True)

    run(range(CRATES))
    return run


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds ``work`` took."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def inputs(builder: bazel.Bazel, folder: Path) -> int:
    """Return how many files a crate's action has as inputs, a folder counting as one."""
    actions = builder.run(folder, "aquery", f"mnemonic(Rustc, deps({TARGET}))").stdout
    found = re.search(r"Rust crate \S*//crates:c0'.*?Inputs: \[(.*?)\]", actions, re.DOTALL)
    return len(found[1].split(",")) if found else 0


if __name__ == "__main__":
    main()
