"""A repository whose toolchains are scripts, for linkmode exec."""

import gzip
import hashlib
import io
import os
import platform
import subprocess
import sys
import tarfile
from pathlib import Path

import linkmode
from linkmode.model.rule_tables import tables

HOST = f"{platform.machine()}-linux"


TRIPLE = f"{platform.machine()}-linux-musl"


BUILD_PROGRAMS = """\
case " $* " in *" driver.c "* | *" elfcheck.c "*)
  for last; do
    case $last in *.c) source=$last ;; esac
  done
  PATH=/usr/bin:/bin exec cc -std=c11 -D_GNU_SOURCE -O1 "$source" -o "$last"
esac
"""
"""What a made-up compiler cannot do: the compiler driver is compiled by this machine's own."""


COMPILER = f"""\
#!/bin/sh
{BUILD_PROGRAMS}
for last; do
  if [ "$before" = -o ]; then echo "$0 $* CPATH=$CPATH" > "$last"; exit; fi
  before=$last
done
echo "compiler: $*"
"""


ARCHIVER = '#!/bin/sh\necho "archive" > "$2"\n'


ZIG = f"""\
#!/bin/sh
{BUILD_PROGRAMS}
if [ -n "$ZIG_VERBOSE_LINK" ]; then
  line="ld.lld -o main"
  mkdir -p "$ZIG_LOCAL_CACHE_DIR/o"
  for name in crt1.o Scrt1.o rcrt1.o libc.a libc.so libzigc.a libcompiler_rt.a libc++.a libc++abi.a libunwind.a; do
    echo "$name" > "$ZIG_LOCAL_CACHE_DIR/o/$name"
    line="$line o/$name"
  done
  echo "$line" >&2
  exit
fi
case "$1" in ar) shift; {ARCHIVER.splitlines()[1]};; *)
{COMPILER.split(BUILD_PROGRAMS, 1)[1]};; esac
"""


GCC_FILES = {
    f"t/bin/{TRIPLE}-gcc": COMPILER,
    f"t/bin/{TRIPLE}-ar": ARCHIVER,
    f"t/{TRIPLE}/include/stdio.h": "",
    f"t/{TRIPLE}/lib/libc.a": "",
}


NATIVE_FILES = {
    "t/bin/gcc": COMPILER,
    "t/bin/ar": ARCHIVER,
    f"t/bin/{TRIPLE}-gcc": COMPILER,
    "t/include/stdio.h": "",
    "t/lib/libc.a": "",
}


ZIG_FILES = {"t/zig": ZIG, "t/lib/std.zig": ""}


ZLIB_FILES = {f"t/{name}": "" for name in (*tables("libraries/zlib/zlib_files.bzl", {})["SOURCES"], "zconf.h")} | {
    "t/zlib.h": '#define ZLIB_VERSION "1.3.1"\n'
}


def archive(files: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as made:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(text), 0o755 if text.startswith("#!") else 0o644
            made.addfile(info, io.BytesIO(text.encode()))
    return gzip.compress(stream.getvalue(), mtime=0)


class Repository:
    """A folder with linkmode.toml and its own pins, a store, and the command line to call."""

    def __init__(self, root: Path) -> None:
        self.root = root / "repository with a blank"
        self.store = root / "the store"
        self.root.mkdir()
        self.pins = ""
        self.bodies: list[bytes] = []

    def pin(self, family: str, version: str, layout: str, files: dict[str, str]) -> None:
        body = archive(files)
        self.bodies.append(body)
        name = f"{family}.tgz"
        (self.root / name).write_bytes(body)
        of_compiler = f'exec = "{HOST}"\n' + (f'targets = ["{TRIPLE}"]\n' if family == "musl.cc" else "")
        self.pins += (
            f'[[pin]]\nfamily = "{family}"\nversion = "{version}"\nfile = "{name}"\nurls = ["{name}"]\n'
            f'sha256 = "{hashlib.sha256(body).hexdigest()}"\nsize = {len(body)}\n'
            f'layout = "{layout}"\nstrip-prefix = "t"\n'
            f"{'' if family == 'zlib' else of_compiler}"
            + {"musl.cc": 'measured = { gcc = "99.1.0" }\n', "zig": 'measured = { zig = "0.15.99" }\n'}.get(family, "")
        )

    def write(self, *families: tuple[str, str], zlib: bool = True, targets: tuple[str, ...] = (TRIPLE,)) -> None:
        text = f'output = "out"\nexec-platforms = ["{HOST}"]\n'
        for family, version in families:
            listed = ", ".join(f'"{target}"' for target in targets)
            text += f'[[toolchain]]\nfamily = "{family}"\nversion = "=={version}"\ntargets = [{listed}]\n'
        text += '[library]\nzlib = "==1.3.1.99"\n' if zlib else ""
        (self.root / "linkmode.toml").write_text(text + self.pins)
        assert self.run("lock").returncode == 0, self.run("lock").stderr

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "linkmode", *arguments]
        kept = {key: value for key, value in os.environ.items() if key not in {"CC", "LDFLAGS", "CPATH"}}
        settings = {"PYTHONPATH": str(Path(linkmode.__file__).parents[1]), "LINKMODE_STORE": str(self.store)}
        return subprocess.run(
            command, cwd=self.root, env=kept | settings | environment, capture_output=True, text=True, check=False
        )

    def exec(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return self.run("exec", "--", *command, **environment)
