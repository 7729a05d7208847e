"""Java programs by the real native-image, in roots that hold what their mode allows; one of JNI cannot be static."""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import rows
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, load_pem_private_key, pkcs12
from envmap import Example
from harness import bazel, checks, graalvm, graalvm_home, registries, sandbox
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


ZIG = "~=0.16.0"
"""What `linkmode init` proposes; test_graalvm_real.py has GCC and the example's older Zig."""


@pytest.fixture(scope="module", params=rows.bazels("7.7.1"))
def programs(request: pytest.FixtureRequest) -> Iterator[Example]:
    home = graalvm_home.home()
    try:
        folder = graalvm.example(request.param, graalvm.installed(home), by_zig=True, version=ZIG)
        made = Example(bazel.find(request.param), folder)
    except (bazel.NoBazelError, MissingToolchainsError) as error:
        pytest.skip(str(error))
    (folder / ".bazelrc").write_text("build --@linkmode//graalvm:quick_build\n")
    package(folder / "programs")
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


@pytest.fixture
def keys(tmp_path: Path) -> dict[str, Path]:
    """Write the key of 127.0.0.1 as Java reads it, and the CA that vouches for it; return them by a path in a root."""
    ca = trustme.CA()
    issued = ca.issue_cert("127.0.0.1")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    certificate = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    encrypted = BestAvailableEncryption(b"linkmode")
    packed = pkcs12.serialize_key_and_certificates(b"server", key, certificate, None, encrypted)
    (tmp_path / "key.p12").write_bytes(packed)
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return {f"/{name}": tmp_path / name for name in ("key.p12", "ca.pem")}


WEB = [
    pytest.param(Binary("//programs:web_as_static", "static", MUSL), False, id="static"),
    pytest.param(Binary("//programs:web_as_mostly_static", "mostly_static", GLIBC), True, id="mostly_static"),
]


@pytest.mark.parametrize(("binary", "libc"), WEB)
def test_a_server_and_its_clients_speak_tls(
    programs: Example, keys: dict[str, Path], binary: Binary, *, libc: bool
) -> None:
    """The CA is a file of the root: a client that does not read it is refused."""
    programs.bazel.run(programs.folder, "build", binary.label)
    path = programs.folder / binary.path
    checks.audit(programs.folder, binary)
    checks.readelf_agrees(path, binary)
    files = keys | (sandbox.host_glibc() if libc else {})
    said = sandbox.run_alone(path, files, arguments=list(keys), proc=libc, devices=("/dev/random", "/dev/urandom"))
    assert said == "200 /client by TLSv1.3\n200 /url by TLSv1.3\nrefused without the CA\n"


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
