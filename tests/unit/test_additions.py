"""What CONTRIBUTING says is added by files of its own is: here by new files beside a copy of linkmode, and no change.

A CPU is a row: it is added to the end of its table, and nothing else is touched.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from additions import CPU, EXEC, FAMILY, HEADER, LANGUAGE, LIBRARY, PIN, PINS, RULES, ZIG
from elf_maker import Elf

from linkmode.model import resources

ROOT = Path(__file__).parents[2]
PARTS = ("generator", "templates", "toolchains")


Run = Callable[..., str]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for part in PARTS:
        shutil.copytree(ROOT / part, tmp_path / "copy" / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "copy"


@pytest.fixture
def run(tmp_path: Path, copy: Path) -> Run:
    project = tmp_path / "project"
    project.mkdir()

    def run(*words: str, code: int = 0) -> str:
        environment = {**os.environ, "PYTHONPATH": str(copy / "generator"), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "linkmode", *words]
        done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


def add(copy: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = copy / name
        assert not path.exists()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def generated(tmp_path: Path, run: Run, asked: str) -> Callable[[str], str]:
    (tmp_path / "project" / "linkmode.toml").write_text(asked)
    run("lock")
    run("generate")
    run("generate", "--check")
    return lambda path: (tmp_path / "project" / "third_party" / "linkmode" / path).read_text()


def folders(tmp_path: Path) -> set[str]:
    private = tmp_path / "project" / "third_party" / "linkmode" / "private"
    return {path.name for path in private.iterdir() if path.is_dir()}


def test_a_pin(tmp_path: Path, copy: Path, run: Run) -> None:
    with (copy / "toolchains" / "zlib.toml").open("a") as catalogue:
        catalogue.write(PIN.format(version="1.9.0", digest="1" * 64).replace('"toy"', '"zlib"'))
    read = generated(tmp_path, run, ZIG.format(more="") + '[library]\nzlib = "==1.9.0"\n')
    assert '"zlib-1.9.0": {' in read("lock.bzl")


def test_a_family(tmp_path: Path, copy: Path, run: Run) -> None:
    pins = PINS.format(kind="toolchain") + PIN.format(version="1.0", digest="2" * 64) + 'exec = "x86_64-linux"\n'
    files = {"toolchains/toy.toml": pins, "generator/linkmode/families/toy/__init__.py": FAMILY}
    add(copy, files | {f"templates/bazel/families/toy/{name}": text for name, text in RULES.items()})
    asked = '[[toolchain]]\nfamily = "toy"\nversion = ">=1"\ntargets = ["x86_64-linux-musl"]\n'
    read = generated(tmp_path, run, asked)
    assert folders(tmp_path) == {"cc", "link_mode", "toy"}
    assert 'name = "cc_toy_x86_64-linux_to_x86_64-linux-musl"' in read("toolchains/BUILD.bazel")
    assert 'toolchain = "@linkmode_toy-1.0-x86_64-linux//:libc-x86_64-linux-musl"' in read("toolchains/BUILD.bazel")
    lock = read("lock.bzl")
    assert '"rules": "//private/toy:toy_archive.bzl"' in lock
    assert '"remove": ["doc"]' in lock
    assert "toy" in run("init", "--help")
    (tmp_path / "project" / "linkmode.toml").write_text(asked.replace("musl", "gnu.2.28"))
    assert "toys make musl only" in run("lock", code=3)


def test_a_language(tmp_path: Path, copy: Path, run: Run) -> None:
    pins = PINS.format(kind="language") + PIN.format(version="1.0", digest="3" * 64)
    build = f"{HEADER}{{% for toy in languages.toy %}}\n# {{{{ toy.parts.source[0] | word }}}}\n{{% endfor %}}\n"
    files = {
        "toolchains/toy.toml": pins,
        "generator/linkmode/languages/toy/__init__.py": LANGUAGE,
        "templates/bazel/languages/toy/public/BUILD.bazel.jinja": build,
        "templates/common/languages/toy/builder.c": HEADER.replace("#", "//"),
    }
    add(copy, files | {f"templates/bazel/languages/toy/private/{name}": text for name, text in RULES.items()})
    (tmp_path / "project" / "a.toy").touch()
    run("init")
    assert '# toy = ">=1"  # a.toy is here' in (tmp_path / "project" / "linkmode.toml").read_text()
    assert "did you mean 'toy'?" in refused(tmp_path, run, ZIG.format(more="") + '[language]\nplaything = ">=1"\n')
    read = generated(tmp_path, run, ZIG.format(more="") + '[language]\ntoy = ">=1"\n')
    assert folders(tmp_path) == {"cc", "link_mode", "toys", "words", "zig"}
    assert "# linkmode_toy-1.0" in read("toys/BUILD.bazel")
    assert "//toys:toy_x86_64-linux_to_x86_64-linux-musl" in read("lock.bzl")
    assert "@generated" in read("private/toys/builder.c")


def test_a_library(tmp_path: Path, copy: Path, run: Run) -> None:
    pins = PINS.format(kind="library") + PIN.format(version="1.0", digest="4" * 64)
    files = {"toolchains/toy.toml": pins, "generator/linkmode/libraries/toy/__init__.py": LIBRARY}
    add(copy, files | {f"templates/bazel/libraries/toy/{name}": text for name, text in RULES.items()})
    asked = ZIG.format(more="") + '[library]\ntoy = ">=1"\n[malloc]\nx86_64-linux-musl = "toy"\n'
    read = generated(tmp_path, run, asked)
    assert folders(tmp_path) == {"cc", "link_mode", "toy", "zig"}
    assert 'actual = "@linkmode_toy-1.0//:toy"' in read("lib/BUILD.bazel")
    assert '"toy": ">=1"' in read("lock.bzl")
    assert 'MALLOC = {\n    "x86_64-linux-musl": "toy",\n}' in read("lock.bzl")


def test_a_cpu(tmp_path: Path, copy: Path, run: Run) -> None:
    with (copy / "generator" / "linkmode" / "model" / "cpus.toml").open("a") as table:
        table.write(CPU)
    asked = ZIG.format(more=', "m68k-linux-musl", "m68k-linux-gnu.2.30"')
    read = generated(tmp_path, run, 'build-systems = ["bazel", "buck2"]\n' + asked)
    assert '"@linkmode//constraints:cpu_m68k",' in read("platforms/BUILD.bazel")
    assert 'name = "cpu_m68k"' in read("constraints/BUILD.bazel")
    assert '"//constraints:cpu_m68k"' in read("buck2/platforms/BUCK")
    assert 'name = "cpu_m68k"' in read("buck2/constraints/BUCK")
    for facts in (read("lock.bzl"), read("buck2/lock.bzl")):
        assert '"elf": "m68k",' in facts
        assert '"zig": "m68k-linux-{libc}",' in facts
        assert '"clang-flags": "-mcpu=68040",' in facts
    assert "such as m68k-linux-gnu.2.30" in refused(tmp_path, run, ZIG.format(more=', "m68k-linux-gnu"'))
    assert "for m68k, linkmode makes" in refused(tmp_path, run, ZIG.format(more=', "m68k-linux-gnu.2.17"'))
    assert "'m68k-linux-musl'" in refused(tmp_path, run, ZIG.format(more=', "mc68000-linux-musl"'))
    musl = '[[toolchain]]\nfamily = "musl.cc"\nversion = ">=11"\ntargets = ["m68k-linux-musl"]\n'
    assert "toys compile for no Amiga" in refused(tmp_path, run, musl)
    # what it names is a machine of the audit already: the same row says what is right for a file
    elf = tmp_path / "program"
    elf.write_bytes(Elf(machine=4, bits=32, big=True).build())
    assert "m68k" in run("audit", "--machine", "m68k", str(elf))


def python(copy: Path, code: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": str(copy / "generator"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)


def test_a_cpu_is_exec_by_its_row_alone(tmp_path: Path, copy: Path) -> None:
    with (copy / "generator" / "linkmode" / "model" / "cpus.toml").open("a") as table:
        table.write(CPU)
    done = python(copy, EXEC)
    assert done.returncode == 0, done.stderr
    assert "m68k-linux-gnu --target=m68k-unknown-linux-gnu2.30" in done.stdout
    assert "-mcpu=68040" in done.stdout
    assert "-target m68k-linux-gnu.2.30 -mcpu=baseline" in done.stdout


def refused(tmp_path: Path, run: Run, asked: str) -> str:
    (tmp_path / "project" / "linkmode.toml").write_text(asked)
    return run("lock", code=3)


def edit(copy: Path, name: str, old: str, new: str) -> None:
    path = copy / "generator" / "linkmode" / name
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))


def test_a_key(tmp_path: Path, copy: Path, run: Run) -> None:
    (tmp_path / "project" / "linkmode.toml").write_text('toy = "yes"\n' + ZIG.format(more=""))
    assert "toy" in run("lock", code=3)
    edit(
        copy,
        "config/keys.py",
        '        "output": Key(',
        '        "toy": Key("string", "no", "It is a toy."),\n        "output": Key(',
    )
    run("lock")


def test_a_hazard(copy: Path, run: Run) -> None:
    assert "is a toy" not in run("audit", sys.executable)
    judged = "def _memory(facts: Facts) -> list[Hazard]:\n    found = ["
    edit(copy, "audit/judge/hazards.py", judged, f'{judged}Hazard("toy", "it is a toy", "made up")')
    assert "is a toy" in run("audit", sys.executable)


def test_every_kind_of_hazard_is_on_the_page_of_the_table() -> None:
    code = (ROOT / "generator/linkmode/audit/judge/hazards.py").read_text(encoding="utf-8")
    kinds = set(re.findall(r'Hazard\(\s*"([a-z-]+)"', code))
    row = next(line for line in (ROOT / "CONTRIBUTING.md").read_text().splitlines() if line.startswith("| a hazard |"))
    page = (ROOT / re.findall(r"`(docs/[^`]*)`", row)[0]).read_text(encoding="utf-8")
    assert len(kinds) > 10
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in page] == []


def loads(path: Path) -> set[str]:
    """Return the repositories that a .bzl loads from, beside its own, linkmode's, and the platforms of every Bazel."""
    found = re.findall(r"^load\(\"@([a-z_]+)//", path.read_text(encoding="utf-8"), re.MULTILINE)
    return set(found) - {"linkmode", "linkmode_cc", "platforms"}


