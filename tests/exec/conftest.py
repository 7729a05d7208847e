"""One project for each kind of compiler, for all tests of `linkmode exec`."""

import subprocess

import pytest
from projects import ZIG, ZLIB, Project, gcc_pins


@pytest.fixture(scope="module")
def gcc(tmp_path_factory: pytest.TempPathFactory) -> Project:
    pins = gcc_pins("x86_64-linux-musl-cross", "aarch64-linux-musl-cross")
    return Project(tmp_path_factory.mktemp("gcc"), pins + ZLIB, "zlib=pypi")


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("native"), gcc_pins("x86_64-linux-musl-native") + ZLIB, "zlib=pypi")


@pytest.fixture(scope="module")
def zig(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("zig"), ZIG + ZLIB, "pypi", shares=True)


# Zig builds libraries first
@pytest.fixture(params=["gcc", "native", pytest.param("zig", marks=pytest.mark.tier("slow"))])
def project(request: pytest.FixtureRequest) -> Project:
    """Each of them, without what an earlier test has built there."""
    found: Project = request.getfixturevalue(request.param)
    subprocess.run(["rm", "-rf", "z", "p", "p.o", "libs.a", "build"], cwd=found.root, check=True)
    return found
