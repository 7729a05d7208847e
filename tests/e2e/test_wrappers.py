"""Wrappers do what the cc_binary that they wrap does: as tools, in tests, by `bazel run`, packed, and copied."""

import ctypes
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import bazel, readelf, wrappers
from harness.rule_sets import with_rule_sets
from harness.untar import untar
from harness.wrappers import Wrappers

pytestmark = pytest.mark.tier("bazel")  # one workspace, built once: three minutes

_SAYS = "{libc} GREETING={greeting} words=3 argv:{argv}\n"


@pytest.fixture(scope="module")
def project() -> Iterator[Wrappers]:
    try:
        builder = with_rule_sets("bazel_lib", "rules_pkg", "rules_shell")
    except bazel.NoBazelError as error:
        pytest.skip(str(error))
    made = wrappers.prepare(builder)
    try:
        made.says("build", "--output_groups=+linkmode_report,+linkmode_libraries", "//...")
        yield made
    finally:
        builder.leave(made.workspace)


def _said(libc: str, argv: str = "", greeting: str = "(unset)") -> str:
    return _SAYS.format(libc=libc, greeting=greeting, argv=argv and f" {argv}")


def _prints(program: Path) -> str:
    return subprocess.run([program], capture_output=True, text=True, check=True, cwd="/").stdout


_TOOLS = {
    "static": _said("musl", "generated"),
    "mostly_static": _said("glibc", "generated"),
    "dynamic": _said("glibc", "generated"),
    "sharing": _said("glibc", "generated"),
    "run": _said("musl", "run generated"),
}


def test_a_tool_is_for_the_machine_that_runs_it(project: Wrappers) -> None:
    assert {name: project.built(f"uses/{name}.txt").read_text() for name in _TOOLS} == _TOOLS
    platform = "--extra_execution_platforms=@linkmode//platforms:exec_x86_64-linux"
    of_musl = [f"//uses:generated_{name}" for name in ("static", "run")]  # musl is compiled again, for this platform
    project.says("build", platform, *of_musl)
    assert {name: project.built(f"uses/{name}.txt").read_text() for name in _TOOLS} == _TOOLS


@pytest.mark.parametrize("rules", ["skylib", "lib"])
def test_run_binary_starts_a_wrapper(project: Wrappers, rules: str) -> None:
    for name in _TOOLS:
        if name != "run":  # which has arguments of its own
            said = project.built(f"uses/{rules}_ran_{name}.txt").read_text()
            assert said == _said("musl" if name == "static" else "glibc", "ran", "hi")


def test_what_is_built_for_another_cpu_is_for_that_cpu(project: Wrappers) -> None:
    project.says("build", "--platforms=//:arm", "//app:app_as_static")
    header = project.built("app/app_as_static").read_bytes()[:20]
    assert int.from_bytes(header[18:20], "little") == 183, "EM_AARCH64"
    project.says("build", "//app:app_as_static")


def test_tests_of_others_take_a_wrapper(project: Wrappers) -> None:
    said = project.says("test", "//uses/...", "//app/...", "--test_output=all", "--nocache_test_results")
    assert len(re.findall(r"^//\S+ +PASSED", said, re.MULTILINE)) == 10, said
    for mode, libc in (("static", "musl"), ("mostly_static", "glibc"), ("dynamic", "glibc")):
        expected = f"Test output for //app:unit_as_{mode}:\n{_said(libc, 'said', 'hello')}"
        assert expected in said, said


def test_bazel_run_has_the_args_and_the_environment(project: Wrappers) -> None:
    own = "said app/greeting.txt more"
    for label, expected in {
        "//app:app_as_static": _said("musl", own, "hello"),
        "//app:app_as_dynamic": _said("glibc", own, "hello"),
        "//app:run_musl": _said("musl", own, "hello"),
        "//other:with_args": _said("musl", "mine more", "hello"),
        "//other:sharing_dynamic": _said("glibc", "more", "hello"),
    }.items():
        assert project.bazel.run(project.workspace, "run", label, "--", "more").stdout == expected, label


def test_args_that_cannot_be_read_are_an_error(project: Wrappers) -> None:
    said = project.says("build", "//other:args_not_said", check=False)
    assert '//app:app has args = ["said", "$(rootpath greeting.txt)"]' in said
    assert "or args = [] for none" in said


