"""Dependency trees: the search rules of both loaders in a root of our own, and lddtree over files of this system."""

import json
import os
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from crafted import loading
from elf_maker import DYN, GLIBC_LOADER, MUSL_LOADER, Elf, interp
from schemas import problems

from linkmode.audit.inputs.find import Found
from linkmode.audit.load import tree
from linkmode.audit.load.root import Root
from linkmode.cli.audit import command
from linkmode.messages import UsageError


class Image:
    """A root folder."""

    def __init__(self, folder: Path, loader: str = GLIBC_LOADER) -> None:
        self.folder = folder
        self.loader = loader
        self.library(loader, soname=loader.rpartition("/")[2])

    def put(self, path: str, raw: bytes | str) -> Path:
        at = self.folder / path.lstrip("/")
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(raw.encode() if isinstance(raw, str) else raw)
        return at

    def library(self, path: str, **what: Any) -> Path:
        return self.put(
            path, Elf(**{"type": DYN, "is_dynamic": True, "soname": path.rpartition("/")[2], **what}).build()
        )

    def program(self, path: str, *needed: str, **what: Any) -> Path:
        return self.put(path, Elf(interp=interp(self.loader), needed=needed, **what).build())

    def found(self, path: str) -> dict[str, str | None]:
        """Return where each needed name was found, of whatever needs it."""
        read = tree.read(str(self.folder / path.lstrip("/")), str(self.folder))
        return {need.name: need.path for one in read.objects for need in one.needs}

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(command, ["--tree", "--root", str(self.folder), *arguments])


@pytest.fixture
def glibc(tmp_path: Path) -> Image:
    return Image(tmp_path / "root")


@pytest.fixture
def musl(tmp_path: Path) -> Image:
    return Image(tmp_path / "root", MUSL_LOADER)


def test_text(glibc: Image) -> None:
    glibc.library("/usr/lib/liba.so", needed=("libb.so", "libmissing.so"))
    glibc.library("/opt/lib/libb.so", needed=("liba.so",))
    glibc.put("/etc/ld.so.conf", "/opt/lib\n")
    program = glibc.program("/bin/app", "liba.so", "libb.so", "libc.so", runpath="$ORIGIN/../own")
    glibc.library("/own/libc.so")
    result = glibc.run(str(program))
    assert result.stdout == (
        f"/bin/app (interpreter {GLIBC_LOADER})\n"
        "├── liba.so => /usr/lib/liba.so\n"
        "│   ├── libb.so => /opt/lib/libb.so\n"
        "│   │   └── liba.so (cycle)\n"
        "│   └── libmissing.so => NOT FOUND\n"
        "├── libb.so (above)\n"
        "└── libc.so => /own/libc.so (DT_RUNPATH $ORIGIN/../own of app)\n"
    )
    assert result.stderr == "/bin/app: libmissing.so is not found\n"
    assert result.exit_code == 1


def test_a_path_may_be_that_inside_the_root(glibc: Image) -> None:
    glibc.program("/bin/app")
    assert glibc.run("/bin/app").stdout.startswith("/bin/app (interpreter")
    assert glibc.run("/bin/app").exit_code == 0


def test_a_missing_interpreter_is_told(tmp_path: Path) -> None:
    image = Image(tmp_path / "root")
    (image.folder / GLIBC_LOADER.lstrip("/")).unlink()
    result = image.run(str(image.program("/bin/app")))
    assert (result.exit_code, result.stderr) == (1, f"/bin/app: {GLIBC_LOADER} is not found\n")
    assert result.stdout == f"/bin/app (interpreter {GLIBC_LOADER} => NOT FOUND)\n"


def test_rpath_is_inherited_and_runpath_is_not(glibc: Image) -> None:
    glibc.library("/x/liba.so", needed=("libb.so",))
    glibc.library("/x/libb.so")
    glibc.program("/bin/rpath", "liba.so", rpath="/x")
    glibc.program("/bin/runpath", "liba.so", runpath="/x")
    assert glibc.found("/bin/rpath")["libb.so"] == "/x/libb.so"
    assert glibc.found("/bin/runpath") == {"liba.so": "/x/liba.so", "libb.so": None}


def test_runpath_turns_rpath_off(glibc: Image) -> None:
    glibc.library("/x/liba.so")
    glibc.program("/bin/app", "liba.so", rpath="/x", runpath="/y")
    assert glibc.found("/bin/app") == {"liba.so": None}


def test_a_library_with_a_runpath_does_not_inherit_rpath(glibc: Image) -> None:
    glibc.library("/x/liba.so", needed=("libb.so",), runpath="/none")
    glibc.library("/x/libb.so")
    glibc.program("/bin/app", "liba.so", rpath="/x")
    assert glibc.found("/bin/app")["libb.so"] is None


