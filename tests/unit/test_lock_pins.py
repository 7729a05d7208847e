"""Every pin of the catalogue in a lock: a nibble of its checksum that was changed by hand is refused, by name."""

from pathlib import Path

import msgspec
import pytest

from linkmode import catalog, config, lockfile, pipeline, resources
from linkmode.errors import StaleLockError
from linkmode.families import FAMILIES
from linkmode.model import EXEC_PLATFORMS, Pin, Target
from linkmode.resolve import resolve

CATALOG = catalog.load(resources.catalogue())


def refused(pin: Pin) -> str:
    """Return why linkmode.toml cannot ask for a pin: its version is one that linkmode does not build with."""
    return FAMILIES[pin.family].refuses(
        Target.parse(pin.targets[0] if pin.targets else f"{pin.exec}-musl"), pin.version
    )


PINS = [
    pin
    for entry in CATALOG.families.values()
    for pin in entry.pins
    if pin.exec is None or (pin.exec in EXEC_PLATFORMS and not refused(pin))
]


def inputs(pin: Pin) -> pipeline.Inputs:
    """Return a configuration that locks just this pin, which it names as its own so that no other is preferred."""
    own = msgspec.structs.replace(pin, source="user")
    if pin.exec is None:
        asked = '[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = ["x86_64-linux-musl"]\n'
        asked += f'[library]\n{pin.family} = "=={pin.version}"\n'
    else:
        target = pin.targets[0] if pin.targets else f"{pin.exec}-musl"
        asked = f'exec-platforms = ["{pin.exec}"]\n'
        asked += f'[[toolchain]]\nfamily = "{pin.family}"\nversion = "=={pin.version}"\ntargets = ["{target}"]\n'
        if target != f"{pin.exec}-musl" and pin.family != "zig":
            asked += f'[[toolchain]]\nfamily = "zig"\nversion = "~=0.15.2"\ntargets = ["{pin.exec}-musl"]\n'
    return pipeline.Inputs(config.parse(asked, where="linkmode.toml"), catalog.with_pins(CATALOG, [own]))


@pytest.mark.parametrize("pin", PINS, ids=[f"{pin.family}-{pin.version}-{pin.source}-{pin.file}" for pin in PINS])
def test_a_flipped_nibble_in_a_lock_is_refused_by_name(pin: Pin, tmp_path: Path) -> None:
    given = inputs(pin)
    lock = resolve(given.config, given.catalog)
    (artifact,) = (artifact for artifact in lock.artifacts if artifact.checksum == pin.checksum)
    text = lockfile.dumps(lock)
    whole = pin.checksum.hex
    flipped = f"{int(whole[0], 16) ^ 1:x}{whole[1:]}"
    path = tmp_path / lockfile.FILE
    path.write_text(text, encoding="utf-8")
    assert pipeline.locked(tmp_path, given) == lock
    path.write_text(text.replace(whole, flipped), encoding="utf-8")
    with pytest.raises(StaleLockError) as caught:
        pipeline.locked(tmp_path, given)
    assert caught.value.exit_code == 6
    name = artifact.name.replace(f"-{artifact.version.lower()}", "", 1)
    assert caught.value.problem == (
        "linkmode.lock was edited by hand: its digest is not that of its contents; `linkmode lock` would change\n"
        f"  ~ artifact {name}\n      {pin.checksum.algorithm}: {flipped} → {whole}"
    )
    assert caught.value.hint == "write it again with: linkmode lock"
