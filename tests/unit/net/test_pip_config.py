"""What ``pip config list`` says, and what is made of it."""

import sys
from pathlib import Path

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from linkmode.messages import ConfigError
from linkmode.net import ask, pip_config
from linkmode.net.pip_config import PipConfig
from linkmode.net.reach import Access

NOTHING = PipConfig(indexes=(PYPI_SIMPLE_ENDPOINT,))


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        ("", NOTHING),
        ("global.timeout='60'\nlist.format='json'\n", NOTHING),
        ("not a setting\nglobal.index-url=unquoted\n", NOTHING),
        ("global.index-url='https://i/simple'", PipConfig(indexes=("https://i/simple",))),
        ("global.index-url='a'\ninstall.index-url='b'\n:env:.index-url='c'", PipConfig(indexes=("c",))),
        (":env:.index-url='c'\nglobal.index-url='a'\ninstall.index-url='b'", PipConfig(indexes=("c",))),
        ("global.index-url='a'\ndownload.index-url='b'", PipConfig(indexes=("b",))),
        ("wheel.index-url='a'", NOTHING),
        (
            r"global.extra-index-url='\nhttps://a\nfile:///b'",
            PipConfig(indexes=(PYPI_SIMPLE_ENDPOINT, "https://a", "file:///b")),
        ),
        ("global.find-links='a b'\nglobal.no-index='true'", PipConfig(indexes=(), find_links=("a", "b"))),
        ("global.extra-index-url='a'\n:env:.no-index='1'", PipConfig(indexes=())),
        ("global.no-index='false'", NOTHING),
        (
            "global.cert='ca.pem'\nglobal.client-cert='me.pem'\nglobal.proxy='http://p:1'",
            PipConfig(cert="ca.pem", client_cert="me.pem", proxy="http://p:1"),
        ),
    ],
)
def test_parse(listing: str, expected: PipConfig) -> None:
    assert pip_config.parse(listing) == expected


def test_access_falls_back_on_the_environments() -> None:
    otherwise = Access(verify="env.pem", client_cert="env.crt", proxies={"https": "env"})
    assert PipConfig().access(otherwise) == otherwise
    assert PipConfig(cert=__file__, client_cert=__file__, proxy="p").access(otherwise) == Access(
        verify=__file__, client_cert=__file__, proxies={"http": "p", "https": "p"}
    )
    with pytest.raises(ConfigError, match="pip's setting client-cert: no file at gone"):
        PipConfig(client_cert="gone").access(otherwise)
    with pytest.raises(ConfigError, match=r"pip's setting proxy: 'http://\[' is not the address of a proxy"):
        PipConfig(proxy="http://me:secret@[").access(otherwise)
    with pytest.raises(ConfigError, match="cert: no CA bundle at gone"):
        PipConfig(cert="gone").access(otherwise)


def test_this_pythons_pip_is_asked() -> None:
    settings = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "https://i/s", "PIP_FIND_LINKS": "x y", "PATH": "/bin"}
    assert pip_config.read(settings) == PipConfig(indexes=("https://i/s",), find_links=("x", "y"))


def test_a_folder_named_pip_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "pip"
    folder.mkdir()
    (folder / "__main__.py").write_text("print(\"global.index-url='https://evil'\")")
    monkeypatch.chdir(tmp_path)
    settings = {"PIP_CONFIG_FILE": "/dev/null", "PIP_INDEX_URL": "https://good", "PATH": "/bin"}
    assert pip_config.read(settings).indexes == ("https://good",)


def test_without_any_pip_the_variables_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    settings = {"PIP_INDEX_URL": "https://i/s", "PIP_EXTRA_INDEX_URL": "https://e", "PIP_NO_INDEX": "0", "PATH": ""}
    assert pip_config.read(settings) == PipConfig(indexes=("https://i/s", "https://e"))
    assert pip_config.read({"PATH": ""}) == NOTHING


@pytest.mark.parametrize(
    "text", [b"[global\nindex-url = https://private/", b"\xff\xfe"], ids=["no section", "no UTF-8"]
)
def test_settings_that_pip_cannot_read_do_not_lead_to_another_index(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "pip.conf").write_bytes(text)
    with pytest.raises(ConfigError, match=r"pip config list` fails.* Configuration file") as caught:
        pip_config.read({"PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PATH": ""})
    assert str(tmp_path / "pip.conf") in caught.value.problem
    assert "pip config debug" in caught.value.hint


def test_a_pip_that_cannot_be_started_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    (tmp_path / "pip").write_text("#!/no/such/interpreter\n")
    (tmp_path / "pip").chmod(0o755)
    settings = {"PIP_INDEX_URL": "https://i/s", "PATH": str(tmp_path)}
    assert pip_config.read(settings) == PipConfig(indexes=("https://i/s",))


def test_a_pip_that_does_not_answer_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "python").write_text("#!/bin/sh\nexec sleep 30\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(ask, "_TIMEOUT_SECONDS", 0.2)
    with pytest.raises(ConfigError, match=r"python -m pip config list` did not end within 0\.2 seconds"):
        pip_config.read({"PATH": "/bin:/usr/bin"})
