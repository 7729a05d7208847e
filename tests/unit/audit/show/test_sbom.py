"""Bills of materials: what is inside, with licences and weaknesses, in both formats, the same at any time."""

import json
from pathlib import Path
from typing import Any

import pytest
from auditing import STATIC
from click.testing import CliRunner, Result
from elf_maker import ABI_TAG, Elf
from license_expression import get_spdx_licensing
from reading import ZLIB
from schemas import problem_of_cyclonedx

from linkmode.audit.read import components
from linkmode.audit.show import sbom
from linkmode.cli.audit import command
from linkmode.messages import StaleLockError, UsageError

HEARTBLEED = b'\0OpenSSL 1.0.1f 6 Jan 2014\0OPENSSLDIR: "x"\0'


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    Path("musl").write_bytes(STATIC)
    Path("app").write_bytes(Elf(notes=ABI_TAG, code=b"\xc3" + ZLIB + HEARTBLEED).build())
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def document(form: str) -> Any:
    return json.loads(run("--sbom", form, "app", "musl").stdout)


def test_cyclonedx_follows_its_schema(files: Path) -> None:
    assert problem_of_cyclonedx(run("--sbom", "cyclonedx", "app", "musl").stdout) is None


SBCL = b'\0core was built for runtime "%.*s" but this is "%s"\n\0'
OCAML = b"\0Fatal error in uncaught exception handler: exception %s\n\0"


def test_runtimes_of_languages_have_their_licences_in_both(files: Path) -> None:
    """SPDX demands words for a licence that is not on its list, and its library refuses to write without."""
    Path("lisp").write_bytes(Elf(notes=ABI_TAG, code=b"\xc3" + SBCL).build())
    Path("caml").write_bytes(Elf(notes=ABI_TAG, code=b"\xc3" + OCAML).build())
    done = run("--sbom", "spdx", "lisp", "caml")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    licences = {one["name"]: one.get("licenseDeclared") for one in found["packages"]}
    assert licences["SBCL runtime"] == "LicenseRef-SBCL"
    assert licences["OCaml runtime"] == "LGPL-2.1-only WITH OCaml-LGPL-linking-exception"
    assert [one["licenseId"] for one in found["hasExtractedLicensingInfos"]] == ["LicenseRef-SBCL"]
    assert "hasExtractedLicensingInfos" not in document("spdx")
    done = run("--sbom", "cyclonedx", "lisp", "caml")
    inside = {part["name"] for whole in json.loads(done.stdout)["components"] for part in whole["components"]}
    assert inside == {"glibc", "SBCL runtime", "OCaml runtime"}


def test_every_licence_can_be_written_in_spdx() -> None:
    licensing = get_spdx_licensing()
    licences = {library.license for library in components.load().library} - set(sbom._OWN_LICENSES)
    assert [name for name in licences if licensing.validate(name).errors] == []


def test_cyclonedx_names_what_is_inside(files: Path) -> None:
    found = document("cyclonedx")
    inside = {
        whole["name"]: {
            (part["name"], part.get("version"), part["licenses"][0]["expression"], part["purl"])
            for part in whole.get("components", [])
        }
        for whole in found["components"]
    }
    assert inside == {
        "app": {
            ("glibc", None, "LGPL-2.1-or-later", "pkg:generic/glibc"),
            ("zlib", "1.2.11", "Zlib", "pkg:generic/zlib@1.2.11"),
            ("OpenSSL", "1.0.1f", "OpenSSL", "pkg:generic/openssl@1.0.1f"),
        },
        "musl": {("musl", None, "MIT", "pkg:generic/musl")},
    }
    assert "CVE-2014-0160" in {one["id"] for one in found["vulnerabilities"]}


def test_a_native_image_names_its_vm_and_its_jdk(files: Path) -> None:
    text = b"com.oracle.svm.core.VM=GraalVM CE 25.0.4\0com.oracle.svm.core.VM.Java.Version=25.0.5\0"
    Path("image").write_bytes(Elf(code=b"\xc3\0" + text).build())
    [whole] = json.loads(run("--sbom", "cyclonedx", "image").stdout)["components"]
    assert [part["purl"] for part in whole["components"]] == [
        "pkg:generic/graalvm@25.0.4",
        "pkg:generic/openjdk@25.0.5",
    ]
    licenses = {one.get("licenseDeclared") for one in json.loads(run("--sbom", "spdx", "image").stdout)["packages"]}
    assert "GPL-2.0-only WITH Classpath-exception-2.0" in licenses


