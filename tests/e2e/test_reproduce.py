"""The same bytes from rounds that share nothing: another path, user, locale, clock, and another machine's sandbox."""

import shutil

import pytest
from harness import buildbox, examples, reproduce
from harness.built import Built
from harness.places import EXAMPLES
from harness.reproduce import Round


# three builds of a case; those of Zig's run-time files take minutes, and every Bazel makes the same of them
@pytest.mark.rows(cases=("c_zlib",))
def test_every_byte_is_the_same_wherever_gcc_builds_it(built: Built) -> None:
    _every_byte_is_the_same(built)


@pytest.mark.rows(cases=("cpp_zig",), bazels=("4.2.3",))
def test_every_byte_is_the_same_wherever_zig_builds_it(built: Built) -> None:
    _every_byte_is_the_same(built)


def _every_byte_is_the_same(built: Built) -> None:
    if not shutil.which("setpriv"):
        pytest.skip("needs setpriv, of the package util-linux")
    binaries = list(built.case.binaries)
    try:
        made = reproduce.rounds(built.bazel, examples.known()[built.case.name], binaries)
    except buildbox.NoBuildBoxError as error:
        pytest.skip(str(error))
    assert reproduce.differences(made) == []
    assert {binary.label for binary in binaries} <= made[0].digests.keys()
    for binary in binaries:
        # and what was built with all the caches of the other tests
        local = reproduce.digest((built.workspace / binary.path).read_bytes())
        assert made[0].digests[binary.label] == local, binary.label


@pytest.mark.tier("fast")
def test_every_example_can_be_asked_for() -> None:
    known = examples.known()
    assert all(example.case.name == name and example.case.binaries for name, example in known.items())
    # native-image is not to be had here; tests/e2e/test_graalvm.py replays it
    built_by_bazel = {path.parent.name for path in EXAMPLES.glob("*/BUILD.bazel")} - {"graalvm_envmap"}
    assert {example.case.folder for example in known.values()} == built_by_bazel


@pytest.mark.tier("fast")
def test_a_difference_is_told() -> None:
    here = Round("here", (), {"//:a": "1", "//:b": "2"}, ())
    there = Round("there", ("path",), {"//:a": "1", "//:b": "3"}, ("//:b: there left '/var/tmp/x' in it",))
    assert reproduce.differences([here, there]) == [
        "//:b: there is not the same as here",
        "//:b: there left '/var/tmp/x' in it",
    ]
    assert reproduce.differences([here, here]) == []


@pytest.mark.tier("fast")
@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"\0built in /var/tmp/r-x/checkout/app.c\0", ["built in /var/tmp/r-x/checkout/app.c"]),
        (b"\0/some/where/execroot/app/x.c\0", ["/some/where/execroot/app/x.c"]),
        (b"\0/home/somebody/x.c\0", ["/home/somebody/x.c"]),
        (b"\0external/linkmode_zlib-1.3.1/inflate.c\0/lib/ld-musl-x86_64.so.1\0", []),
    ],
)
def test_a_path_in_a_binary_is_found(data: bytes, found: list[str]) -> None:
    assert reproduce.paths_in(data, "/var/tmp/r-x") == found
