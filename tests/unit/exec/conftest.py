"""The compiler driver and elfcheck, compiled once."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from driver_toolchain import MUSL, Toolchain

from linkmode.exec import driver
from linkmode.model.values import LinkMode


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("cc"):
        pytest.skip("no C compiler on this machine: install gcc")
    folder = tmp_path_factory.mktemp("programs")
    driver.build(folder, ("cc", "-Wall", "-Wextra", "-Werror"), os.environ)
    return folder


@pytest.fixture
def make(tmp_path: Path, programs: Path) -> Callable[..., Toolchain]:
    def made(kind: str = "clang", target: str = MUSL, mode: LinkMode = "static") -> Toolchain:
        return Toolchain(tmp_path / f"{kind}-{mode}", programs, kind, target, mode)

    return made
