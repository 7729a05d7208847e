"""Small projects with a lock, and their archives in a store, for the tests of `linkmode exec`.

GCC comes from ../shared/toolchains, Zig and zlib's sources from the package index that pip is configured for; what is
absent skips its tests. Archives are kept in .work/store, which the end-to-end tests share. A project of GCC has a store
of its own besides. Zig's has not: its run-time files take minutes to build, and are kept there too.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness.shared import shared

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".work" / "store"

X86, ARM, GLIBC = "x86_64-linux-musl", "aarch64-linux-musl", "x86_64-linux-gnu.2.28"
SHA256 = {
    "x86_64-linux-musl-cross": "ff2d895c5e32295fa8a5da61057c0f59a5a4b4edf619178992a9b773e36624a7",
    "aarch64-linux-musl-cross": "49126abe5eb289962229afefe130a9722d3ac4468d35058eae1f1a44f2d36b4f",
    "x86_64-linux-musl-native": "1db80c2434ccd522ec52e307ce9abcc599d683f92e3403c9ffe479323f65c7d3",
}

GCC = """\
[[toolchain]]
family = "musl.cc"
version = "==12.2.0"
targets = [{targets}]
"""
PIN = """\
[[pin]]
family = "musl.cc"
version = "12.2.0"
file = "{name}.tgz"
urls = ["{url}"]
sha256 = "{sha256}"
exec = "x86_64-linux"
targets = ["{target}"]
layout = "{layout}"
strip-prefix = "{name}"
measured = {{ gcc = "12.2.0", musl = "1.2.3", binutils = "2.40" }}
"""
ZIG = f"""\
[[toolchain]]
family = "zig"
version = "==0.15.2"
targets = ["{X86}", "{GLIBC}", "{ARM}"]
"""
ZLIB = """\
[library]
zlib = "==1.2.11"
"""

C = """\
#include <stdio.h>
#include <string.h>
#include <zlib.h>
int main(void) {
    unsigned char in[1000], out[2000], back[1000];
    uLongf n = sizeof out, m = sizeof back;
    memset(in, 'x', sizeof in);
    if (compress(out, &n, in, sizeof in) || uncompress(back, &m, out, n)) return 1;
    if (m != sizeof in || memcmp(in, back, m)) return 1;
    printf("zlib %s\\n", zlibVersion());
    return 0;
}
"""
CXX = """\
#include <iostream>
#include <stdexcept>
#include <thread>
int main() {
    std::thread other([] {
        try { throw std::runtime_error("caught"); } catch (const std::exception &e) { std::cout << e.what() << "\\n"; }
    });
    other.join();
}
"""
MAKEFILE = """\
all: z p libs.a
z: LDLIBS = -lz
p: p.o
\t$(CXX) $(LDFLAGS) -o $@ $^
libs.a: p.o
\t$(AR) rc $@ $^
\t$(RANLIB) $@
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.13)
project(p C CXX)
find_package(ZLIB REQUIRED)
add_executable(z z.c)
target_link_libraries(z ZLIB::ZLIB)
add_executable(p p.cc)
"""


class Project:
    """A folder with a lock, sources, and its archives in a store: one of its own, unless it is told to share."""

    def __init__(self, root: Path, toml: str, source: str = "", *, shares: bool = False) -> None:
        self.root = root
        self.store = KEPT if shares else root / "store"
        for name, text in {"z.c": C, "p.cc": CXX, "Makefile": MAKEFILE, "CMakeLists.txt": CMAKE}.items():
            (root / name).write_text(text)
        (root / "linkmode.toml").write_text('output = "out"\nexec-platforms = ["x86_64-linux"]\n' + toml)
        locked = self.linkmode("lock", *(["--source", source] if source else []))
        assert locked.returncode == 0, locked.stderr
        fetched = self.linkmode("fetch", "--store", str(KEPT))
        if fetched.returncode == 4:
            pytest.skip(f"the package index cannot be reached: {fetched.stderr.splitlines()[-1]}")
        assert fetched.returncode == 0, fetched.stderr
        assert self.linkmode("fetch", "--store", str(KEPT), "--offline").returncode == 0
        if not shares:
            shutil.copytree(KEPT / "content_addressable", self.store / "content_addressable")

    def linkmode(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        plain = {key: value for key, value in os.environ.items() if key not in {"CC", "CXX", "CFLAGS", "LDFLAGS"}}
        settings = {"PYTHONPATH": str(ROOT / "generator"), "LINKMODE_STORE": str(self.store)}
        return subprocess.run(
            [sys.executable, "-m", "linkmode", *arguments],
            cwd=self.root,
            env=plain | settings | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def exec(self, *command: str, options: tuple[str, ...] = (), **environment: str) -> str:
        done = self.linkmode("exec", *options, "--", *command, **environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def modes(self, *files: str) -> dict[str, str | None]:
        done = self.linkmode("audit", "--json", *files)
        assert done.returncode == 0, done.stderr
        report = json.loads(done.stdout)
        return {one["path"]: one["verdict"]["mode"] for one in report["files"]}

    def run(self, file: str, cpu: str = "x86_64") -> str:
        command = [str(self.root / file)]
        if cpu != "x86_64":
            emulator = shutil.which(f"qemu-{cpu}-static")
            if not emulator:
                pytest.skip(f"qemu-{cpu}-static is not installed")
            command = [emulator, *command]
        return subprocess.run(command, cwd=self.root, env={}, capture_output=True, text=True, check=True).stdout


def gcc_pins(*names: str) -> str:
    """Return what linkmode.toml says of GCC, by these archives of ../shared/toolchains. Raises MissingSharedError."""
    made = [(name, *name.rsplit("-", 1)) for name in names]
    return GCC.format(targets=", ".join(f'"{target}"' for _, target, _ in made)) + "".join(
        PIN.format(
            name=name,
            target=target,
            layout=layout,
            sha256=SHA256[name],
            url=shared(f"toolchains/{name}.tgz").as_uri(),
        )
        for name, target, layout in made
    )
