"""SARIF and JUnit: what fails is an error, what is odd a warning, what holds a passed test."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from archives import tar
from auditing import DYNAMIC, STATIC
from click.testing import CliRunner, Result
from elf_maker import MUSL_START, Elf

from linkmode.audit.show.ci import as_annotations
from linkmode.audit.show.report import Audited
from linkmode.cli.audit import command


@pytest.fixture
def done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Result:
    monkeypatch.chdir(tmp_path)
    Path("a&b").write_bytes(STATIC)
    Path("odd").write_bytes(Elf(code=MUSL_START, stack=7).build())
    Path("cut").write_bytes(STATIC[:70])
    Path("a.tar").write_bytes(tar(("bin/<app>", DYNAMIC)))
    options = ("--headers-only", "--expect", "static", "--sarif", "s.json", "--junit", "j.xml")
    return CliRunner().invoke(command, [*options, "a&b", "odd", "cut", "a.tar"])


def test_sarif(done: Result) -> None:
    assert done.exit_code == 3
    document = json.loads(Path("s.json").read_text())
    (run,) = document["runs"]
    found = [
        (one["level"], one["ruleId"], one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
        for one in run["results"]
    ]
    assert found == [
        ("warning", "hazard-executable-stack", "odd"),
        ("error", "not-audited", "cut"),
        ("error", "expect", "a.tar"),
    ]
    assert run["results"][2]["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "a.tar:bin/<app>"}]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == sorted({one[1] for one in found})


def test_junit(done: Result) -> None:
    suite = ET.fromstring(Path("j.xml").read_text())
    assert suite.attrib == {"name": "linkmode audit", "tests": "4", "failures": "1", "errors": "1"}
    assert {case.attrib["name"]: [child.tag for child in case] for case in suite} == {
        "a&b": [],
        "odd": [],
        "cut": ["error"],
        "a.tar:bin/<app>": ["failure"],
    }


def test_annotations_of_github(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("odd").write_bytes(Elf(code=MUSL_START, stack=7).build())
    Path("a,b").write_bytes(DYNAMIC)
    Path("fine").write_bytes(STATIC)
    done = CliRunner().invoke(command, ["--headers-only", "--expect", "static", "--github", "odd", "a,b", "fine"])
    error, warning = [line for line in done.stderr.splitlines() if line.startswith("::")]
    assert error.startswith("::error file=a%2Cb,title=expect::a,b: --expect static does not hold: expected static: ")
    assert warning.startswith("::warning file=odd,title=hazard-executable-stack::odd: its stack is executable")
    assert "::" not in done.stdout


def test_an_annotation_is_one_line() -> None:
    said = as_annotations((Audited(path="x", error="50% of\nit"),))
    assert said == "::error file=x,title=not-audited::x: not audited: 50%25 of%0Ait\n"