def test_order_is_rpath_conf_default(glibc: Image) -> None:
    places = ["/usr/lib", "/lib", "/usr/lib64", "/lib64", "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu"]
    glibc.program("/bin/app", "liba.so", runpath="/run")
    glibc.put("/etc/ld.so.conf", "include ld.so.conf.d/*.conf # rest\n")
    glibc.put("/etc/ld.so.conf.d/1.conf", "# nothing\n/conf\n")
    glibc.put("/etc/ld.so.conf.d/2.conf", "include /etc/ld.so.conf\n")  # a cycle
    for place in (*places, "/conf", "/run"):
        glibc.library(f"{place}/liba.so")
        assert glibc.found("/bin/app") == {"liba.so": f"{place}/liba.so"}


def test_a_library_for_another_machine_is_passed_over(glibc: Image) -> None:
    glibc.library("/lib64/liba.so", machine=183)
    glibc.put("/lib/liba.so", "INPUT(liba.so.1)")
    glibc.program("/bin/app", "liba.so")
    assert glibc.found("/bin/app") == {"liba.so": None}
    glibc.library("/usr/lib/liba.so")
    assert glibc.found("/bin/app") == {"liba.so": "/usr/lib/liba.so"}


def test_tokens(glibc: Image) -> None:
    glibc.library("/app/lib64/p/x86_64/liba.so")
    glibc.program("/app/bin/app", "liba.so", runpath="${ORIGIN}/../$LIB/p/$PLATFORM")
    assert glibc.found("/app/bin/app") == {"liba.so": "/app/lib64/p/x86_64/liba.so"}


def test_origin_of_a_program_is_where_it_lies_and_not_a_link_to_it(glibc: Image) -> None:
    glibc.program("/app/bin/app", "$ORIGIN/../liba.so")
    glibc.library("/app/liba.so")
    (glibc.folder / "usr").mkdir()
    (glibc.folder / "usr/app").symlink_to("/app/bin/app")
    read = tree.read("/usr/app", str(glibc.folder))
    assert (read.path, read.objects[0].needs[0].path) == ("/app/bin/app", "/app/liba.so")


def test_what_is_loaded_already_answers_by_its_soname(glibc: Image) -> None:
    glibc.library("/x/liba-1.2.so", soname="liba.so.1")
    glibc.library("/lib/libb.so", needed=("liba.so.1",))
    glibc.program("/bin/app", "/x/liba-1.2.so", "libb.so")
    assert glibc.found("/bin/app")["liba.so.1"] == "/x/liba-1.2.so"


def test_no_link_leads_out_of_the_root(glibc: Image, tmp_path: Path) -> None:
    shutil.copy(glibc.library("/opt/liba.so"), tmp_path / "liba.so")
    (glibc.folder / "lib").mkdir(exist_ok=True)
    (glibc.folder / "lib/liba.so").symlink_to(tmp_path / "liba.so")
    (glibc.folder / "lib/libb.so").symlink_to("../../../../../opt/liba.so")
    (glibc.folder / "lib/loop.so").symlink_to("loop.so")
    glibc.program("/bin/app", "liba.so", "libb.so", "loop.so")
    assert glibc.found("/bin/app") == {"liba.so": None, "libb.so": "/lib/libb.so", "loop.so": None}


def test_root_real(tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "l").symlink_to("/a/./b/..")
    root = Root(str(tmp_path))
    assert root.real("/l/b") == "/a/b"
    assert root.real("/../../a") == "/a"
    assert root.real("/nothing") is None
    assert root.real("/a\0b") is None


def test_musl_takes_rpath_and_runpath_alike_and_both_are_inherited(musl: Image) -> None:
    musl.library("/x/liba.so", needed=("libb.so",))
    musl.library("/x/libb.so")
    for tag in ("rpath", "runpath"):
        musl.program(f"/bin/{tag}", "liba.so", **{tag: "/x"})
        assert musl.found(f"/bin/{tag}")["libb.so"] == "/x/libb.so"


def test_musl_looks_where_its_path_file_says_or_in_three_folders(musl: Image) -> None:
    musl.program("/bin/app", "liba.so")
    for place in ("/usr/lib", "/usr/local/lib", "/lib"):
        musl.library(f"{place}/liba.so")
        assert musl.found("/bin/app") == {"liba.so": f"{place}/liba.so"}
    musl.library("/else/liba.so")
    musl.put("/etc/ld-musl-x86_64.path", "/none\n/else:/lib\n")
    assert musl.found("/bin/app") == {"liba.so": "/else/liba.so"}
    musl.put("/etc/ld-musl-x86_64.path", "")
    assert musl.found("/bin/app") == {"liba.so": None}


def test_musl_is_its_own_libc_whatever_lies_in_the_way(musl: Image) -> None:
    musl.library("/lib/libc.so")
    musl.library("/lib/libpthread.so.0")
    musl.program("/bin/app", "libc.so", "libpthread.so.0")
    assert set(musl.found("/bin/app").values()) == {MUSL_LOADER}


def test_musl_drops_a_path_with_a_token_that_it_does_not_know(musl: Image) -> None:
    musl.library("/bin/x86_64/liba.so")
    musl.program("/bin/app", "liba.so", runpath="$ORIGIN/$PLATFORM")
    assert musl.found("/bin/app") == {"liba.so": None}


