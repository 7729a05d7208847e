"""Takes the flags of a toolchain from the generated rules, so that `exec` compiles as Bazel does."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import msgspec

from linkmode.families.compiler import Compiler
from linkmode.model.components import first_two
from linkmode.model.cpus import CPUS, facts
from linkmode.model.rule_tables import tables
from linkmode.model.values import Artifact, LockedToolchain


class Flags(msgspec.Struct, frozen=True):
    """The words of a compiler for one target, by what they are for: the attributes of ``cc_toolchain_config``.

    Paths in them begin with ``{root}`` (the unpacked archive), ``{runtime}`` and ``{cxx_runtime}`` (the built run-time
    files), ``{lld}`` (the linker that clang is to call) or ``{names}`` and ``{static_names}`` (the folders of
    ``library_names``, which the driver does without): `at` puts the real ones there.
    """

    words: dict[str, tuple[str, ...]]

    def at(self, name: str, places: Mapping[str, str]) -> tuple[str, ...]:
        """Return the words of an attribute, with ``places`` put in; none where the family does not set it."""
        words = (word for word in self.words.get(name, ()) if not word.endswith(_NAMES))
        return tuple(_placed(word, places) for word in words)


_NAMES = ("{names}", "{static_names}")
_FLAG_ATTRIBUTES = "_flags", "_libraries"


def flags(toolchain: LockedToolchain, artifact: Artifact, compiler: Compiler) -> Flags:
    """Return the flags that the generated rules give a locked toolchain of the family of ``compiler``."""
    data: dict[str, Any] = {
        "ARTIFACTS": {
            artifact.name: {
                "measured": artifact.measured,
                "layout": artifact.layout,
                "line": first_two(artifact.version),
            }
        },
        "CPUS": {name: facts(cpu) for name, cpu in CPUS.items()},
        **compiler.rule_data(artifact),
        "TOOLCHAINS": [
            {
                "artifact": artifact.name,
                "exec": toolchain.exec,
                "target": toolchain.target,
                "without": list(toolchain.without),
            }
        ],
    }
    taken: list[dict[str, Any]] = []
    names = tables(compiler.rules, data, lambda **attributes: taken.append(attributes))
    names[PurePosixPath(compiler.rules).stem](name=artifact.name)
    [attributes] = taken
    return Flags(
        {name: tuple(value) for name, value in attributes.items() if name.endswith(_FLAG_ATTRIBUTES)},
    )


def _placed(word: str, places: Mapping[str, str]) -> str:
    for name, path in places.items():
        word = word.replace(f"{{{name}}}", path)
    return word
