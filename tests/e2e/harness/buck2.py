"""Buck2 projects out of the examples: what they build, a workspace of each, and a server of their archives."""

import contextlib
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.bazel import Bazel
from harness.cases import CASES, Binary, Case, LinkMode
from harness.places import EXAMPLES, STORE, WORK
from harness.workspace import add_pins, linkmode, need, prepare_in

_NO_COPY = shutil.ignore_patterns(
    "bazel-*", "buck-out", "__pycache__", "aarch64", "third_party", "*.bazel", "WORKSPACE", ".bazel*"
)
_X86_MUSL = "x86_64-linux-musl"
_GCC = """\
build-systems = ["buck2"]

[[toolchain]]
family = "musl.cc"
version = ">=11.2.1"
targets = ["x86_64-linux-musl"]
"""

WRONG = '''\
"""Targets that are not what they say."""

load("@linkmode//:defs.bzl", "link_mode_binary", "link_mode_test")

# what comes out of the dynamic one stays dynamic, and for its target, also where a static one is asked for
link_mode_binary(name = "dynamic", binary = "{source}", link_mode = "dynamic", target = "{target}")
link_mode_binary(name = "not_static", binary = ":dynamic", link_mode = "static")
link_mode_test(name = "not_static_test", binary = ":dynamic", link_mode = "static")
link_mode_test(name = "through", binary = ":not_static", link_mode = "dynamic")
link_mode_binary(name = "pie", binary = "{source}", link_mode = "dynamic", static_pie = True)
link_mode_binary(name = "elsewhere", binary = "{source}", link_mode = "dynamic", target = "riscv64-linux-musl")
'''


@dataclass(frozen=True)
class Buck2Case:
    """An example for Buck2. ``program`` is its cxx_binary; ``toml``, if any, stands in for its linkmode.toml.

    ``shared`` are the libraries of the project that the dynamic program needs, and that exceptions cross.
    """

    case: Case
    program: str
    toml: str = ""
    shared: frozenset[str] = frozenset()

    def by_mode(self) -> dict[LinkMode, Binary]:
        """Return the binaries of `link_modes`."""
        wanted = f"{self.program}_as_"
        return {binary.mode: binary for binary in self.case.binaries if binary.label.startswith(wanted)}


def _own(case: Case) -> Case:
    return replace(case, binaries=tuple(binary for binary in case.binaries if binary.target.startswith("x86_64")))


_MODES: tuple[LinkMode, ...] = ("static", "mostly_static", "dynamic")
_CPP_ZIG = _own(CASES["cpp_zig"])

BUCK2_CASES = {
    "c_zlib": Buck2Case(_own(CASES["c_zlib"]), "//:pack"),
    # the same C++ by GCC, whose C++ runtime is shared: in dynamic an exception crosses a shared library of the project
    "cpp_gcc": Buck2Case(
        replace(
            _CPP_ZIG,
            name="cpp_gcc",
            example="cpp_zig",
            sources=(),
            pins=("x86_64-linux-musl-cross.tgz",),
            binaries=tuple(Binary(f"//:census_as_{mode}", mode, _X86_MUSL) for mode in _MODES),
        ),
        "//:census",
        _GCC,
        frozenset({"lib_tally.so"}),
    ),
    "cpp_zig": Buck2Case(_CPP_ZIG, "//:census"),
}


def prepare(workspace: Path, case: Buck2Case, store: Path = STORE) -> Path:
    """Make a workspace for a case, without what is Bazel's, and return a mirror of its archives, beside it.

    Raises MissingSharedError where ../shared is absent and the case needs it.
    """
    need(case.case.pins)
    mirror = workspace.with_name(workspace.name + "-mirror")
    for folder in (workspace, mirror):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(EXAMPLES / case.case.folder, workspace, ignore=_NO_COPY)
    toml = workspace / "linkmode.toml"
    text = case.toml or toml.read_text(encoding="utf-8").replace('["bazel", "buck2"]', '["buck2"]')
    toml.write_text(text, encoding="utf-8")
    if case.case.pins:
        add_pins(toml, case.case)
    linkmode(workspace, "lock", *(f"--source={source}" for source in case.case.sources))
    linkmode(workspace, "mirror", f"--store={store}", str(mirror))
    linkmode(workspace, "generate")
    wrong = workspace / "wrong"
    wrong.mkdir()
    target = case.by_mode()["dynamic"].target
    with (workspace / "PACKAGE").open("a", encoding="utf-8") as package:
        package.write('\npackage(visibility = ["PUBLIC"])\n')
    (wrong / "BUCK").write_text(WRONG.format(source=case.program, target=target), encoding="utf-8")
    return mirror


def by_bazel(case: Buck2Case, builder: Bazel, store: Path = STORE) -> bytes:
    """Return the static program of a case as Bazel builds it with ``-c opt``.

    Raises MissingSharedError where ../shared is absent and the case needs it.
    """
    workspace = prepare_in(WORK / "e2e" / "buck2-bazel" / case.case.name, CASES[case.case.folder], store=store)
    if case.toml:
        toml = workspace / "linkmode.toml"
        toml.write_text(case.toml.replace('["buck2"]', '["bazel"]'), encoding="utf-8")
        add_pins(toml, case.case)
        linkmode(workspace, "lock")
        linkmode(workspace, "fetch", f"--store={store}")
        linkmode(workspace, "generate")
    binary = case.by_mode()["static"]
    try:
        builder.run(workspace, "build", "-c", "opt", binary.label)
        return (workspace / binary.path).read_bytes()
    finally:
        builder.run(workspace, "shutdown", check=False)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine; yield its URL."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            del arguments

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def no_path(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which no program of the machine is found by its name."""
    return {**environment, "PATH": "/nonexistent"}
