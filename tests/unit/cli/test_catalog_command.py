"""``linkmode catalog``: what it prints, in a pipe and as JSON."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from linkmode.cli.catalog import command
from linkmode.messages import UsageError

GOLDEN = Path(__file__).parents[2] / "golden" / "pins.sha"
FAMILIES = sorted(path.stem for path in (Path(__file__).parents[3] / "toolchains").glob("*.toml"))


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


def rows(output: str) -> list[str]:
    return [line for line in output.splitlines() if line.strip()]


def test_list_gives_a_line_for_every_pin() -> None:
    result = run("list")
    assert result.exit_code == 0
    head, *lines = rows(result.stdout)
    assert head.split() == [
        "family",
        "version",
        "source",
        "runs",
        "on",
        "file",
        "confirmations",
        "advisories",
        *["why", "no", "lock", "has", "it"],
    ]
    assert len(lines) == len(GOLDEN.read_text(encoding="utf-8").splitlines())
    assert "\x1b" not in result.stdout
    assert not any(line != line.rstrip() for line in lines)


def test_list_says_what_a_confirmation_is_worth() -> None:
    lines = {line.split()[4]: line for line in rows(run("list", "--family", "musl.cc").stdout)}
    assert "  1, not independently confirmed; contradicted  " in lines["x86_64-linux-musl-cross.tgz"]
    assert "0, not independently confirmed  " in lines["s390x-linux-musl-cross.tgz"]
    assert "not independently confirmed" not in lines["armv7l-linux-musleabihf-native.tgz"]
    assert lines.keys().isdisjoint({"zlib-1.3.1.tar.gz"})


def test_search() -> None:
    assert len(rows(run("search", "C3E5E9FDD5004DCB").stdout)) == 2
    assert len(rows(run("search", "armv7l-linux-musleabihf").stdout)) == 3
    nothing = run("search", "no such archive")
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert "no pin contains 'no such archive'" in nothing.stderr


def test_show_one_version() -> None:
    output = run("show", "zlib", "1.2.12").stdout
    assert "zlib (library), https://zlib.net/, license Zlib" in output
    assert "sha256:        91844808532e5ce316b3c010929493c0244f3d37593afd6de04f71821d5136d9" in output
    assert "url:           https://zlib.net/fossils/zlib-1.2.12.tar.gz" in output
    assert "confirmations: 2" in output
    assert "confirmed by:  https://github.com/buildroot/buildroot/blob/" in output
    assert "not counted:   linkmode: copied from public files" in output
    assert "contradiction: not of the bytes" in output
    assert "advisory:      CVE-2022-37434, fixed in 1.2.13" in output
    assert "affects <1.2.13; fixed in 1.2.13; https://nvd.nist.gov/vuln/detail/CVE-2022-37434" in output
    assert "CVE-2018-25032" not in output
    assert "1.3.1" not in output.partition("CVE")[0]


def test_show_reads_versions_as_pep_440_does() -> None:
    assert run("show", "zlib", "1.3.0").stdout == run("show", "zlib", "1.3").stdout != ""


def test_show_says_that_there_is_no_fix() -> None:
    assert "CVE-2025-26519, no version of this family has the fix" in run("show", "musl.cc").stdout


@pytest.mark.parametrize(
    ("arguments", "problem", "hint"),
    [
        (("show", "zli"), "did you mean 'zlib'?", f"use one of: {', '.join(FAMILIES)}"),
        (("list", "--family", "clang"), "'clang' is not a family", f"use one of: {', '.join(FAMILIES)}"),
        (("list", "--family", ""), "'' is not a family", f"use one of: {', '.join(FAMILIES)}"),
        (("show", "zlib", "1.4"), "no pin of version '1.4'", "1.3.2, 1.3.1, 1.3, 1.2.13, 1.2.12, 1.2.11"),
        (("show", "zlib", "newest"), "no pin of version 'newest'", "1.3.2"),
    ],
)
def test_what_does_not_exist(arguments: tuple[str, ...], problem: str, hint: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, UsageError)
    assert result.exception.exit_code == 2
    assert problem in result.exception.problem
    assert hint in result.exception.hint
    assert result.stdout == ""


def test_json() -> None:
    result = run("list", "--json")
    found = json.loads(result.stdout)
    assert found["version"] == 1
    assert list(found["families"]) == FAMILIES
    assert result.stdout == json.dumps(found, indent=2, sort_keys=True) + "\n"
    pin = found["families"]["zlib"]["pins"][0]
    assert pin["file"] == "zlib-1.3.2.tar.gz"
    assert pin["source"] == "upstream"
    assert pin["confirmations"] == 4
    assert pin["advisories"] == []
    assert {"sha256", "urls", "confirmed-by", "strip-prefix"} <= pin.keys()


def test_json_of_a_selection() -> None:
    shown = json.loads(run("show", "zlib", "1.2.13", "--json").stdout)["families"]["zlib"]
    assert [pin["file"] for pin in shown["pins"]] == [
        "zlib-1.2.13.tar.gz",
        "zlib-1.2.13.tar.xz",
        "grpcio-1.51.3.tar.gz",
    ]
    assert [advisory["id"] for advisory in shown["advisories"]] == ["CVE-2026-27171"]
    assert json.loads(run("search", "no such archive", "--json").stdout) == {"families": {}, "version": 1}