def test_spdx_names_what_is_inside(files: Path) -> None:
    found = document("spdx")
    licenses = {(one["name"], one.get("versionInfo")): one.get("licenseDeclared") for one in found["packages"]}
    assert licenses["zlib", "1.2.11"] == "Zlib"
    assert licenses["musl", None] == "MIT"
    linked = [one for one in found["relationships"] if one["relationshipType"] == "STATIC_LINK"]
    assert len(linked) == 4


@pytest.mark.parametrize("form", ["cyclonedx", "spdx"])
def test_the_same_files_have_the_same_bytes(files: Path, form: str) -> None:
    first = run("--sbom", form, "app", "musl").stdout
    assert first == run("--sbom", form, "app", "musl").stdout
    assert "2023-11-14T22:13:20" in first
    assert first != run("--sbom", form, "app").stdout


def test_a_bill_is_of_every_byte(files: Path) -> None:
    for option in ("--headers-only", "--json"):
        assert isinstance(run("--sbom", "spdx", option, "app").exception, UsageError)


LOCK = Path(__file__).parents[4] / "examples/c_zlib/linkmode.lock"


def inside(*arguments: str) -> dict[str, dict[str, str | None]]:
    found = json.loads(run("--sbom", "cyclonedx", *arguments).stdout)
    return {
        one["name"]: {part["name"]: part.get("version") for part in one["components"]} for one in found["components"]
    }


def test_a_lock_tells_the_versions_of_what_it_has(files: Path) -> None:
    """The text of zlib in app is of another version than the lock's, and counts; glibc is not of that lock."""
    assert inside("--lock", str(LOCK), "musl", "app") == {
        "musl": {"musl": "1.2.2-git-50-gb76f37fd", "libgcc": "11.2.1"},
        "app": {"glibc": None, "zlib": "1.2.11", "OpenSSL": "1.0.1f"},
    }


def untold(*arguments: str) -> dict[str, list[str]]:
    found = json.loads(run("--sbom", "cyclonedx", "--lock", str(LOCK), *arguments).stdout)
    named = {
        one["name"]: [each["value"] for each in one.get("properties", []) if each["name"] == "linkmode:untold"]
        for one in found["components"]
    }
    spdx = json.loads(run("--sbom", "spdx", "--lock", str(LOCK), *arguments).stdout)
    files = [one for one in spdx["packages"] if "versionInfo" not in one and one["SPDXID"].count("-") == 2]
    comments = {one["name"]: one.get("comment", "") for one in files}
    assert comments == {name: "; ".join(words) for name, words in named.items()}
    return named


def test_a_bill_says_what_of_the_lock_it_cannot_tell(files: Path) -> None:
    """A program that calls only crc32 has no text of zlib's; one whose text tells has it among its parts instead."""
    Path("packs").write_bytes(STATIC + ZLIB)
    assert inside("--lock", str(LOCK), "packs")["packs"]["zlib"] == "1.2.11"
    words = ": the lock has it, and nothing in the file tells whether it is inside"
    cxx, zlib = f"libstdc++ 11.2.1{words}", f"zlib 1.3.2{words}"
    assert untold("musl", "packs", "app") == {"musl": [cxx, zlib], "packs": [cxx], "app": []}


def test_a_lock_is_of_no_use_without_a_bill(files: Path) -> None:
    with pytest.raises(UsageError, match="--lock is for --sbom"):
        CliRunner().invoke(command, ["--lock", str(LOCK), "app"], catch_exceptions=False)


def test_a_lock_that_was_edited_by_hand_is_refused(files: Path) -> None:
    Path("linkmode.lock").write_text(LOCK.read_text().replace("11.2.1", "11.2.2"))
    with pytest.raises(StaleLockError):
        CliRunner().invoke(command, ["--sbom", "spdx", "--lock", "linkmode.lock", "app"], catch_exceptions=False)
