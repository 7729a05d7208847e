"""C++ libraries that others wrote, with their own BUILD and MODULE files, from the sources of Debian 13's packages."""

import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from harness import debian
from harness.places import STORE, WORK
from harness.untar import untar
from harness.workspace import linkmode, pin

TARGET = "x86_64-linux-musl"
_FOLDER = WORK / "libraries"


@dataclass(frozen=True)
class Library:
    """A library as the root of a build. ``tests`` are its own; ``others`` and ``absent`` are what its modules ask for.

    ``others`` are libraries of LIBRARIES, and ``absent`` modules that nothing here loads. ``root_only`` says whether
    what it needs for development alone is needed. ``program`` is an executable where there is no cc_test.
    """

    package: str
    file: str
    sha256: str
    module: str = ""
    tests: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    root_only: bool = True
    program: str = ""


LIBRARIES = {
    "abseil": Library(
        package="abseil=20240722.0-4",
        file="abseil_20240722.0.orig.tar.gz",
        sha256="df6d1f5ef540725f3851201176a60486aab332410788465c9877910bb471c34a",
        module="abseil-cpp",
        tests=("//absl/strings:str_format_test", "//absl/synchronization:mutex_test", "//absl/status:status_test"),
        others=("googletest", "re2"),
        absent=("google_benchmark", "pybind11_bazel"),
    ),
    "brotli": Library(
        package="brotli",
        file="brotli_1.1.0.orig.tar.gz",
        sha256="10973f4b4199eafa1d5735ef661ddb2ec2f97319ee9fd1824d4aabe08cff5265",
        program="//:brotli",
    ),
    "googletest": Library(
        package="googletest",
        file="googletest_1.16.0.orig.tar.gz",
        sha256="2f54382b5d13d6cd0be2afc524f1e510d37f8ba78c2d439c5bea64ef37e30d01",
        module="googletest",
        tests=("//:sample9_unittest", "//:sample10_unittest", "//googletest/test:gtest_all_test"),
        others=("abseil", "re2"),
        absent=("pybind11_bazel",),
        root_only=False,  # a Python of its own
    ),
    "re2": Library(
        package="re2",
        file="re2_20240702.orig.tar.gz",
        sha256="eb2df807c781601c14a260a507a5bb4509be1ee626024cb45acbd57cb9d4032b",
        module="re2",
        tests=("//:set_test", "//:parse_test", "//:re2_test"),
        others=("abseil", "googletest"),
        absent=("abseil-py", "google_benchmark", "pybind11_bazel"),
    ),
    "snappy": Library(
        package="snappy",
        file="snappy_1.2.2.orig.tar.gz",
        sha256="90f74bc1fbf78a6c56b3c4a082a05103b3a56bb17bca1a27e052ea11723292dc",
        tests=("//:snappy_unittest",),
        others=("abseil", "googletest", "re2"),
        absent=("google_benchmark", "pybind11_bazel"),
    ),
    "double-conversion": Library(
        package="double-conversion",
        file="double-conversion_3.3.1.orig.tar.gz",
        sha256="fe54901055c71302dcdc5c3ccbe265a6c191978f3761ce1414d0895d6b0ea90e",
        tests=("//:cctest",),  # which is given arguments by its rule
    ),
}


def root(name: str) -> tuple[Path, list[str]]:
    """Return a library as the root of a build, with a lock and a rule library, and the flags that its modules need.

    Raises MissingToolchainsError where its sources cannot be had.
    """
    library = LIBRARIES[name]
    folder = WORK / "e2e" / "libraries" / name
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(sources(name), folder, symlinks=True)
    if not (folder / "MODULE.bazel").exists():
        (folder / "MODULE.bazel").write_text(f'module(name = "{name}")\n', encoding="utf-8")
    config = {
        "toolchain": [{"family": "musl.cc", "version": "==12.2.0", "targets": [TARGET]}],
        "pin": [pin(f"{TARGET}-cross.tgz")],
    }
    (folder / "linkmode.toml").write_text(tomli_w.dumps(config), encoding="utf-8")
    linkmode(folder, "lock")
    linkmode(folder, "fetch", f"--store={STORE}")
    linkmode(folder, "generate")
    flags = [] if library.root_only else ["--ignore_dev_dependency"]
    flags += [f"--override_module={LIBRARIES[other].module}={sources(other)}" for other in library.others]
    flags += [f"--override_module={module}={_absent(module)}" for module in library.absent]
    return folder, flags


def sources(name: str) -> Path:
    """Return the folder of a library's sources. Raises MissingToolchainsError where they cannot be had."""
    library = LIBRARIES[name]
    folder = _FOLDER / name
    if not folder.is_dir():
        _FOLDER.mkdir(parents=True, exist_ok=True)
        archive = debian.source(_FOLDER, "trixie", library.package, library.file, library.sha256)
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        with tarfile.open(archive) as packed:
            untar(packed, part)
        [top] = part.iterdir()
        top.rename(folder)
        part.rmdir()
    return folder


def _absent(module: str) -> Path:
    folder = _FOLDER / "absent" / module
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "MODULE.bazel").write_text(f'module(name = "{module}")\n', encoding="utf-8")
    (folder / "BUILD.bazel").write_text("", encoding="utf-8")
    return folder
