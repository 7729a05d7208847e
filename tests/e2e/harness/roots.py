"""The libc that a mostly_static or dynamic program of another CPU is run with: Debian's, from packages of its port."""

from pathlib import Path

from harness import debian
from harness.places import WORK
from harness.shared import MissingToolchainsError
from linkmode.model.cpus import CPUS
from linkmode.model.target import Target

_SUITES = {"riscv64": "trixie", "loong64": "sid"}
"""Where a port is not in bookworm."""


def libc(target: Target) -> dict[str, Path]:
    """Return loader and libraries of the libc of ``target``, by their paths in a root.

    Raises MissingToolchainsError where Debian has none.
    """
    arch = CPUS[target.cpu].debian
    if not arch:
        raise MissingToolchainsError(f"Debian has no port whose libc runs on {target.cpu}")
    package = "musl" if target.is_musl else "libc6"
    folder = WORK / "ports" / arch
    files = folder / f"{package}.files"
    if not files.is_dir():
        deb = _deb(folder, arch, package)
        found = debian.files(deb, r"((?:usr/)?lib\S*/\S+)")
        for path, content in found.items():
            place = files.with_suffix(".part") / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod(0o755)
        files.with_suffix(".part").rename(files)
    loader = CPUS[target.cpu].musl_loader if target.is_musl else CPUS[target.cpu].glibc_loader
    return _of(files, loader)


def _of(files: Path, loader: str) -> dict[str, Path]:
    paths = {f"/{path.relative_to(files)}": path for path in files.rglob("*") if path.is_file()}
    # the loader is a link in the package, which a root does not need
    own = [path for path in paths if path.endswith(f"/{loader.rpartition('/')[2]}")]
    if own:
        return paths | {loader: paths[own[0]]}
    one = [path for path in paths if path.endswith("/libc.so") or "/ld-" in path or "/ld64" in path]
    if len(one) != 1:
        raise MissingToolchainsError(f"{files} has no {loader}")
    return paths | {loader: paths[one[0]]}


def _deb(folder: Path, arch: str, package: str) -> Path:
    found = sorted(folder.glob(f"{package}_*.deb"))
    if found:
        return found[0]
    line = f"deb [arch={arch}] {{mirror}} {_SUITES.get(arch, 'bookworm')} main"
    return debian.latest(folder, line, f"{package}:{arch}", f"{package}_*.deb")
