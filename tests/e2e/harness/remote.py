"""Building on remote execution servers, with nothing to fall back on, and counting what ran where."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import spawns
from harness.bazel import Bazel
from harness.places import WORK
from harness.spawns import Spawn


@dataclass(frozen=True)
class Client:
    """A workspace on a machine of its own: nothing is left of what it built before, and no disk cache helps it."""

    bazel: Bazel
    workspace: Path

    def build(self, server: str, targets: Sequence[str], *options: str) -> list[Spawn]:
        """Build ``targets`` on ``server`` alone, and return what ran. Raises AssertionError when it fails."""
        log = WORK / f"spawns-{self.bazel.name.replace('/', '_')}.json"
        remote = (f"--remote_executor=grpc://{server}", "--config=linkmode_remote", "--spawn_strategy=remote")
        local = ("--disk_cache=", f"--execution_log_json_file={log}")
        self.bazel.run(self.workspace, "clean")
        try:
            self.bazel.run(self.workspace, "build", *remote, *local, *options, *targets)
            return spawns.read(log)
        finally:
            log.unlink(missing_ok=True)


def counts(ran: Sequence[Spawn]) -> Counter[str]:
    """Return how many actions each runner had."""
    return Counter(spawn.runner for spawn in ran)
