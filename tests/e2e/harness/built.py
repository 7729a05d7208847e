"""A workspace whose `bazel build //...` has succeeded, as the tests get it."""

from dataclasses import dataclass
from pathlib import Path

from harness.bazel import Bazel
from harness.cases import Case


@dataclass(frozen=True)
class Built:
    """A case, the Bazel that built it, and where."""

    case: Case
    bazel: Bazel
    workspace: Path
