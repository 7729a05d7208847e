"""Every key of linkmode.toml with its type, default and meaning.

The reading modules refuse a key that is not here, and docs/reference/config.md is generated from here.
"""

from typing import NamedTuple


class Key(NamedTuple):
    """A key of a table. ``type`` is TOML's word for the value; ``default`` is as TOML spells it, empty if required."""

    type: str
    default: str
    meaning: str


REQUIRED = ""
"""The ``default`` of a key that must be given."""

TABLES: dict[str, dict[str, Key]] = {
    "": {
        "output": Key(
            "string",
            '"third_party/linkmode"',
            "The folder of the rule library, relative to `linkmode.toml` and inside the repository. "
            "Each part has letters, digits and `. _ + @ -`. A symbolic link on the way is refused.",
        ),
        "build-systems": Key("array", '["bazel"]', "The build systems to write rules for: `bazel`, `buck2`, `dune`."),
        "exec-platforms": Key("array", '["x86_64-linux"]', "Where compilers run: `x86_64-linux`, `aarch64-linux`."),
    },
    "toolchain": {
        "family": Key("string", REQUIRED, "`musl.cc` (GCC with musl, as published by musl.cc) or `zig`."),
        "version": Key(
            "string",
            REQUIRED,
            "A version constraint as in [PEP 440](https://peps.python.org/pep-0440/#version-specifiers): `~=0.15.2`, "
            "`>=11.2,<12`. A bare version means exactly that version.",
        ),
        "targets": Key("array", REQUIRED, "Target triples in Zig's notation."),
        "without": Key(
            "array",
            "[]",
            'Parts of the compiler that no program of this repository needs: `"c++"`, and with `musl.cc` `"lto"`.',
        ),
    },
    "library": {
        "<library>": Key("string", REQUIRED, "The version constraint of a library to build from pinned sources."),
    },
    "language": {
        "<language>": Key("string", REQUIRED, "The version constraint of a language whose rules you want."),
    },
    "link-modes": {
        "static": Key("string or array", "see below", "The targets of `static`, at most one for each CPU."),
        "mostly_static": Key("string or array", "see below", "The targets of `mostly_static`."),
        "dynamic": Key("string or array", "see below", "The targets of `dynamic`."),
    },
    "mirrors": {
        "<beginning of URLs>": Key(
            "array",
            REQUIRED,
            'URLs that replace this beginning: `https:`, `http:` or `file:`. The key `"*"` names air-gap mirrors.',
        ),
    },
    "exec-properties": {
        "<property>": Key("string", REQUIRED, "A property of every exec platform, in the words of the remote service."),
        "<exec platform>": Key("table", "{}", "Properties of one exec platform. They override those for all."),
    },
    "malloc": {
        "<target>": Key("string", REQUIRED, "The allocator of this target's binaries: `mimalloc`."),
    },
    "adapters": {
        "rules_go": Key("boolean", "false", "Set up binaries of rules_go for a link mode."),
        "rules_rust": Key("boolean", "false", "Set up binaries of rules_rust for a link mode."),
    },
    "bazel-module": {
        "name": Key(
            "string",
            '"linkmode"',
            "The name of the rule library among Bazel's modules; its labels stay `@linkmode//…`.",
        ),
        "version": Key("string", '"1"', "Its version: what other modules ask for in `bazel_dep`."),
    },
    "dune.<executable>": {
        "stubs": Key("array", "[]", "The C halves of OCaml libraries, as `-l` takes them: `unix` for `libunix.a`."),
        "libraries": Key("table", "{}", "C libraries to link statically, each with its name in pkg-config."),
        "system": Key("array", '["pthread"]', "Parts of libc, which stay shared together with it."),
    },
    "advisories": {
        "accept": Key("table", "{}", "Ids of advisories that you accept, each with the reason in one line."),
    },
}
"""By table, then by key. A key in angle brackets stands for any name of that kind. ``pin`` is `model.values.Pin`."""

TOP_LEVEL = (*TABLES[""], *dict.fromkeys(name.partition(".")[0] for name in TABLES if name), "pin")
"""What may stand at the top of linkmode.toml."""