def test_a_bazel_version(tmp_path: Path) -> None:
    """Where rules lie differs between Bazels: one file knows it, and all others load from @linkmode_cc."""
    templates = ROOT / "templates/bazel"
    found = {path.relative_to(ROOT).as_posix() for path in templates.rglob("*.bzl") if loads(path)}
    assert found == {"templates/bazel/core/private/cc/compat.bzl"}
    (tmp_path / "own.bzl").write_text('load("@rules_java//java:defs.bzl", "java_library")\n')
    assert loads(tmp_path / "own.bzl") == {"rules_java"}


def test_an_example() -> None:
    """An example is built by the tests that name it, and no example is left out."""
    harness = ROOT / "tests/e2e/harness"
    named = "".join(path.read_text(encoding="utf-8") for path in sorted(harness.glob("*.py")))
    tests = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py")))
    examples = [path.name for path in sorted((ROOT / "examples").iterdir()) if path.is_dir()]
    assert len(examples) > 5
    assert [name for name in examples if f'"{name}"' not in named and name not in tests] == []


def test_every_path_of_the_table_is_there() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = [line for line in text.partition("| to add |")[2].splitlines()[2:] if line.startswith("|")]
    rows = rows[: next((n for n, row in enumerate(rows) if row.startswith("| folder")), len(rows))]
    paths = [
        path
        for row in rows
        for path in re.findall(r"`((?:generator|templates|toolchains|docs|tests|examples)/[^`]*)`", row)
    ]
    assert len(paths) > 15
    for path in paths:
        assert list(ROOT.glob(re.sub(r"<[a-z]+>", "*", path).rstrip("/"))), path


def test_every_folder_of_tests_is_in_the_table() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`tests/([a-z0-9_]+)`", text.partition("| folder | what |")[2].partition("\n\n")[0]))
    assert told == {path.name for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name[0] not in "._"}


def test_without_its_row_or_folder_there_is_none(tmp_path: Path, run: Run) -> None:
    (tmp_path / "project" / "linkmode.toml").write_text(ZIG.format(more=', "m68k-linux-musl"'))
    assert "loongarch64 and mips64el with Zig" in run("lock", code=3)
    (tmp_path / "project" / "linkmode.toml").write_text(ZIG.format(more="").replace('"zig"', '"toy"'))
    assert "'toy'" in run("lock", code=3)


def test_what_is_copied_is_all_that_there_is() -> None:
    assert {resources.templates().parent, resources.catalogue().parent} == {ROOT}
