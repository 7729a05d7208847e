"""A workspace of examples/go_http, with Zig or with GCC as Go's C compiler."""

import shutil
import tomllib
from pathlib import Path

import tomli_w

from harness.cases import Case
from harness.places import EXAMPLES, STORE, WORK
from harness.workspace import linkmode, need, pin


def prepare(case: Case, name: str) -> Path:
    """Return a workspace for ``case``, for the Bazel called ``name``: locked to what can be had, fetched, generated.

    With ``case.pins`` GCC is the C compiler, by the archives of ../shared/toolchains, and otherwise Zig. Raises
    MissingSharedError where those are absent.
    """
    need(case.pins)
    workspace = WORK / "e2e" / name.replace("/", "_") / case.name
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(EXAMPLES / case.folder, workspace, ignore=shutil.ignore_patterns("bazel-*", "third_party"))
    if case.pins:
        path = workspace / "linkmode.toml"
        config = tomllib.loads(path.read_text(encoding="utf-8"))
        targets = list(dict.fromkeys(binary.target for binary in case.binaries))
        config["toolchain"] = [{"family": "musl.cc", "version": ">=11.2.1", "targets": targets}]
        config["pin"] = [pin(file) for file in case.pins]
        del config["link-modes"]  # which names targets of Zig
        path.write_text(tomli_w.dumps(config), encoding="utf-8")
    with (workspace / "MODULE.bazel").open("a", encoding="utf-8") as module:
        module.write('bazel_dep(name = "platforms", version = "0.0.10")\n')  # a test has a platform of its own
    linkmode(workspace, "lock", *(f"--source={source}" for source in case.sources))
    linkmode(workspace, "fetch", f"--store={STORE}")
    linkmode(workspace, "generate")
    return workspace
