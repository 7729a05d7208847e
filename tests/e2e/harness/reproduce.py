"""The same targets built several times over, by rounds that share nothing and differ in all that should not matter.

Every round has a checkout, an output base and a store of its own and no cache. Beside that:

- ``here``: this user, UTC, the plain C locale, the sandbox that Bazel chooses.
- ``elsewhere``: another path, of another length; another user, where root runs this; another locale and time zone;
  sources with another date; and where libfaketime is installed, linkmode two and a half years ahead.
- ``remote``: a third path, and every action in the empty sandbox of a remote execution server.

What this cannot do is give the build another clock: Bazel takes LD_PRELOAD away from its server, and compilers and
linkers are static programs, which libfaketime does not reach. Their clock differs by the minutes between two rounds.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from harness import buildbox, workspace
from harness.bazel import Bazel
from harness.cases import Binary
from harness.examples import Example
from harness.places import STORE

NOBODY = 65534
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
_OLD = 946_684_800
"""The date that sources have elsewhere: 1 January 2000, in seconds."""


@dataclass(frozen=True)
class _What:
    """What every round builds: binaries of an example, from copies of one workspace."""

    example: Example
    template: Path
    binaries: tuple[Binary, ...]


@dataclass(frozen=True)
class Round:
    """What one round made: the digest of each thing by its name, and whose paths the binaries must not hold."""

    name: str
    differs: tuple[str, ...]
    digests: dict[str, str]
    leaks: tuple[str, ...]


def rounds(builder: Bazel, example: Example, binaries: Sequence[Binary]) -> list[Round]:
    """Build ``binaries`` of ``example`` in every round.

    Raises NoBuildBoxError where there is no remote execution, and MissingToolchainsError where there are no toolchains.
    """
    what = _What(example, example.prepare(example.case, f"{builder.name}-reproduce"), tuple(binaries))
    return [_here(builder, what), _elsewhere(builder, what), _remote(builder, what)]


def differences(made: Sequence[Round]) -> list[str]:
    """Return what is not the same in every round, or holds a path of one: nothing, when all is well."""
    first = made[0]
    found = [
        f"{name}: {other.name} is not the same as {first.name}"
        for other in made[1:]
        for name in sorted({*first.digests, *other.digests})
        if first.digests.get(name) != other.digests.get(name)
    ]
    return found + [leak for one in made for leak in one.leaks]


def digest(data: bytes) -> str:
    """Return the SHA-256 of ``data`` as hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def paths_in(data: bytes, place: str) -> list[str]:
    """Return the texts in a binary that hold a path of the round's own machine: ``place``, a sandbox, a user's home."""
    marks = (os.fsencode(place), b"/execroot/", b"linux-sandbox", b"/proc/self/cwd", b"/home/", b"/root/")
    return sorted(
        {text.decode() for text in re.findall(rb"[ -~]*(?:" + b"|".join(map(re.escape, marks)) + rb")[ -~]*", data)}
    )


def _here(builder: Bazel, what: _What) -> Round:
    with TemporaryDirectory(prefix="a-", dir="/var/tmp") as name:
        place = Path(name)
        environment = {"LC_ALL": "C", "TZ": "UTC"}
        return _round("here", replace(builder.in_place(place), environment=environment), place, what)


def _elsewhere(builder: Bazel, what: _What) -> Round:
    with TemporaryDirectory(prefix="another-checkout-", dir="/var/tmp") as name:
        place = Path(name)
        bazel = builder.in_place(place)
        differs = ["path", "locale", "time zone", "date of the sources"]
        environment = {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kathmandu", "HOME": str(place)}
        nobody = bazel.as_user(NOBODY)
        if nobody:
            bazel = nobody
            environment["USER"] = "nobody"
            differs.append("user")
        clock: dict[str, str] = {}
        if _FAKETIME.exists():
            clock = {"LD_PRELOAD": str(_FAKETIME), "FAKETIME": "+912d"}
            differs.append("clock of linkmode")
        bazel = replace(bazel, environment=environment)
        return _round("elsewhere", bazel, place, what, clock=clock, differs=differs, old=True)


def _remote(builder: Bazel, what: _What) -> Round:
    with TemporaryDirectory(prefix="r-", dir="/var/tmp") as name, buildbox.server() as server:
        place = Path(name)
        options = (f"--remote_executor=grpc://{server}", "--config=linkmode_remote", "--spawn_strategy=remote")
        differs = ("path", "empty sandbox of a remote server")
        return _round("remote", builder.in_place(place), place, what, options=options, differs=differs)


def _round(
    name: str,
    bazel: Bazel,
    place: Path,
    what: _What,
    *,
    options: Sequence[str] = (),
    clock: Mapping[str, str] | None = None,
    differs: Sequence[str] = (),
    old: bool = False,
) -> Round:
    checkout, store = place / "checkout", place / "store"
    environment = {**bazel.environment, **(clock or {})}
    if STORE.is_dir():  # every round has the archives that are here already; `linkmode fetch` brings what is missing
        shutil.copytree(STORE, store)
    what.example.copy_to(checkout, what.template, store=store, environment=environment)
    digests = {f"generated {path}": digest for path, digest in _tree(checkout).items()}
    if old:
        for path in checkout.rglob("*"):
            os.utime(path, (_OLD, _OLD), follow_symlinks=False)
    with ExitStack() as cleanup:
        if "user" in differs:
            _give(place, NOBODY)
        cleanup.callback(bazel.leave, checkout)
        flags = (f"--repository_cache={store}", "--disk_cache=", *options)
        bazel.run(checkout, "build", *flags, *(binary.label for binary in what.binaries))
        leaks = []
        for binary in what.binaries:
            data = (checkout / binary.path).read_bytes()
            digests[binary.label] = digest(data)
            digests[f"audit of {binary.label}"] = _audit(checkout, binary, environment)
            leaks += [f"{binary.label}: {name} left {text!r} in it" for text in paths_in(data, str(place))]
    return Round(name, tuple(differs), digests, tuple(leaks))


def _give(place: Path, uid: int) -> None:
    place.chmod(0o755)
    for path in (place, *place.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def _tree(checkout: Path) -> dict[str, str]:
    generated = [checkout / "linkmode.lock", *sorted((checkout / "third_party").rglob("*"))]
    return {str(path.relative_to(checkout)): digest(path.read_bytes()) for path in generated if path.is_file()}


def _audit(checkout: Path, binary: Binary, environment: Mapping[str, str]) -> str:
    said = workspace.linkmode(checkout, "audit", "--json", binary.path, environment=environment).stdout
    json.loads(said)
    return digest(said.encode())
