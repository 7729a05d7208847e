"""What elfcheck writes, the file that it checked with another DT_RUNPATH, and what it says of shared objects."""

import re
import subprocess
from pathlib import Path

import pytest
from test_elfcheck_command import run

ROOM = "$ORIGIN/" + 200 * "_" + "/"
SOLIB = "$ORIGIN/../_solib_k8/words"


@pytest.fixture
def linked(cc: str, tmp_path: Path) -> Path:
    """A folder with libwords.so where Bazel has it."""
    (tmp_path / "words.c").write_text("int words(void) { return 3; }\n")
    (tmp_path / "main.c").write_text("int words(void);\nint main(void) { return words() - 3; }\n")
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }\n")
    (tmp_path / "_solib_k8/words").mkdir(parents=True)
    subprocess.run([cc, "-shared", "-fPIC", "words.c", "-o", "_solib_k8/words/libwords.so"], check=True, cwd=tmp_path)
    return tmp_path


def _link(cc: str, folder: Path, *runpath: str, source: str = "main.c", tags: str = "--enable-new-dtags") -> Path:
    options = [f"-Wl,-rpath,{entry}" for entry in runpath]
    libraries = ["-L_solib_k8/words", "-lwords"] if source == "main.c" else []
    (folder / "bin").mkdir(exist_ok=True)
    subprocess.run([cc, source, *libraries, *options, f"-Wl,{tags}", "-o", "bin/app"], check=True, cwd=folder)
    return folder / "bin/app"


def _searched(path: Path) -> list[str]:
    text = subprocess.run(["readelf", "-dW", path], check=True, capture_output=True, text=True).stdout
    return [entry for found in re.findall(r"(?:RUNPATH|RPATH)\) .*\[(.*)\]", text) for entry in found.split(":")]


def _start(path: Path) -> int:
    path.chmod(0o755)
    return subprocess.run([path], check=False, capture_output=True).returncode


@pytest.mark.parametrize("tags", ["--enable-new-dtags", "--disable-new-dtags"])
def test_the_libraries_are_found_from_the_new_place(elfcheck: Path, cc: str, linked: Path, tags: str) -> None:
    program = _link(cc, linked, SOLIB, ROOM, "/opt/theirs", tags=tags)
    assert _start(program) == 0
    (linked / "new").mkdir()
    placed = linked / "new/tool"
    done = run(elfcheck, "--place", placed, "--runpath", "$ORIGIN/tool.libs:$ORIGIN", "--output", linked / "r", program)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert _searched(placed) == ["$ORIGIN/tool.libs", "$ORIGIN", "/opt/theirs"]
    assert _start(placed) == 127
    (linked / "new/tool.libs").mkdir()
    library = linked / "new/tool.libs/libwords.so"
    assert run(elfcheck, "--place", library, linked / "_solib_k8/words/libwords.so").stdout == ""
    assert _start(placed) == 0
    assert placed.stat().st_size == program.stat().st_size
    # the report is of what is given out
    tag = "runpath" if tags == "--enable-new-dtags" else "rpath"
    assert f"{tag}: $ORIGIN/tool.libs:$ORIGIN:/opt/theirs\n" in (linked / "r").read_text()
    assert f"{tag}: $ORIGIN/tool.libs:$ORIGIN:/opt/theirs\n" in run(elfcheck, placed).stdout


def test_a_tag_without_entries_goes(elfcheck: Path, cc: str, linked: Path) -> None:
    program = _link(cc, linked, ROOM, source="empty.c")
    placed = linked / "tool"
    assert run(elfcheck, "--place", placed, program).returncode == 0
    assert _searched(placed) == []
    assert _start(placed) == 0
    before, after = run(elfcheck, program).stdout, run(elfcheck, placed).stdout
    assert after == before.replace(f"runpath: {ROOM}\n", "runpath: none\n").replace(str(program), str(placed))


def test_what_is_the_users_own_stays(elfcheck: Path, cc: str, linked: Path) -> None:
    program = _link(cc, linked, "/opt/theirs", "$ORIGIN/../_solib_k8x/words")
    placed = linked / "tool"
    assert run(elfcheck, "--place", placed, "--runpath", "$ORIGIN/x", _link(cc, linked, "/opt/theirs")).returncode == 0
    assert placed.read_bytes() == program.read_bytes(), "nothing of Bazel's is in it"


def test_too_little_room_is_an_error(elfcheck: Path, cc: str, linked: Path) -> None:
    program = _link(cc, linked, SOLIB)
    placed = linked / "tool"
    done = run(elfcheck, "--label", "//a:b", "--place", placed, "--runpath", "$ORIGIN/" + 40 * "a", program)
    assert (done.returncode, done.stdout, placed.exists()) == (3, "", False)
    assert f"has room for {len(SOLIB)} bytes only" in done.stderr
    assert done.stderr.startswith("//a:b: ")


