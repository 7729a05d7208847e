"""`make strangers-add`: fetches a package, hashes it, looks at how it is built, and writes its file.

    make strangers-add PACKAGE=debian:xz-utils=5.4.1-1 FILE=xz-utils_5.4.1.orig.tar.xz
    make strangers-add PACKAGE=pypi:psutil=7.2.2 FILE=psutil-7.2.2.tar.gz
    make strangers-add PACKAGE=cargo:hexyl=0.17.0

What is written builds by Zig for musl and for glibc 2.28, and by GCC; run it, and write down what comes out.
"""

import argparse
import hashlib
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "support")]

import msgspec  # noqa: E402 - after the path
import registry  # noqa: E402
import tomli_w  # noqa: E402
from building import PLACE  # noqa: E402
from stranger import PROJECTS, File, Stranger, load  # noqa: E402

_COMMANDS = {
    "configure": ("libtool", ["./configure --quiet", "make -s -j2"]),
    "CMakeLists.txt": ("cmake", ["cmake -S . -B build -DCMAKE_BUILD_TYPE=Release", "cmake --build build -j2"]),
    "meson.build": ("meson", ["meson setup build --buildtype=release", "ninja -C build -j2"]),
    "Cargo.toml": ("cargo", ["cargo build --release --locked"]),
    "go.mod": ("cgo", ["go build -o program ."]),
    "pyproject.toml": ("python", ["pip wheel --no-deps -w dist ."]),
    "setup.py": ("python", ["pip wheel --no-deps -w dist ."]),
    "binding.gyp": ("node-gyp", ["npm rebuild --build-from-source"]),
    "Makefile": ("make", ["make -j2"]),
}
"""By the file that tells a build system, the first that is there: what the project stands for, and its commands."""

_ROWS = (
    ("gcc", "x86_64-linux-musl", "static"),
    ("zig", "x86_64-linux-musl", "static"),
    ("zig", "x86_64-linux-gnu.2.28", "mostly_static"),
)

_NAMES = {
    "pypi": "{package}-{version}.tar.gz",
    "cargo": "{package}-{version}.crate",
    "go": "{version}.zip",
    "npm": "{package}-{version}.tgz",
    "debian": "{package}_{upstream}.orig.tar.xz",
}


def main() -> int:
    """Return 0 when a file was written."""
    parser = argparse.ArgumentParser(prog="make strangers-add")
    parser.add_argument("package", help="REGISTRY:NAME=VERSION")
    parser.add_argument("--file", default="", help="the file's name in the registry, where it is not the usual one")
    parser.add_argument("--name", default="", help="of the TOML file; the package's by default")
    given = parser.parse_args()
    kind, _, rest = given.package.partition(":")
    package, _, version = rest.rpartition("=")
    if not package or kind not in File.__annotations__["registry"].__args__:
        parser.error(f"{given.package!r} is not REGISTRY:NAME=VERSION")
    usual = _NAMES.get(kind, "{package}-{version}.jar")
    name = given.file or usual.format(package=package, version=version, upstream=version.rpartition("-")[0])
    file = File(registry=kind, package=package, version=version, file=name, sha256="")
    path = PROJECTS / f"{given.name or package.rpartition('/')[2].rpartition(':')[2]}.toml"
    if path.exists():
        sys.stderr.write(f"{path.name} is there already; choose another --name\n")
        return 2
    PLACE.mkdir(parents=True, exist_ok=True)
    try:
        with TemporaryDirectory(dir=PLACE) as folder:
            sha256 = hashlib.sha256(registry.bring(file, Path(folder)).read_bytes()).hexdigest()
            pinned = msgspec.structs.replace(file, sha256=sha256)
            tree = Path(folder) / "tree"
            registry.unpack(Stranger(stands_for="", licence="", file=(pinned,)), tree)
            stands_for, commands = next((how for mark, how in _COMMANDS.items() if (tree / mark).exists()), ("", []))
    except registry.UnavailableError as error:
        sys.stderr.write(f"{given.package}: {error}\n")
        return 4
    document = {
        "stands-for": stands_for,
        "licence": "",
        "file": [{key: getattr(pinned, key) for key in ("registry", "package", "version", "file", "sha256")}],
        "build": [
            {"toolchain": toolchain, "target": target, "mode": mode, "commands": commands, "products": [], "run": ""}
            for toolchain, target, mode in _ROWS
        ],
    }
    path.write_text(tomli_w.dumps(document), encoding="utf-8")
    load(path)
    sys.stdout.write(f"{path} is written. Name its licence, products and run, then: make strangers NAME={path.stem}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
