"""The tables of libcs and machines, and their rendering for the checker in C."""

import pytest

from linkmode.audit.read import policy, policy_header
from linkmode.generate.header import HEADER
from linkmode.model import resources

REGENERATE = (
    "PYTHONPATH=generator python -c "
    "'from linkmode.audit.read.policy_header import c_header; print(c_header(), end=\"\")' "
    "> templates/common/tools/elfcheck/policy.h"
)


def test_the_c_header_is_what_the_policy_renders() -> None:
    committed = resources.templates() / "common" / "tools" / "elfcheck" / "policy.h"
    assert committed.read_text(encoding="utf-8") == policy_header.c_header(), f"regenerate it: {REGENERATE}"


def test_every_c_file_says_that_it_is_generated() -> None:
    for path in sorted((resources.templates() / "common" / "tools" / "elfcheck").glob("*.[ch]")):
        assert path.read_text(encoding="utf-8").splitlines()[0] == f"/* {HEADER} */", path.name


@pytest.mark.parametrize(
    ("soname", "owner"),
    [
        ("libc.so.6", "glibc"),
        ("libresolv.so.2", "glibc"),
        ("ld-linux-x86-64.so.2", "glibc"),
        ("libc.so", "musl"),
        ("libc.musl-x86_64.so.1", "musl"),
        ("ld-musl-aarch64.so.1", "musl"),
        ("libc.musl-.so.1", "musl"),
        ("libc.musl.so.1", None),
        ("libc.musl-x.so.2", None),
        ("libstdc++.so.6", None),
        ("libgcc_s.so.1", None),
        ("libcrypt.so.1", None),
        ("/lib/libc.so.6", None),
        ("libc.so.6.", None),
        ("", None),
    ],
)
def test_whose_a_soname_is(soname: str, owner: str | None) -> None:
    assert policy.load().owner(soname) == owner


def test_machines_are_told_apart_by_number_width_and_byte_order() -> None:
    known = policy.load()
    keys = [(machine.e_machine, machine.class_, machine.endianness) for machine in known.machine]
    assert len(set(keys)) == len(keys) == len({machine.name for machine in known.machine})
    found = known.find_machine(62, 32, "little")
    assert found is not None
    assert found.name == "x32"
    assert known.find_machine(62, 64, "big") is None


def test_no_two_libcs_have_a_loader_of_the_same_name() -> None:
    known = policy.load()
    for machine in known.machine:
        names = {path.rpartition("/")[2] for path in machine.glibc}
        assert names.isdisjoint(path.rpartition("/")[2] for path in machine.musl)
        assert all(path.startswith("/lib") for path in (*machine.glibc, *machine.musl))


def test_texts_of_the_policy_need_no_escape_in_c() -> None:
    known = policy.load()
    texts = [text for mark in known.mark for text in mark.texts] + [kind.words for kind in known.not_elf]
    texts += [text for kind in known.behind for text in (kind.words, kind.opens)]
    texts += [text for one in known.system for text in (one.name, *one.loaders, *one.sonames)]
    assert all(text.isascii() and text.isprintable() and "??" not in text for text in texts)
