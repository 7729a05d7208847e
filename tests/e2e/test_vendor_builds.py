"""Programs of real third-party packages, which `linkmode vendor` declares, in the three modes."""

import languages
import pytest
from collections.abc import Iterator
from harness import golang, vendored
from harness.built import Built

import test_go

GO = vendored.case(test_go.ZIG, r"sqlite 42 12 &lt;a&gt; h2 true true\n")