def test_json_follows_the_schema(glibc: Image) -> None:
    glibc.program("/bin/app", "liba.so")
    document = json.loads(glibc.run("--json", "/bin/app").stdout)
    schema = json.loads(resources.files("linkmode.audit.show").joinpath("audit-report.schema.json").read_text())
    assert problems(document, schema) == []
    (one,) = document["trees"]
    assert (one["path"], one["interpreter_found"]) == ("/bin/app", True)
    assert one["objects"][0]["needs"] == [{"name": "liba.so", "path": None, "how": None, "tag": "DT_NEEDED"}]


def test_usage_and_what_is_no_program(glibc: Image, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(b"PK\5\6" + bytes(18))
    assert isinstance(glibc.run(str(archive)).exception, UsageError)
    assert isinstance(CliRunner().invoke(command, ["--root", ".", "x"]).exception, UsageError)
    assert isinstance(glibc.run("--expect", "static", "x").exception, UsageError)
    assert isinstance(glibc.run("--diff", "x").exception, UsageError)
    absent = glibc.run("/nothing").exception
    assert isinstance(absent, UsageError)
    assert absent.problem == "no such file or folder: /nothing"


LDDTREE = shutil.which("lddtree")


@pytest.mark.skipif(LDDTREE is None, reason="lddtree (pax-utils) is not installed")
def test_the_same_files_as_lddtree() -> None:
    """A sample of the system. lddtree takes $ORIGIN in DT_NEEDED itself for a name, and calls it missing."""
    names = sorted(Path("/usr/bin").iterdir())[::40] + sorted(Path("/usr/lib").glob("*/lib*.so.*"))[::40]
    compared = 0
    for path in names:
        try:
            read = tree.read(str(path))
        except tree.NotAudited:
            continue
        if any("$" in need.name for one in read.objects for need in one.needs):
            continue
        run = subprocess.run([sys.executable, str(LDDTREE), "-l", path], capture_output=True, text=True, check=False)
        if run.returncode:
            continue
        theirs = {os.path.realpath(line) for line in run.stdout.splitlines() if line.startswith("/")}
        ours = {os.path.realpath(one.path) for one in read.objects}
        ours |= {os.path.realpath(read.interpreter)} if read.interpreter and read.interpreter_found else set()
        assert ours == theirs, path
        compared += 1
    assert compared > 5


def test_a_folder_that_cannot_be_read_is_not_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = Found(str(tmp_path / "closed"), "unreadable", is_inside=True, words="cannot be read: Permission denied")
    monkeypatch.setattr("linkmode.cli.audit_views.find", lambda *_: iter([found]))
    done = CliRunner().invoke(command, ["--tree", str(tmp_path)])
    assert done.exit_code == 3
    assert done.stderr == f"{tmp_path}/closed: not audited: cannot be read: Permission denied\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--tree", "--all"), "--tree does not use --all"),
        (("--tree", "--headers-only", "--archive", "x.a"), "--tree does not use --archive and --headers-only"),
        (("--diff", "--archive", "x.a"), "--diff does not use --archive"),
        (("--tree", "--allow", "libz.so.1"), "--tree checks no expectation"),
    ],
)
def test_what_a_view_has_no_use_for_is_refused(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(command, [*arguments, str(tmp_path), str(tmp_path)])
    assert isinstance(done.exception, UsageError)
    assert done.exception.problem == said


def test_a_library_of_musl_finds_its_libc_in_the_loader(musl: Image) -> None:
    musl.library("/usr/lib/libz.so.1", needed=("libc.musl-x86_64.so.1",))
    assert musl.found("/usr/lib/libz.so.1") == {"libc.musl-x86_64.so.1": MUSL_LOADER}
    (musl.folder / MUSL_LOADER.lstrip("/")).unlink()
    assert musl.found("/usr/lib/libz.so.1") == {"libc.musl-x86_64.so.1": None}


@pytest.mark.parametrize(("tag", "code"), [("DT_FILTER", 1), ("DT_AUXILIARY", 0), ("DT_AUDIT", 0)])
def test_what_other_tags_load_is_in_the_tree(glibc: Image, tag: str, code: int) -> None:
    glibc.library("/lib/libc.so.6")
    glibc.put("/bin/app", loading(tag, "libx.so"))
    done = glibc.run("/bin/app")
    assert done.exit_code == code
    assert f"libx.so ({tag}) => {'NOT FOUND' if code else 'not found, and not needed'}\n" in done.stdout
    glibc.library("/lib/libx.so")
    done = glibc.run("/bin/app")
    assert done.exit_code == 0
    assert f"libx.so ({tag}) => /lib/libx.so\n" in done.stdout


def test_a_file_may_keep_its_loader_out_of_the_default_folders(glibc: Image) -> None:
    glibc.library("/lib/liba.so")
    glibc.put("/etc/ld.so.conf", "/conf\n")
    glibc.program("/bin/app", "liba.so", tags=((0x6FFFFFFB, 0x800),))
    assert glibc.found("/bin/app") == {"liba.so": None}
    glibc.library("/conf/liba.so")
    assert glibc.found("/bin/app") == {"liba.so": "/conf/liba.so"}
