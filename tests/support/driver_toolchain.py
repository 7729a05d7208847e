"""A compiler driver for made-up compilers."""

import os
import subprocess
from pathlib import Path

from linkmode.exec import driver
from linkmode.exec.rules import Flags
from linkmode.families.musl_cc.compiler import MuslCcCompiler
from linkmode.families.zig.compiler import ZigCompiler
from linkmode.model.values import LinkMode, Target

MUSL = "x86_64-linux-musl"
FLAGS = Flags(
    {
        "compile_flags": ("--compile",),
        "cxx_flags": ("-DCXX", "-isystem", "{root}/c++"),
        "include_flags": ("-isystem", "{root}/include"),
        "link_flags": ("--link",),
        "static_flags": ("-static", "-no-pie", "{runtime}/crt1.o"),
        "static_pie_flags": ("-static-pie", "{runtime}/rcrt1.o"),
        "pie_flags": ("-pie", "{runtime}/Scrt1.o"),
        "no_pie_flags": ("-no-pie", "{runtime}/crt1.o"),
        "static_libraries": ("libs-static",),
        "mostly_static_libraries": ("libs-mostly",),
        "dynamic_libraries": ("libs-dynamic",),
    }
)


PLACES = {"root": "/root", "runtime": "/run", "cxx_runtime": "/runxx", "lld": "/lld"}


class Toolchain:
    """A driver for made-up compilers."""

    def __init__(self, root: Path, programs: Path, kind: str, target: str, mode: LinkMode) -> None:
        self.root = root
        self.search = root / "search"
        for folder in ("bin", "search", "project"):
            (root / folder).mkdir(parents=True)
        for name in ("cc", "g++", "go-toolexec", "x86_64-linux-gnu-gcc"):
            os.link(programs / "driver", root / "bin" / name)
        text = driver.configuration(
            kind=kind,
            own={"clang": ZigCompiler, "gcc": MuslCcCompiler}[kind].own,
            target=Target(target),
            mode=mode,
            check=programs / "elfcheck",
            compilers={"cc": ["/bin/echo", "cc"], "cxx": ["/bin/echo", "c++"]},
            flags=FLAGS,
            places=PLACES,
            search=[self.search],
            archives=[Path("/archives")],
            include=[],
            tools={"ar": ["/bin/echo", "ar"]},
        )
        (root / "driver.conf").write_text(text)

    def run(self, *arguments: str, name: str = "cc") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.root / "bin" / name, *arguments],
            cwd=self.root / "project",
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

    def explain(self, *arguments: str, name: str = "cc") -> list[str]:
        done = self.run("--linkmode-explain", *arguments, name=name)
        assert done.returncode == 0, done.stderr
        return [line for line in done.stdout.splitlines() if line != f"-L{self.search}"]

    def library(self, name: str, folder: str = "lib") -> None:
        """Make a shared object, an archive, or a text, by its name."""
        path = self.root / "project" / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\x7fELF\x02\x01\x01" + bytes(9) + b"\x03\x00" if ".so" in name else b"!<arch>\n")
