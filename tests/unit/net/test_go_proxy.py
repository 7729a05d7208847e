"""What GOPROXY is, where it is read, and what is made of it."""

import stat
import sys
from pathlib import Path

import pytest

from linkmode.messages import ConfigError
from linkmode.net import ask, go_proxy
from linkmode.net.go_proxy import Proxy, Setting

A, B = "https://a.example", "https://b.example/go"


@pytest.mark.parametrize(
    ("value", "proxies", "end"),
    [
        ("", (), ""),
        (A, (Proxy(A, always=False),), ""),
        (f"{A}/", (Proxy(A, always=False),), ""),
        (f"{A},{B}", (Proxy(A, always=False), Proxy(B, always=False)), ""),
        (f"{A}|{B}", (Proxy(A, always=True), Proxy(B, always=False)), ""),
        (f" {A} ,, {B} |direct", (Proxy(A, always=False), Proxy(B, always=True)), "direct"),
        (f"{A},direct,{B}", (Proxy(A, always=False),), "direct"),
        (f"off,{A}", (), "off"),
        ("direct", (), "direct"),
        (",|", (), ""),
        ("a.example/go", (Proxy("https://a.example/go", always=False),), ""),
        ("http://a.example:81", (Proxy("http://a.example:81", always=False),), ""),
        ("file:///srv/go", (Proxy("file:///srv/go", always=False),), ""),
    ],
)
def test_the_list_as_go_reads_it(value: str, proxies: tuple[Proxy, ...], end: str) -> None:
    assert go_proxy.parse(Setting(value, "GOPROXY")) == (proxies, end)


@pytest.mark.parametrize(
    "word",
    [
        "of",
        "Direct",
        "ftp://a.example",
        "https://",
        "https://[",
        "https://a.example:x",
        "file://host/x",
        "/srv/go",
        "file:x",
    ],
)
def test_what_is_no_proxy_is_refused_with_its_place(word: str) -> None:
    with pytest.raises(ConfigError, match=r"GOPROXY in /f: .* is not the URL of a Go proxy") as refused:
        go_proxy.parse(Setting(f"{A},{word}", "GOPROXY in /f"))
    assert "go env -w GOPROXY=" in refused.value.hint


def test_a_login_is_not_shown() -> None:
    with pytest.raises(ConfigError) as refused:
        go_proxy.parse(Setting("ftp://me:secret@a.example", "GOPROXY"))
    assert "secret" not in str(refused.value)


@pytest.mark.skipif(sys.platform == "darwin", reason="its folder of settings is another one")
def test_the_variable_then_the_users_file_then_go_itself(tmp_path: Path) -> None:
    programs, home = tmp_path / "bin", tmp_path / "home"
    programs.mkdir()
    environment = {"HOME": str(home), "PATH": str(programs)}
    assert go_proxy.read(environment) == Setting("", "`go env GOPROXY`")
    program(programs / "go", 'echo "$GOTOOLCHAIN $*"')
    assert go_proxy.read(environment) == Setting("local env GOPROXY", "`go env GOPROXY`")
    file = home / ".config/go/env"
    file.parent.mkdir(parents=True)
    file.write_text(f"# GOPROXY={B}\nGOPROXY={B}\n GOPROXY={A}\nXGOPROXY=x\nGOFLAGS=\n", encoding="utf-8")
    assert go_proxy.read(environment) == Setting(A, f"GOPROXY in {file}")
    assert go_proxy.read({**environment, "GOPROXY": B}) == Setting(B, "GOPROXY")
    assert go_proxy.read({**environment, "GOPROXY": ""}) == Setting(A, f"GOPROXY in {file}")
    for none in ("off", "/dev/null"):
        assert go_proxy.read({**environment, "GOENV": none}).value == "local env GOPROXY"
    assert go_proxy.read({**environment, "XDG_CONFIG_HOME": "relative"}).value == "local env GOPROXY"
    other = tmp_path / "xdg/go/env"
    other.parent.mkdir(parents=True)
    other.write_text(f"GOPROXY={B}", encoding="utf-8")
    assert go_proxy.read({**environment, "XDG_CONFIG_HOME": str(tmp_path / "xdg")}).value == B
    assert go_proxy.read({**environment, "GOENV": str(other)}) == Setting(B, f"GOPROXY in {other}")


def test_a_go_that_does_not_work_says_nothing(tmp_path: Path) -> None:
    for text in ("exit 1", "echo no; exit 2"):
        program(tmp_path / "go", text)
        assert go_proxy.read({"PATH": str(tmp_path)}).value == ""
    (tmp_path / "go").write_bytes(b"\x7fELF of another machine")
    assert go_proxy.read({"PATH": str(tmp_path)}).value == ""


def test_a_file_that_cannot_be_read_is_an_error_and_no_other_proxy_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_bytes(b"GOPROXY=\xff")
    for path in (file, tmp_path):
        with pytest.raises(ConfigError, match=f"{path}: cannot be read: "):
            go_proxy.read({"GOENV": str(path)})


def test_a_go_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask, "_TIMEOUT_SECONDS", 0.1)
    program(tmp_path / "go", "exec sleep 60")
    with pytest.raises(ConfigError, match=r"env GOPROXY` did not end within 0\.1 seconds"):
        go_proxy.read({"PATH": f"{tmp_path}:/usr/bin:/bin"})


def program(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
