"""Java programs by the real native-image: one that runs in an empty root, and one of JNI that cannot be static."""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import rows
from envmap import Example
from harness import bazel, checks, graalvm, registries, sandbox
from harness.cases import Binary
from harness.graalvm import GLIBC, MUSL
from harness.graalvm_home import REAL
from harness.places import COMMON, PROJECTS
from harness.shared import MissingToolchainsError

pytestmark = pytest.mark.timeout(3600)  # as in test_graalvm_real.py
PRINTED = "good morning\nsum 5050, 1,234,567.5\n1970-01-01T09:00\n"
REPORTED = """{"name":"Ada","times":3}
Report$Greeting: 2 fields
Report$Unnamed: 0 fields
Nowhere: not in the image
"""


@pytest.fixture(scope="module", params=rows.bazels("7.7.1"))
def programs(request: pytest.FixtureRequest) -> Iterator[Example]:
    try:
        made = Example(bazel.find(request.param), graalvm.prepare(graalvm.CASE, request.param))
    except (bazel.NoBazelError, MissingToolchainsError) as error:
        pytest.skip(str(error))
    package(made.folder / "programs")
    try:
        yield made
    finally:
        made.bazel.leave(made.folder)


def package(folder: Path) -> None:
    """Write the package of programs, with the jars that it names."""
    shutil.copytree(PROJECTS / "java_programs", folder)
    for jar in registries.maven(registries.pins(REAL / "programs.toml")["maven"], COMMON / "graalvm-parts/programs"):
        shutil.copy(jar, folder)
    with zipfile.ZipFile(folder / "metadata.jar", "w") as made:
        metadata = folder / "reachability-metadata.json"
        made.write(metadata, "META-INF/native-image/org.example/programs/reachability-metadata.json")
        made.writestr("words/greeting.txt", "good morning\n")


def test_a_service_runs_in_an_empty_root(programs: Example) -> None:
    binary = Binary("//programs:service_as_static", "static", MUSL)
    programs.bazel.run(programs.folder, "build", binary.label)
    path = programs.folder / binary.path
    checks.audit(programs.folder, binary)
    checks.readelf_agrees(path, binary)
    assert sandbox.run_alone(path, {}) == PRINTED


@pytest.mark.parametrize(
    ("binary", "libc"),
    [
        pytest.param(Binary("//programs:report_as_static", "static", MUSL), False, id="static"),
        pytest.param(Binary("//programs:report_as_mostly_static", "mostly_static", GLIBC), True, id="mostly_static"),
    ],
)
def test_picocli_and_jackson_find_what_metadata_names(programs: Example, binary: Binary, *, libc: bool) -> None:
    programs.bazel.run(programs.folder, "build", binary.label)
    path = programs.folder / binary.path
    checks.audit(programs.folder, binary)
    checks.readelf_agrees(path, binary)
    files = sandbox.host_glibc() if libc else {}
    asked = ("--name=Ada", "--times=3", "Report$Greeting", "Report$Unnamed", "Nowhere")
    assert sandbox.run_alone(path, files, arguments=asked, proc=libc) == REPORTED
    assert "-n, --name=<name>     Whom to greet." in sandbox.run_alone(path, files, arguments=["--help"], proc=libc)


def test_a_library_by_jni_is_refused_in_static_by_name(programs: Example) -> None:
    said = programs.says("build", "//programs:sqlite_as_static")
    assert "sqlite-jdbc-3.47.1.0.jar brings " in said
    assert "org/sqlite/native/Linux" in said
    assert "Build it mostly_static or dynamic" in said
    assert "[1/8]" not in said