def test_the_providers_of_what_is_wrapped_are_the_wrappers(project: Wrappers) -> None:
    said = project.says(
        "build", "--collect_code_coverage", "--instrumentation_filter=//app", "--nobuild", "//uses:asked"
    )
    found = re.search(r"asked: (.*)", said)
    assert found, said
    assert found[1].split() == [
        "cc",
        "debug",
        "environment",
        "instrumented:app.c,words.c,words.h",
        "compilation_outputs",
    ]


@pytest.mark.parametrize(
    "label", ["app/app_as_dynamic", "app/app_musl", "app/holding_dynamic", "other/sharing_dynamic"]
)
def test_the_runfiles_hold_the_program_once_and_no_report(project: Wrappers, label: str) -> None:
    tree = project.built(label + ".runfiles")
    files = [file for file in tree.rglob("*") if file.is_file() and file.name not in ("MANIFEST", "_repo_mapping")]
    name = Path(label).name
    assert not [file for file in files if file.suffix == ".txt" and "linkmode" in file.name]
    assert [file.name for file in files].count(name) == 1
    assert not [file for file in files if file.name in ("app", "holding")]
    assert not [file for file in files if file.name == "libwords_shared.so" and ".libs" not in str(file)]
    report = project.built(f"{label}.linkmode.txt").read_text()
    assert "____" not in report


def test_a_program_finds_its_libraries_in_every_layout(project: Wrappers, tmp_path: Path) -> None:
    for label in ("other/sharing_dynamic", "app/holding_dynamic"):
        program = project.built(label)
        name = program.name
        assert _prints(program) == _said("glibc")
        # with its runfiles, as files
        shutil.copy(program, tmp_path / name)
        shutil.copytree(program.with_name(f"{name}.runfiles"), tmp_path / f"{name}.runfiles")
        assert _prints(tmp_path / name) == _said("glibc")
        inside = tmp_path / f"{name}.runfiles" / "_main" / label
        assert _prints(inside) == _said("glibc")
        # where the folder of the workspace is left out
        old = tmp_path / "old" / name
        old.parent.mkdir(exist_ok=True)
        shutil.copy(program, old)
        shutil.copytree(tmp_path / f"{name}.runfiles" / "_main", old.with_name(f"{name}.runfiles"))
        assert _prints(old) == _said("glibc")
        # and alone it does not start, so the libraries were those of the layout
        alone = tmp_path / "alone" / name
        alone.parent.mkdir(exist_ok=True)
        shutil.copy(program, alone)
        assert subprocess.run([alone], capture_output=True, check=False).returncode == 127


def test_what_a_program_searches_besides_stays(project: Wrappers) -> None:
    assert readelf.runpath(project.built("other/sharing_dynamic"))[-2:] == ["$ORIGIN", "/opt/theirs"]
    for name in ("app_as_dynamic", "app_as_mostly_static"):
        assert not readelf.read(project.built(f"app/{name}")).runpath, "it has no library of its own"


@pytest.mark.parametrize("archive", ["flat", "deep"])
def test_an_archive_of_rules_pkg_holds_what_starts(project: Wrappers, archive: str, tmp_path: Path) -> None:
    with tarfile.open(project.built(f"ships/{archive}.tar")) as tar:
        names = [member.name for member in tar.getmembers()]
        untar(tar, tmp_path)
    assert len(names) == len(set(names))
    programs = {path.name: path for path in tmp_path.rglob("*") if path.is_file()}
    assert set(programs) == {
        "app_as_static", "app_as_mostly_static", "app_as_dynamic", "sharing_dynamic", "libshared.so", "greeting.txt",
    }  # fmt: skip
    assert _prints(programs["app_as_static"]) == _said("musl")
    for name in ("app_as_mostly_static", "app_as_dynamic", "sharing_dynamic"):
        assert _prints(programs[name]) == _said("glibc")


def test_a_package_of_debian_holds_what_starts(project: Wrappers, tmp_path: Path) -> None:
    subprocess.run(["dpkg-deb", "-x", project.built("ships/debian.deb"), tmp_path], check=True)
    programs = {path.name: path for path in tmp_path.rglob("*") if path.is_file()}
    assert _prints(programs["app_as_static"]) == _said("musl")
    for name in ("app_as_mostly_static", "app_as_dynamic", "sharing_dynamic"):
        assert _prints(programs[name]) == _said("glibc")


