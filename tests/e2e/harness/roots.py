"""The libc that a mostly_static or dynamic program of another CPU is run with: Debian's, from packages of its port."""

from pathlib import Path

from harness import debian
from harness.places import WORK
from harness.shared import MissingToolchainsError
from linkmode.model.cpus import CPUS
from linkmode.model.target import Target

_SUITES = {"riscv64": "trixie", "loong64": "sid"}
"""Where a port is not in bookworm."""
_TOO_NEW = ("loong64",)
"""Ports whose libc ends under Debian 12's qemu-user with an illegal instruction."""


def libc(target: Target) -> dict[str, Path]:
    """Return loader and libraries of the libc of ``target``, by their paths in a root.

    Raises MissingToolchainsError where Debian has none.
    """
    cpu = CPUS[target.cpu]
    if not cpu.debian:
        raise MissingToolchainsError(f"Debian has no port whose libc runs on {target.cpu}")
    if cpu.debian in _TOO_NEW:
        raise MissingToolchainsError(f"qemu-{cpu.qemu} 7.2 does not know all instructions of Debian's libc")
    paths = package(cpu.debian, "musl" if target.is_musl else "libc6")
    loader = cpu.musl_loader if target.is_musl else cpu.glibc_loader
    # where a program looks for it the package has a link, which is left out
    name = "libc.so" if target.is_musl else loader.rpartition("/")[2]
    found = [path for path in paths if path.endswith(f"/{name}")]
    if len(found) != 1:
        raise MissingToolchainsError(f"Debian's libc for {cpu.debian} has {len(found)} files called {name}")
    return paths | {loader: paths[found[0]]}


def package(arch: str, name: str) -> dict[str, Path]:
    """Return the files of a package of Debian for ``arch`` that lie in its library folders, by their paths in a root.

    Raises MissingToolchainsError where there is none.
    """
    folder = WORK / "ports" / arch
    files = folder / f"{name}.files"
    if not files.is_dir():
        for path, content in debian.files(_deb(folder, arch, name), r"((?:usr/)?lib\S*/\S+)").items():
            place = files.with_suffix(".part") / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod(0o755)
        files.with_suffix(".part").rename(files)
    return {f"/{path.relative_to(files)}": path for path in files.rglob("*") if path.is_file()}


def _deb(folder: Path, arch: str, name: str) -> Path:
    found = sorted(folder.glob(f"{name}_*.deb"))
    if found:
        return found[0]
    line = f"deb [arch={arch}] {{mirror}} {_SUITES.get(arch, 'bookworm')} main"
    return debian.latest(folder, line, f"{name}:{arch}", f"{name}_*.deb")
