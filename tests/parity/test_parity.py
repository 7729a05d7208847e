"""The checker inside Bazel and `linkmode audit` say the same of every file: exit code, report and messages.

The report of `linkmode audit` goes on where the checker's ends, with facts that decide nothing.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from checker import EXPECTATIONS, IS_FULL, SOURCES, difference
from crafted import CRAFTED
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linkmode.audit.judge import verdict
from linkmode.audit.read import elf

FOLDERS = ("/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/libexec", "/lib", "/lib64", "/opt", "/usr/local")
CROSS = "/usr/*-linux-*/lib"


def system_files() -> Iterator[Path]:
    """Every program, library, object and debug file of this machine; scripts among them are refused by both."""
    seen: set[tuple[int, int]] = set()
    folders = [Path(folder) for folder in FOLDERS] + sorted(Path("/").glob(CROSS[1:]))
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_symlink() or not path.is_file():
                continue
            status = path.stat()
            is_wanted = status.st_mode & 0o111 or ".so" in path.name or path.suffix in (".o", ".debug", ".a")
            if is_wanted and str(path).isascii() and (status.st_dev, status.st_ino) not in seen:
                seen.add((status.st_dev, status.st_ino))
                yield path


def test_every_file_of_this_system(elfcheck: Path) -> None:
    files = list(system_files())
    if not IS_FULL:
        files = files[:: max(1, len(files) // 500)]
    assert files
    wanted = EXPECTATIONS if IS_FULL else (*EXPECTATIONS[:2], *EXPECTATIONS[-2:])
    different = [
        found
        for at, path in enumerate(files)
        for options in (wanted if IS_FULL else (wanted[at % len(wanted)],))
        if (found := difference(elfcheck, path, options))
    ]
    assert not different, f"{len(different)} of {len(files)} files:\n" + "\n".join(different[:5])


def test_made_binaries(sanitized: Path, made: dict[str, Path]) -> None:
    different = [
        found
        for at, path in enumerate(made.values())
        for options in (EXPECTATIONS if IS_FULL else EXPECTATIONS[at % 3 :: 3])
        if (found := difference(sanitized, path, options))
    ]
    assert not different, "\n".join(different)


@pytest.mark.parametrize("what", CRAFTED)
def test_crafted_files(sanitized: Path, what: str, tmp_path: Path) -> None:
    path = tmp_path / "crafted"
    path.write_bytes(CRAFTED[what])
    different = [found for options in EXPECTATIONS if (found := difference(sanitized, path, options))]
    assert not different, "\n".join(different)


def test_made_binaries_are_what_they_were_linked_as(made: dict[str, Path]) -> None:
    modes = {"static": "static", "static-pie": "static", "pie": "mostly_static", "no-pie": "mostly_static"}
    checked = 0
    for name, path in made.items():
        compiler, kind = next(
            (compiler, name.removeprefix(f"{compiler}-").rsplit("-program")[0].rsplit("-empty")[0])
            for compiler in ("musl-gcc", "clang", "cc")
            if name.startswith(f"{compiler}-")
        )
        # A gcc wrapped as musl-gcc does not know -static-pie: it writes PT_INTERP and so is not static.
        expected = "mostly_static" if (compiler, kind) == ("musl-gcc", "static-pie") else modes.get(kind)
        if expected:
            assert verdict.judge(elf.read(path)).mode == expected, name
            checked += 1
    assert checked


def test_sections_make_no_difference(made: dict[str, Path]) -> None:
    for name, path in made.items():
        if name.endswith("-sectionless"):
            whole, bare = elf.read(made[name.removesuffix("-sectionless")]), elf.read(path)
            assert whole.libc == bare.libc, name
            assert (whole.kind, whole.needed, whole.version_needs) == (bare.kind, bare.needed, bare.version_needs)


def test_readelf_agrees(made: dict[str, Path]) -> None:
    if not shutil.which("readelf"):
        pytest.skip("no readelf")
    for path in made.values():
        facts = elf.read(path)
        said = subprocess.run(["readelf", "-lWd", str(path)], capture_output=True, text=True, check=True).stdout
        needed = tuple(line.split("[")[1][:-1] for line in said.splitlines() if "(NEEDED)" in line)
        assert facts.needed == needed
        assert (facts.interpreter is not None) == (" INTERP " in said)
        assert facts.interpreter is None or f"interpreter: {facts.interpreter}]" in said
        assert (facts.relro != "none") == ("GNU_RELRO" in said)


@pytest.fixture(scope="module")
def seeds(made: dict[str, Path]) -> list[bytes]:
    """Files of a few kilobytes, so that a mutation often hits something that is read."""
    stripped = [path.read_bytes() for name, path in made.items() if name.endswith("-empty-stripped")]
    foreign = [path.read_bytes() for path in sorted(Path("/").glob(f"{CROSS[1:]}/libdl.so.2"))]
    small = [raw for raw in stripped + foreign if len(raw) < 40_000]
    if not small:
        pytest.skip("no small binary could be linked")
    return small


SPECIAL = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63, 2**64 - 1, 2**64 - 8)


@st.composite
def edits(draw: st.DrawFn) -> tuple[int, list[tuple[float, bool, int, int]], float]:
    """A seed's number; edits (where, whether early in the file, how many bytes, what); the part of the file kept."""
    one = st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.booleans(),
        st.sampled_from((1, 2, 4, 8)),
        st.one_of(st.sampled_from(SPECIAL), st.integers(0, 40_000), st.integers(0, 255)),
    )
    kept = draw(st.one_of(st.just(1.0), st.just(1.0), st.floats(0, 1)))
    return draw(st.integers(0, 1000)), draw(st.lists(one, min_size=0, max_size=6)), kept


@settings(
    max_examples=20_000 if IS_FULL else 250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(edit=edits())
def test_mutated_files(
    sanitized: Path,
    seeds: list[bytes],
    tmp_path_factory: pytest.TempPathFactory,
    edit: tuple[int, list[tuple[float, bool, int, int]], float],
) -> None:
    number, changes, kept = edit
    raw = bytearray(seeds[number % len(seeds)])
    for where, is_early, size, value in changes:
        # Aligned, so that whole fields change; headers, dynamic strings and version needs lie early.
        at = int(where * (min(len(raw), 2048) if is_early else len(raw))) // size * size
        raw[at : at + size] = (value % 256**size).to_bytes(size, "little")
    path = tmp_path_factory.getbasetemp() / "mutated"
    path.write_bytes(raw[: int(len(raw) * kept)])
    options = EXPECTATIONS[number % len(EXPECTATIONS)]
    found = difference(sanitized, path, options)
    assert not found, found


@pytest.mark.parametrize(("compiler", "libc"), [("musl-gcc", "musl"), ("gcc", "glibc")])
def test_a_program_that_names_every_mark_is_told_by_its_start(compiler: str, libc: str, tmp_path: Path) -> None:
    """The checker itself holds the texts of both libcs, as data."""
    if not shutil.which(compiler):
        pytest.skip(f"no {compiler}")
    program = tmp_path / "elfcheck"
    subprocess.run([compiler, "-O1", "-static", str(SOURCES / "elfcheck.c"), "-o", str(program)], check=True)
    assert elf.read(program).libc == libc
    assert difference(program, program, ("--expect", "static")) == ""
