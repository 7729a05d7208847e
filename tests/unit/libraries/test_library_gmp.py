"""GMP as a library: chosen from the catalogue, refused where it is not there, and carried to the rules."""

import shutil
import subprocess

import pytest

from linkmode.catalog import pins
from linkmode.catalog.pins import Catalog
from linkmode.config.document import parse
from linkmode.generate.render import render
from linkmode.lock.resolve import resolve
from linkmode.messages import ConfigError
from linkmode.model import resources
from linkmode.model.values import Tree

BEGIN = """\
[[toolchain]]
family = "zig"
version = "==0.15.2"
targets = ["x86_64-linux-musl"]

[library]
"""


@pytest.fixture(scope="module")
def known() -> Catalog:
    return pins.load(resources.catalogue())


def tree(known: Catalog, library: str) -> Tree:
    wanted = parse(BEGIN + library, where="linkmode.toml")
    return render(wanted, resolve(wanted, known), resources.templates())


def test_the_first_archive_of_the_release_is_locked(known: Catalog) -> None:
    lock = resolve(parse(BEGIN + 'gmp = "~=6.3.0"\n', where="linkmode.toml"), known)
    assert lock.libraries == {"gmp": "gmp-6.3.0"}
    artifact = next(artifact for artifact in lock.artifacts if artifact.name == "gmp-6.3.0")
    assert (artifact.file, artifact.layout, artifact.strip_prefix) == ("gmp-6.3.0.tar.xz", "gmp", "gmp-6.3.0")


def test_its_label_is_there_when_it_is_asked_for(known: Catalog) -> None:
    files = {name: data.decode() for name, data in tree(known, 'gmp = "~=6.3.0"\n').items()}
    assert 'name = "gmp",\n    actual = "@linkmode_gmp-6.3.0//:gmp",' in files["lib/BUILD.bazel"]
    assert files["lock.bzl"].endswith('LIBRARIES = ["gmp"]\n')


def test_no_label_without_it(known: Catalog) -> None:
    assert not [path for path in tree(known, "") if path.startswith("lib/") or "gmp" in path]


@pytest.mark.parametrize(
    ("library", "problem"),
    [
        ('gpm = "~=6.3.0"\n', "library.gpm: the catalogue has no library 'gpm'; did you mean 'gmp'?"),
        ('gmp = "~=6.2.1"\n', "library.gmp: no version of gmp satisfies '~=6.2.1'; the catalogue has 6.3.0"),
    ],
)
def test_what_is_not_there_is_refused(known: Catalog, library: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        tree(known, library)
    assert caught.value.problem == f"linkmode.toml: {problem}"


def test_its_license_is_told(known: Catalog) -> None:
    assert known.families["gmp"].license == "LGPL-3.0-or-later OR GPL-2.0-or-later"
    assert known.families["zlib"].license == "Zlib"


@pytest.mark.parametrize(
    ("width", "order", "problem"),
    [
        (8, "__ORDER_LITTLE_ENDIAN__", ""),
        (4, "__ORDER_LITTLE_ENDIAN__", "64 bits"),
        (8, "__ORDER_BIG_ENDIAN__", "64 bits"),
    ],
)
def test_a_cpu_of_another_width_or_order_does_not_compile(width: int, order: str, problem: str) -> None:
    """Its settings are those of a little-endian CPU of 64 bits: elsewhere it would count wrong."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler here")
    options = [f"-D__SIZEOF_POINTER__={width}", f"-D__BYTE_ORDER__={order}"]
    undefined = ["-U__SIZEOF_POINTER__", "-U__BYTE_ORDER__"]
    header = resources.templates() / "common" / "libraries" / "gmp" / "config.h"
    done = subprocess.run(
        [compiler, "-E", "-P", *undefined, *options, str(header)], capture_output=True, text=True, check=False
    )
    assert bool(done.returncode) is bool(problem)
    assert problem in done.stderr
