"""What a lock says is derived again, and the derived value is the one that is used."""

from collections import defaultdict

import msgspec
import pytest
from resolving import CATALOG, ZIG_REQUEST, config

from linkmode.catalog import pins
from linkmode.lock import derive
from linkmode.lock.artifacts import artifact, told_apart
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError, StaleLockError
from linkmode.model import resources
from linkmode.model.values import Artifact, Lock

LOCK = resolve(config(ZIG_REQUEST), CATALOG)
SHIPPED = pins.load(resources.catalogue())


def holding(*artifacts: Artifact) -> Lock:
    return msgspec.structs.replace(LOCK, artifacts=artifacts)


def namesakes() -> list[list[Artifact]]:
    """Return the artifacts of the catalogue by name, of each name that several have."""
    found = defaultdict(list)
    for entry in SHIPPED.families.values():
        for made in (artifact(pin, {}) for pin in entry.pins):
            found[made.name].append(made)
    return [group for group in found.values() if len(group) > 1]


def test_of_artifacts_with_one_name_the_one_that_the_lock_has_is_used() -> None:
    groups = namesakes()
    assert groups
    for one in (one for group in groups for one in (*group, *map(told_apart, group))):
        assert derive.derived_artifacts(holding(one), {}, SHIPPED, "linkmode.lock") == (one,)


def test_the_bytes_of_one_under_the_urls_of_its_namesake_are_refused() -> None:
    first, second, *_ = namesakes()[0]
    mixed = msgspec.structs.replace(first, urls=second.urls, upstream=second.upstream)
    with pytest.raises(StaleLockError, match=r"artifact\[0\]"):
        derive.derived_artifacts(holding(mixed), {}, SHIPPED, "linkmode.lock")


def test_an_error_of_linkmode_toml_is_told_as_that_and_not_as_the_locks() -> None:
    with pytest.raises(ConfigError, match="99") as caught:
        derive.derived(LOCK, config(("zig", "==99.9", ["x86_64-linux-musl"])), CATALOG)
    assert "names pins that no longer exist" not in caught.value.problem
    assert type(caught.value) is ConfigError


def test_of_many_artifacts_that_are_none_the_first_are_named() -> None:
    made = LOCK.artifacts[0]
    others = [msgspec.structs.replace(made, name=f"other-{number}") for number in range(300)]
    with pytest.raises(StaleLockError) as caught:
        derive.derived_artifacts(holding(*others), {}, SHIPPED, "linkmode.lock")
    lines = caught.value.problem.splitlines()
    assert (len(lines), lines[-1]) == (202, "  and 100 more lines")
