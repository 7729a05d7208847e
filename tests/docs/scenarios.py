"""Where the commands of each page are run: a folder that holds what the page presumes, and an environment."""

import os
import struct
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import mirroring
from archives import deb, tar, zipped
from elf_maker import DYN, GLIBC_LOADER, MUSL_START, Elf, interp
from packing import musl_cc, write

GLIBC = Elf(type=DYN, interp=interp(GLIBC_LOADER), needed=("libc.so.6",), needs=(("libc.so.6", ("GLIBC_2.14",)),))


class Scenario(NamedTuple):
    """``folder`` is where the blocks run; ``replaced`` are the places that a page names and no test may write to."""

    folder: Path
    environment: dict[str, str]
    replaced: tuple[tuple[str, str], ...] = ()


def own_pin(at: Path) -> Scenario:
    """Give a repository with an archive of its own, shaped like a musl.cc one."""
    folder = at / "repository"
    (folder / "archives").mkdir(parents=True)
    write(folder / "archives", "x86_64-linux-musl-cross.tgz", musl_cc(gcc=Elf(code=MUSL_START).build()))
    (folder / "linkmode.toml").write_text(
        '[[toolchain]]\nfamily = "musl.cc"\nversion = "==12.2.0"\ntargets = ["x86_64-linux-musl"]\n'
    )
    return Scenario(folder, _environment(at))


def air_gap(at: Path) -> Scenario:
    """Give a locked repository whose two archives come from a folder and from a package index."""
    folder = mirroring.repository(at)
    _run(at, "lock", "--source=zlib=pypi")
    return Scenario(folder, _environment(at), (("/media/usb", str(at / "usb")),))


def audited(at: Path) -> Scenario:
    """Give binaries, a wheel and packages that keep what the page demands of them; a newer package needs more."""
    folder = at / "release"
    for name in ("dist/bin", "build", "third_party"):
        (folder / name).mkdir(parents=True)
    static, library, hardened = Elf(code=MUSL_START), _library(), _hardened()
    (folder / "dist/bin/app").write_bytes(static.build())
    (folder / "dist/app-1-py3-none-manylinux_2_28_x86_64.whl").write_bytes(zipped(("app/_native.so", library.build())))
    (folder / "build/app.deb").write_bytes(deb(tar(("./usr/bin/app", hardened.build()))))
    (folder / "app-1.3.deb").write_bytes(deb(tar(("./usr/bin/app", static.build()))))
    (folder / "app-1.4.deb").write_bytes(deb(tar(("./usr/bin/app", GLIBC.build()))))
    (folder / "third_party/libz.a").write_bytes(_static_library())
    return Scenario(folder, _environment(at))


def installed(at: Path) -> Scenario:
    """Give a repository with a generated library, a store with archives in it, and a cache of exec."""
    folder = mirroring.repository(at)
    _run(at, "lock", "--source=zlib=pypi")
    _run(at, "fetch")
    _run(at, "generate")
    cache = at / "home/.cache/linkmode/unpacked"
    cache.mkdir(parents=True)
    cache.chmod(0o555)
    return Scenario(folder, _environment(at))


def checked(at: Path) -> Scenario:
    """Give a repository with a lock and a generated library that nobody changed, and nothing for pip to install."""
    scenario = installed(at)
    (scenario.folder / "requirements.txt").write_text("# linkmode, by its checksum\n")
    return scenario


def plain(at: Path) -> Scenario:
    """Give an empty folder, and a shell with linkmode on PATH."""
    folder = at / "empty"
    folder.mkdir()
    return Scenario(folder, _environment(at))


SCENARIOS: dict[str, Callable[[Path], Scenario]] = {
    "docs/how-to/add-your-own-pin.md": own_pin,
    "docs/how-to/air-gap.md": air_gap,
    "docs/how-to/audit-images-and-packages.md": audited,
    "docs/how-to/check-in-ci.md": checked,
    "docs/how-to/ci-systems.md": installed,
    "docs/how-to/remove-linkmode.md": installed,
    "docs/how-to/shell-completion.md": plain,
}
"""By page. A page whose blocks are all marked `not run` needs none."""

ELSEWHERE = {
    "docs/tutorial/first-binary.md": "tests/e2e/test_tutorial.py",
    "docs/tutorial/java-binary.md": "tests/e2e/test_tutorial_java.py",
    "docs/tutorial/release-artifact.md": "tests/e2e/test_tutorial_artifact.py",
}
"""Pages whose blocks another test runs, since they need Bazel or a compiler."""


def _run(at: Path, *words: str) -> None:
    done = mirroring.run(at, *words)
    assert done.returncode == 0, f"linkmode {' '.join(words)}: {done.stderr}"


def _environment(at: Path) -> dict[str, str]:
    """Return an environment in which ``linkmode`` is the one under test, with a home, cache and index of its own.

    ``pip`` is for a virtual environment of its own, not for the machine's Python: that may have none.
    """
    tools = at / "bin"
    tools.mkdir(exist_ok=True)
    venv.create(at / "venv")
    pip = f"-m pip --python {at / 'venv' / 'bin' / 'python'}"
    for name, started in (("linkmode", "-m linkmode"), ("pip", pip)):
        (tools / name).write_text(f'#!/bin/sh\nexec {sys.executable} {started} "$@"\n')
        (tools / name).chmod(0o755)
    (at / "home").mkdir(exist_ok=True)
    changed = mirroring.environment(at) | {"HOME": str(at / "home"), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    return {name: value for name, value in changed.items() if name != "LINKMODE_MIRROR"}


def _library() -> Elf:
    return Elf(type=DYN, soname="_native.so", needed=("libc.so.6",), needs=(("libc.so.6", ("GLIBC_2.14",)),))


def _hardened() -> Elf:
    return Elf(
        type=DYN,
        interp=interp(GLIBC_LOADER),
        needed=("libc.so.6",),
        needs=(("libc.so.6", ("GLIBC_2.14",)),),
        relro=True,
        tags=((30, 8),),  # DT_FLAGS: DF_BIND_NOW
    )


def _static_library() -> bytes:
    """Return an archive as ``ar`` writes it: an index of one symbol, and the member that has it."""
    index = struct.pack(">II", 1, 8 + 60 + 12) + b"zip\0"
    return b"!<arch>\n" + _member("/", index) + _member("z.o/", Elf(type=1).build())


def _member(name: str, body: bytes) -> bytes:
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{644:<8}{len(body):<10}`\n".encode() + body