def test_a_zip_of_rules_pkg_holds_what_starts(project: Wrappers, tmp_path: Path) -> None:
    with zipfile.ZipFile(project.built("ships/zipped.zip")) as packed:
        assert sorted(packed.namelist()) == [f"app_as_{mode}" for mode in ("dynamic", "mostly_static", "static")]
        packed.extractall(tmp_path)
    for program in tmp_path.iterdir():
        program.chmod(0o755)  # zipfile forgets it
        assert _prints(program) == _said("musl" if program.name == "app_as_static" else "glibc")


def test_a_filegroup_of_one_program_is_that_program(project: Wrappers) -> None:
    project.says("test", "//groups:one_dynamic", "//groups:alias_dynamic", "//groups:wrapped_test")
    for name in ("one", "alias"):
        assert _prints(project.built(f"groups/{name}_dynamic")) == _said("glibc")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("two_dynamic", "//groups:two gives app, sharing; expected one executable"),
        ("empty_dynamic", "//groups:empty gives no file; expected one executable"),
        ("two_test", "//groups:two gives app, sharing; expected one executable"),
        ("empty_test", "//groups:empty gives no file; expected one executable"),
        ("script_dynamic", "//groups:script_dynamic: not audited: a script (#!), not an ELF file"),
        ("wrapped_run", "//groups:wrapped is no link_mode_binary"),
        ("two_library", "//groups:two gives app, sharing, and one shared object is expected"),
    ],
)
def test_what_is_no_program_is_refused_by_its_name(project: Wrappers, name: str, words: str) -> None:
    said = project.says("build", f"//groups:{name}", check=False)
    assert words in said, said


def test_what_link_mode_run_declares_starts_in_every_layout(project: Wrappers, tmp_path: Path) -> None:
    program = project.built("other/run")
    assert _prints(program) == _said("musl", "run")
    shutil.copy(program, tmp_path / "renamed")
    shutil.copytree(program.with_name("run.runfiles"), tmp_path / "renamed.runfiles")
    assert _prints(tmp_path / "renamed") == _said("musl", "run")
    assert _prints(tmp_path / "renamed.runfiles/_main/other/run") == _said("musl", "run")
    linked = tmp_path / "link"
    linked.symlink_to(tmp_path / "renamed")
    assert _prints(linked) == _said("musl", "run")
    # by a manifest alone, and by a folder that another program names
    manifest = program.with_name("run.runfiles_manifest")
    alone = tmp_path / "alone"
    shutil.copy(program, alone)
    for environment in (
        {"RUNFILES_MANIFEST_FILE": str(manifest)},
        {"RUNFILES_DIR": str(tmp_path / "renamed.runfiles")},
    ):
        done = subprocess.run([alone], capture_output=True, text=True, check=True, cwd="/", env=environment)
        assert done.stdout == _said("musl", "run")
    lost = subprocess.run([alone], capture_output=True, text=True, check=False, cwd="/", env={})
    assert (lost.returncode, lost.stdout) == (127, "")
    assert lost.stderr.startswith("linkmode run: not among the runfiles: _main/app/app_musl")


def test_a_shared_object_is_what_it_says(project: Wrappers) -> None:
    words = project.built("plugins/words/libwords_shared.so")
    assert ctypes.CDLL(str(words)).count_words(b"one two") == 2
    found = readelf.read(words)
    assert found.needed <= {"libc.so.6"}
    assert found.glibc is None or found.glibc <= (2, 17)
    assert readelf.exports(words) == {"count_words"}
    chain = project.built("plugins/chain/libchain.so")
    assert ctypes.CDLL(str(chain)).count_twice(b"one two") == 4, "with the library beside it"
    assert sorted(file.name for file in chain.parent.iterdir()) == ["libchain.so", "libshared.so"]
    inside = project.built("plugins/shout_mostly_static/libshout.so")
    assert readelf.read(inside).needed == {"libc.so"}
    assert readelf.exports(inside) == {"shout"}, "libstdc++ is inside, and nothing of it is seen"
    assert "libstdc++.so.6" in readelf.read(project.built("plugins/shout_dynamic/libshout.so")).needed


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("exports", "expected: these exported symbols and no others: count_letters"),
        ("needs", "found:    needs libshared.so"),
        ("program", "one shared object is expected"),
        ("static", "a static program has none"),
    ],
)
def test_a_shared_object_that_is_not_what_it_says_is_refused(project: Wrappers, name: str, words: str) -> None:
    said = project.says("build", f"//plugins:wrong_{name}", check=False)
    assert f"//plugins:wrong_{name}" in said
    assert words in said
