"""A pin of each kind in a lock: a nibble of its checksum that was changed by hand is refused, by name."""

from pathlib import Path

import msgspec
import pytest

from linkmode.catalog import pins
from linkmode.config import document
from linkmode.families import FAMILIES
from linkmode.languages import LANGUAGES
from linkmode.lock import current, inputs, lockfile
from linkmode.lock.preference import Preference
from linkmode.lock.resolve import resolve
from linkmode.messages import StaleLockError
from linkmode.model import resources
from linkmode.model.values import EXEC_PLATFORMS, Artifact, Lock, Pin, Target

CATALOG = pins.load(resources.catalogue())


PINS = [pin for entry in CATALOG.families.values() for pin in entry.pins]


def can_be_asked_for(pin: Pin) -> bool:
    """Whether linkmode.toml may ask for it: not for what runs on macOS, nor for what no rules were built with."""
    if pin.family in LANGUAGES:
        return pin.exec is None or pin.exec in EXEC_PLATFORMS
    target = Target(pin.targets[0] if pin.targets else f"{pin.exec}-musl") if pin.exec else None
    return target is None or (pin.exec in EXEC_PLATFORMS and not FAMILIES[pin.family].refuses(target, pin.version))


def one_of_each_kind(chosen: list[Pin]) -> pytest.MarkDecorator:
    """Return a mark for the first pin of each family, kind of archive, origin and set of checksums."""
    kinds = {
        (pin.family, pin.layout, pin.source, pin.sha256 is None, pin.sha512 is None): pin for pin in reversed(chosen)
    }
    ids = [f"{pin.family}-{pin.version}-{pin.source}-{pin.file}" for pin in kinds.values()]
    return pytest.mark.parametrize("pin", list(kinds.values()), ids=ids)


def flipped(digest: str) -> str:
    return f"{int(digest[0], 16) ^ 1:x}{digest[1:]}"


def asking_for(pin: Pin) -> inputs.Inputs:
    """Return a configuration that locks just this pin, which it names as its own so that no other is preferred."""
    own = msgspec.structs.replace(pin, source="user")
    if pin.family in LANGUAGES:
        exec_platform = pin.exec or "x86_64-linux"
        target = {"zstd": "x86_64-linux-gnu.2.17"}.get(pin.layout, (*pin.targets, f"{exec_platform}-musl")[0])
        asked = f'exec-platforms = ["{exec_platform}"]\n'
        asked += f'[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = ["{target}"]\n'
        asked += f'[language]\n{pin.family} = "=={pin.version}"\n'
    elif pin.exec is None:
        asked = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = ["x86_64-linux-musl"]\n'
        asked += f'[library]\n{pin.family} = "=={pin.version}"\n'
    else:
        target = pin.targets[0] if pin.targets else f"{pin.exec}-musl"
        asked = f'exec-platforms = ["{pin.exec}"]\n'
        asked += f'[[toolchain]]\nfamily = "{pin.family}"\nversion = "=={pin.version}"\ntargets = ["{target}"]\n'
        if target != f"{pin.exec}-musl" and pin.family != "zig":
            asked += f'[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = ["{pin.exec}-musl"]\n'
    return inputs.Inputs(document.parse(asked, where="linkmode.toml"), pins.with_pins(CATALOG, [own]))


@one_of_each_kind(PINS)
def test_a_flipped_nibble_in_a_lock_is_refused(pin: Pin) -> None:
    fields = {field: getattr(pin, field) for field in Artifact.__struct_fields__ if hasattr(pin, field)}
    artifact = Artifact(**fields, name="it", upstream=pin.urls[0])
    lock = Lock(version=2, artifacts=(artifact,), toolchains=(), link_modes={}, libraries={})
    text = lockfile.dumps(lock)
    assert lockfile.loads(text, "linkmode.lock") == lock
    for digest in filter(None, (pin.sha256, pin.sha512)):
        edited = text.replace(digest, flipped(digest))
        with pytest.raises(StaleLockError, match=r"linkmode.lock was edited by hand") as caught:
            lockfile.loads(edited, "linkmode.lock")
        assert caught.value.exit_code == 6
        changes = lockfile.diff(lockfile.loads_unverified(edited, "linkmode.lock"), lock)
        assert changes.startswith("  ~ artifact it\n      sha")
        assert changes.endswith(f"{flipped(digest)} → {digest}\n")


@one_of_each_kind([pin for pin in PINS if can_be_asked_for(pin)])
def test_a_command_that_reads_such_a_lock_names_the_artifact(pin: Pin, tmp_path: Path) -> None:
    given = asking_for(pin)
    in_parts = (pin.family, pin.source) == ("rust", "pypi")  # the others come from there, too
    lock = resolve(given.config, given.catalog, Preference({"rust": "pypi"} if in_parts else {}))
    (artifact,) = (artifact for artifact in lock.artifacts if artifact.checksum == pin.checksum)
    text, whole = lockfile.dumps(lock), pin.checksum.hex
    path = tmp_path / lockfile.FILE
    path.write_text(text, encoding="utf-8")
    assert current.locked(tmp_path, given) == lock
    path.write_text(text.replace(whole, flipped(whole)), encoding="utf-8")
    with pytest.raises(StaleLockError) as caught:
        current.locked(tmp_path, given)
    name = artifact.name.replace(f"-{artifact.version.lower()}", "", 1)
    assert caught.value.problem == (
        f"{path} was edited by hand: its digest is not that of its contents; `linkmode lock` would change\n"
        f"  ~ artifact {name}\n      {pin.checksum.algorithm}: {flipped(whole)} → {whole}"
    )
    assert caught.value.hint == "write it again with: linkmode lock"
