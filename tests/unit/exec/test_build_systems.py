"""The files for CMake and Meson, and where Meson is told of its own."""

import configparser
from pathlib import Path

import pytest

from linkmode.exec import build_systems
from linkmode.messages import ConfigError
from linkmode.model.values import ExecPlatform, LinkMode, LockedToolchain, Target

MUSL, ARM = "x86_64-linux-musl", "aarch64-linux-musl"


def made(target: str, mode: LinkMode = "static") -> dict[str, str]:
    toolchain = LockedToolchain(family="zig", artifact="zig", exec=ExecPlatform("x86_64-linux"), target=Target(target))
    return build_systems.files(Path("/c d/x"), toolchain, mode, Path("/c d/sysroot"), ["ar", "ranlib"])


def test_cmake_is_told_the_compiler_and_where_to_look() -> None:
    text = made(MUSL)[build_systems.CMAKE]
    assert "set(CMAKE_C_COMPILER [==[/c d/x/bin/x86_64-linux-musl-static-gcc]==])" in text
    assert 'set(CMAKE_AR [==[/c d/x/bin/x86_64-linux-musl-static-ar]==] CACHE FILEPATH "ar")' in text
    assert "CMAKE_STRIP" not in text
    assert "list(APPEND CMAKE_FIND_ROOT_PATH [==[/c d/sysroot]==]" in text
    assert "set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)" in text
    # CMake takes a build with a system's name for a cross build, in which it runs nothing
    assert "CMAKE_SYSTEM_NAME" not in text
    assert "set(CMAKE_SYSTEM_PROCESSOR aarch64)" in made(ARM)[build_systems.CMAKE]


def test_shared_libraries_are_the_default_where_a_program_may_need_them() -> None:
    assert "option(BUILD_SHARED_LIBS" in made(MUSL, "mostly_static")[build_systems.CMAKE]
    assert "option(BUILD_SHARED_LIBS" not in made(MUSL, "dynamic")[build_systems.CMAKE]
    assert "default_library" not in made(MUSL, "dynamic")[build_systems.MESON]


def test_meson_reads_the_file() -> None:
    file = configparser.ConfigParser()
    file.read_string(made(ARM)[build_systems.MESON])
    assert file["binaries"]["c"] == "'/c d/x/bin/aarch64-linux-musl-static-gcc'"
    assert "strip" not in file["binaries"]
    assert file["built-in options"]["default_library"] == "'static'"
    assert file["host_machine"]["cpu_family"] == "'aarch64'"
    assert "[host_machine]" not in made(MUSL)[build_systems.MESON]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("meson setup b -Dx=y", "meson setup --native-file=/f/meson.ini b -Dx=y"),
        ("/usr/bin/meson setup b", "/usr/bin/meson setup --native-file=/f/meson.ini b"),
        ("meson compile -C b", "meson compile -C b"),
        ("ninja setup", "ninja setup"),
    ],
)
def test_meson_is_told_of_it(given: str, told: str) -> None:
    assert build_systems.with_machine_file(given.split(), Path("/f"), is_cross=False) == tuple(told.split())


def test_meson_is_told_of_another_cpu() -> None:
    found = build_systems.with_machine_file(["meson", "setup", "b"], Path("/f"), is_cross=True)
    assert found == ("meson", "setup", "--cross-file=/f/meson.ini", "b")


def test_dune_s_build_folder_is_found_as_dune_finds_it(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "dune-project").touch()
    find = build_systems.dune_folder
    assert find(["dune", "build"], inner, {}) == tmp_path / "a" / "_build"
    assert find(["/usr/bin/dune", "build"], tmp_path, {}) == tmp_path / "_build"
    assert find(["dune", "build", "--root", "."], inner, {}) == inner / "_build"
    assert find(["dune", "build", "--root=b", "--build-dir=out"], inner.parent, {}) == inner / "out"
    assert find(["dune", "build"], inner, {"DUNE_BUILD_DIR": "/out"}) == Path("/out")
    (tmp_path / "dune-workspace").touch()
    assert find(["dune", "build"], inner, {}) == tmp_path / "_build"
    assert find(["dune", "clean"], inner, {}) is None
    assert find(["make", "dune"], inner, {}) is None


def test_dune_does_not_take_over_what_another_compiler_built(tmp_path: Path) -> None:
    folder = tmp_path / "_build"
    build_systems.claim_dune_folder(folder, "musl")
    (folder / "default").mkdir()
    build_systems.claim_dune_folder(folder, "musl")
    with pytest.raises(ConfigError, match="another compiler") as refused:
        build_systems.claim_dune_folder(folder, "glibc")
    assert refused.value.hint == "run: dune clean"
    (folder / ".linkmode").unlink()  # a build without linkmode
    with pytest.raises(ConfigError, match="another compiler"):
        build_systems.claim_dune_folder(folder, "musl")


def test_a_build_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "_build").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        build_systems.claim_dune_folder(tmp_path / "_build", "musl")