def test_nothing_is_written_unless_all_holds(elfcheck: Path, cc: str, linked: Path) -> None:
    placed = linked / "tool"
    done = run(elfcheck, "--expect", "static", "--place", placed, _link(cc, linked, SOLIB))
    assert (done.returncode, placed.exists()) == (1, False)
    assert run(elfcheck, "--place", linked / "no/folder", _link(cc, linked, SOLIB)).returncode == 3
    for wrong in (("--runpath", "x"), ("--behind", "x"), ("--export", "x"), ("--library", "static")):
        assert run(elfcheck, *wrong, placed).returncode == 2


def test_a_file_goes_behind_it(elfcheck: Path, cc: str, linked: Path) -> None:
    program, placed, more = _link(cc, linked, "/opt/theirs"), linked / "tool", linked / "more"
    more.write_bytes(b"behind\0it" * 10000)
    assert run(elfcheck, "--place", placed, "--behind", more, program).returncode == 0
    assert placed.read_bytes() == program.read_bytes() + more.read_bytes()
    assert run(elfcheck, "--place", placed, "--behind", linked / "absent", program).returncode == 3


CODE = """
int first(void) { return 1; }
int second = 2;
int __attribute__((weak)) third(void) { return 3; }
int __attribute__((visibility("hidden"))) fourth(void) { return 4; }
static int fifth;
int *absent(void);
int *sixth(void) { return absent() ? absent() : &fifth; }
"""


@pytest.mark.parametrize(
    "link", [("-Wl,--hash-style=gnu",), ("-Wl,--hash-style=sysv",), ("-s",), ("-Wl,--version-script=m",)]
)
def test_the_exports_are_those_that_are_said(sanitized: Path, cc: str, tmp_path: Path, link: tuple[str, ...]) -> None:
    (tmp_path / "code.c").write_text(CODE)
    (tmp_path / "m").write_text("V1 { global: *; };\n")
    subprocess.run([cc, "-shared", "-fPIC", "code.c", *link, "-o", "lib.so"], check=True, cwd=tmp_path)

    def says(*names: str) -> tuple[int, str]:
        options = [word for name in names for word in ("--export", name)]
        done = run(sanitized, "--library", "mostly_static", "--label", "L", *options, tmp_path / "lib.so")
        return done.returncode, done.stderr

    assert says() == (0, "")
    assert says("first", "second", "third", "sixth") == (0, "")
    assert says("*ir*", "s*", "third", "first")[0] == 1, "a star is one at the end"
    assert says("s*", "third", "f*") == (0, "")
    code, said = says("first", "second", "third")
    assert (code, said.splitlines()[:3]) == (
        1,
        [
            "L: --export does not hold",
            "  expected: these exported symbols and no others: first, second, third",
            "  found:    exports sixth",
        ],
    )
    code, said = says("first", "second", "third", "sixth", "fourth", "absent")
    assert (code, said.splitlines()[2]) == (1, "  found:    does not export fourth, absent")


def test_the_libraries_of_this_system_export_what_nm_says(elfcheck: Path) -> None:
    seen = 0
    for path in sorted(Path("/usr/lib").glob("*-linux-gnu/lib[a-m]*.so.?"))[:60]:
        text = subprocess.run(["nm", "-D", "--defined-only", path], capture_output=True, text=True, check=True).stdout
        names = {name.partition("@")[0] for _, kind, name in map(str.split, text.splitlines()) if kind != "A"}
        if not names or len(names) > 1500:
            continue
        options = [word for name in names for word in ("--export", name)]
        done = run(elfcheck, "--library", "dynamic", *options, path)
        assert (done.returncode, done.stderr) == (0, ""), path
        seen += 1
    assert seen > 10 or not Path("/usr/lib/x86_64-linux-gnu").exists()


def test_a_program_is_no_library(elfcheck: Path, cc: str, linked: Path) -> None:
    done = run(elfcheck, "--library", "dynamic", "--label", "L", _link(cc, linked, SOLIB))
    assert done.returncode == 1
    assert done.stderr.startswith("L: --library dynamic does not hold\n  expected: a shared object\n")
    done = run(elfcheck, "--library", "mostly_static", "--allow", "libother.so", _link_shared(cc, linked))
    assert done.returncode == 1
    assert "needs libwords.so" in done.stderr
    assert (
        run(elfcheck, "--library", "mostly_static", "--allow", "libwords.so", _link_shared(cc, linked)).returncode == 0
    )


def _link_shared(cc: str, folder: Path) -> Path:
    command = [cc, "-shared", "-fPIC", "main.c", "-L_solib_k8/words", "-lwords", "-o", "libmain.so"]
    subprocess.run(command, check=True, cwd=folder)
    return folder / "libmain.so"
