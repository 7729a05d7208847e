"""Every action runs where nothing is but its inputs: a real remote execution server whose sandbox is empty.

There is no shell in that sandbox, no libc and no /usr, and `--spawn_strategy=remote` leaves no way around it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from harness import buildbox, remote, spawns, workspace
from harness.bazel import Bazel
from harness.built import Built
from harness.cases import CASES
from harness.places import WORK
from harness.reproduce import digest


@pytest.fixture
def server() -> Iterator[str]:
    """Start a server with an empty store, and return its address."""
    try:
        with buildbox.server() as address:
            yield address
    except buildbox.NoBuildBoxError as error:
        pytest.skip(str(error))


@pytest.mark.rows(cases=("c_zlib", "cpp_zig"), bazel=("c_zlib-7.7.1",))
def test_every_action_runs_in_an_empty_sandbox_and_a_second_client_has_nothing_to_do(built: Built, server: str) -> None:
    targets = [binary.label for binary in built.case.binaries]
    chosen = [binary.path for binary in built.case.binaries if binary.label in targets]
    local = {path: digest((built.workspace / path).read_bytes()) for path in chosen}
    client = remote.Client(built.bazel, built.workspace)
    try:
        ran = client.build(server, targets)
        counts = spawns.by_mnemonic(ran)
        assert set(remote.counts(ran)) == {"remote"}, counts
        assert counts["LinkModeCheck"]["remote"] == len(targets), counts
        assert {path: digest((built.workspace / path).read_bytes()) for path in local} == local

        again = client.build(server, targets)
        assert set(remote.counts(again)) == {"remote cache hit"}, spawns.by_mnemonic(again)
        assert len(again) == len(ran)
    finally:
        built.bazel.run(built.workspace, "build", "//...")


# clang is told what its folder is called; for GCC it takes a name under /proc
@pytest.mark.rows(cases=("c_zlib",), bazel=("c_zlib-7.7.1",))
def test_debug_information_is_the_same_where_there_is_no_proc(built: Built, server: str) -> None:
    path = built.workspace / "bazel-bin" / "pack_as_static"
    try:
        built.bazel.run(built.workspace, "build", "-c", "dbg", "//:pack_as_static")
        assert b".debug_info" in path.read_bytes()
        local = digest(path.read_bytes())
        remote.Client(built.bazel, built.workspace).build(server, ["//:pack_as_static"], "-c", "dbg")
        assert digest(path.read_bytes()) == local
    finally:
        built.bazel.run(built.workspace, "build", "//...")


@pytest.mark.rows(cases=("c_zlib",), bazel=("c_zlib-7.7.1",))
def test_two_servers_share_what_they_have_made(built: Built) -> None:
    client = remote.Client(built.bazel, built.workspace)
    try:
        with buildbox.server() as cache, buildbox.server(shared=cache) as one, buildbox.server(shared=cache) as two:
            assert set(remote.counts(client.build(one, ["//:pack_as_static"]))) == {"remote"}
            assert set(remote.counts(client.build(two, ["//:pack_as_static"]))) == {"remote cache hit"}
            # the other way round, and with something of its own to do
            kinds = remote.counts(client.build(two, ["//:pack_as_static", "//:pack_as_dynamic"]))
            assert set(kinds) == {"remote", "remote cache hit"}
            assert set(remote.counts(client.build(one, ["//:pack_as_dynamic"]))) == {"remote cache hit"}
    except buildbox.NoBuildBoxError as error:
        pytest.skip(str(error))
    finally:
        built.bazel.run(built.workspace, "build", "//...")


@pytest.mark.rows(cases=("c_zlib",), bazel=("c_zlib-7.7.1",))
def test_actions_ask_for_the_machines_that_linkmode_toml_names(built: Built, server: str) -> None:
    place = _with_properties(built.bazel)
    try:
        ran = remote.Client(built.bazel, place).build(server, ["//:pack_as_static"])
    finally:
        built.bazel.leave(place)
    assert {spawn.mnemonic for spawn in ran} >= {"CppCompile", "CppLink", "LinkModeCheck"}
    for spawn in ran:
        assert spawn.properties == {"Pool": "small", "container-image": "docker://example.com/empty"}, spawn.mnemonic


def _with_properties(builder: Bazel) -> Path:
    place = workspace.prepare(CASES["c_zlib"], f"{builder.name}-properties")
    assert place.is_relative_to(WORK)
    config = place / "linkmode.toml"
    properties = (
        '\n[exec-properties]\ncontainer-image = "docker://example.com/empty"\nPool = "large"\n'
        '\n[exec-properties.x86_64-linux]\nPool = "small"\n'
    )
    config.write_text(config.read_text(encoding="utf-8") + properties, encoding="utf-8")
    workspace.linkmode(place, "lock")
    workspace.linkmode(place, "generate")
    return place
