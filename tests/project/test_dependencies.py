"""What pyproject.toml admits has no known vulnerability; .ci/locks says to the byte what is installed to test it."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCKS = sorted((ROOT / ".ci" / "locks").glob("*.txt"))

RUN = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
EXTRAS = {
    extra: [Requirement(text) for text in texts] for extra, texts in PROJECT["project"]["optional-dependencies"].items()
}
BUILD = [Requirement(text) for text in PROJECT["build-system"]["requires"]]

PYTHONS = ("3.11.2", "3.12.0", "3.13.0", "3.14.0", "3.15.0")
"""Debian 12's, and each that was released after it."""

VULNERABILITIES = [
    ("certifi", "2024.7.4", "CVE-2024-39689"),
    ("click", "8.3.3", "CVE-2026-7246"),
    ("cryptography", "46.0.6", "CVE-2026-34073"),
    ("dnspython", "2.6.1", "CVE-2023-29483"),
    ("filelock", "3.20.1", "CVE-2025-68146"),
    ("filelock", "3.20.3", "CVE-2026-22701"),
    ("idna", "3.7", "CVE-2024-3651"),
    ("idna", "3.15", "CVE-2026-45409"),
    ("jinja2", "3.1.4", "CVE-2024-34064"),
    ("jinja2", "3.1.5", "CVE-2024-56201 CVE-2024-56326"),
    ("jinja2", "3.1.6", "CVE-2025-27516"),
    ("pyasn1", "0.6.2", "CVE-2026-23490"),
    ("pydantic", "2.4.0", "CVE-2024-3772"),
    ("pygments", "2.20.0", "CVE-2026-4539"),
    ("pyjwt", "2.10.1", "CVE-2024-53861"),
    ("pytest", "9.0.3", "CVE-2025-71176"),
    ("requests", "2.32.0", "CVE-2024-35195"),
    ("requests", "2.32.4", "CVE-2024-47081"),
    ("requests", "2.33.0", "CVE-2026-25645"),
    ("urllib3", "2.5.0", "CVE-2025-50181 CVE-2025-50182"),
    ("urllib3", "2.6.0", "CVE-2025-66418 CVE-2025-66471"),
    ("urllib3", "2.6.3", "CVE-2026-21441"),
    ("urllib3", "2.7.0", "CVE-2026-44431 CVE-2026-44432"),
    ("urllib3", "2.8.0", "CVE-2026-97687 CVE-2026-97689"),
]
"""Distribution, the first release without it, and its advisories: of all that a lock names, as of November 2026."""


def pins(name: str, python: str = PYTHONS[0]) -> dict[str, Version]:
    """Return what a lock has pip install on a Python for Linux: versions by the names of distributions."""
    text = (ROOT / ".ci" / "locks" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    found: dict[str, Version] = {}
    for line in text.splitlines():
        requirement = Requirement(line.partition(" --hash=")[0].strip())
        if requirement.marker and not requirement.marker.evaluate(environment(python)):
            continue
        [specifier] = requirement.specifier
        assert specifier.operator == "==", line
        key = canonicalize_name(requirement.name)
        assert key not in found, f"{name}.txt has {key} twice for Python {python}"
        found[key] = Version(specifier.version)
    return found


def environment(python: str) -> dict[str, str]:
    here = {key: str(value) for key, value in default_environment().items()}
    return here | {"python_full_version": python, "python_version": ".".join(python.split(".")[:2])}


def floor(requirement: Requirement) -> Version:
    [specifier] = requirement.specifier
    assert specifier.operator == ">=", f"{requirement}: one floor, and nothing else"
    return Version(specifier.version)


def applies(requirement: Requirement, python: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(environment(python))


@pytest.mark.parametrize(("name", "first", "advisory"), VULNERABILITIES)
def test_no_floor_and_no_lock_has_a_known_vulnerability(name: str, first: str, advisory: str) -> None:
    for requirement in (*RUN, *BUILD, *(one for extra in EXTRAS.values() for one in extra)):
        if canonicalize_name(requirement.name) == name:
            assert floor(requirement) >= Version(first), f"{requirement}: {advisory}"
    for path in LOCKS:
        assert pins(path.stem).get(name, Version(first)) >= Version(first), f"{path.name}: {advisory}"


def test_what_is_listed_as_vulnerable_is_still_used() -> None:
    everything = {name for path in LOCKS for name in pins(path.stem)}
    assert {name for name, _, _ in VULNERABILITIES} <= everything


def test_every_line_of_a_lock_has_checksums_and_none_names_an_index() -> None:
    assert [path.stem for path in LOCKS] == ["dev", "fuzz", "lowest", "run"]
    for path in LOCKS:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"://|--(index-url|extra-index-url|find-links)|@ ", text), path.name
        for line in text.replace("\\\n", " ").splitlines():
            assert re.search(r" --hash=sha256:[0-9a-f]{64}( |$)", line), f"{path.name}: {line}"


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("dev", [*RUN, *EXTRAS["test"], *EXTRAS["lint"], *EXTRAS["docs"]]),
        ("run", [*RUN, *BUILD]),
        ("fuzz", EXTRAS["fuzz"]),
    ],
    ids=["dev", "run", "fuzz"],
)
def test_a_lock_has_all_that_is_asked_for(lock: str, wanted: list[Requirement], python: str) -> None:
    found = pins(lock, python)
    for requirement in wanted:
        if applies(requirement, python):
            assert requirement.specifier.contains(found[canonicalize_name(requirement.name)]), requirement
        else:
            assert canonicalize_name(requirement.name) not in found


@pytest.mark.parametrize("requirement", [*RUN, *EXTRAS["test"]], ids=str)
def test_the_fast_tests_run_on_every_floor(requirement: Requirement) -> None:
    found = pins("lowest")[canonicalize_name(requirement.name)]
    at = floor(requirement).release
    # a floor may leave out the last numbers, and the last of them may have been withdrawn: then the first that is there
    assert found >= floor(requirement)
    assert found.release[: min(len(at), 2)] == at[:2], f"make lock: the lowest that can be had is {found}"


def test_what_a_user_takes_is_what_was_tested() -> None:
    dev = pins("dev")
    assert {name: version for name, version in pins("run").items() if dev.get(name) != version} == {}
