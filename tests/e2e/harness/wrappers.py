"""The project tests/e2e/projects/wrappers: what others' rules do with a cc_binary, done with wrappers."""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from harness.bazel import Bazel
from harness.places import PROJECTS, STORE, WORK
from harness.workspace import linkmode, need, pin

_PINS = ("aarch64-linux-musl-cross.tgz", "x86_64-linux-musl-cross.tgz")


@dataclass(frozen=True)
class Wrappers:
    """The project in a workspace of its own, and the Bazel with the rule sets that it uses."""

    bazel: Bazel
    workspace: Path

    def built(self, path: str) -> Path:
        return self.workspace / "bazel-bin" / path

    def says(self, verb: str, *arguments: str, check: bool = True) -> str:
        """Run Bazel, and return all that it and what it starts say."""
        done = self.bazel.run(self.workspace, verb, *arguments, check=check)
        return done.stdout + done.stderr


def prepare(builder: Bazel) -> Wrappers:
    """Return the project, locked, fetched and generated. Raises MissingSharedError."""
    need(_PINS)
    workspace = WORK / "e2e" / "7.7.1" / "wrappers"
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(PROJECTS / "wrappers", workspace)
    config = tomllib.loads((workspace / "linkmode.toml").read_text(encoding="utf-8"))
    config["pin"] = [pin(file) for file in _PINS]
    (workspace / "linkmode.toml").write_text(tomli_w.dumps(config), encoding="utf-8")
    linkmode(workspace, "lock", "--source=zig=pypi")
    linkmode(workspace, "fetch", f"--store={STORE}")
    linkmode(workspace, "generate")
    return Wrappers(builder, workspace)
