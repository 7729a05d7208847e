"""From the files of an archive to its family, and to what a pin of that family says. Pure."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from linkmode.catalog.measure.survey import Survey, tree_digest
from linkmode.messages import ConfigError, UsageError, did_you_mean

_GCC = re.compile(r"(?:(?P<prefix>.+)/)?lib/gcc/(?P<triple>[^/]+)/(?P<version>\d+(?:\.\d+)+)/[^/]+")
_ZIG_LIB = "lib/std/std.zig"
_LABEL = re.compile(r"\d+\.\d+\.\d+")
_ZLIB_SOURCES = ("adler32.c", "crc32.c", "deflate.c", "inflate.c")


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What a pin says of an archive, in the pin's own words (`model.Pin`). ``remarks`` is what a person should know."""

    family: str
    version: str
    layout: str
    strip_prefix: str
    exec: str | None
    targets: tuple[str, ...]
    measured: dict[str, str]
    tree_sha256: str
    remarks: tuple[str, ...]


def label(file: str) -> str:
    """Return the version that a file name has in it, or an empty string."""
    found = _LABEL.search(file)
    return found[0] if found else ""


def check_family(family: str | None) -> None:
    """Raise UsageError when a family is named whose archives say nothing here, before one of them is downloaded."""
    if family is not None and family not in _FAMILIES:
        guess = did_you_mean(family, _FAMILIES)
        raise UsageError(
            f"--family: linkmode cannot measure {family!r}{guess}",
            hint=f"it can: {', '.join(_FAMILIES)}; a [[pin]] of another is written by hand",
        )


def recognise(found: Survey, family: str | None = None) -> Measured:
    """Return what the archive is: of ``family`` when one is named, else of the first whose layout it has.

    Raises:
        UsageError: no such family is known here.
        ConfigError: it has no layout that is known, or does not state what its pin must say.
    """
    check_family(family)
    for name in [family] if family else _FAMILIES:
        measured: Measured | None = _FAMILIES[name](found)
        if measured:
            return measured
    looked = f"the layout of {family}" if family else f"the layout of {', '.join(_FAMILIES)}"
    raise ConfigError(
        f"{found.file}: has not {looked}: expected lib/gcc/<triple>/<version>/ (musl.cc), zig beside {_ZIG_LIB} (zig) "
        f"or zlib.h beside {', '.join(_ZLIB_SOURCES)} (zlib)",
        hint="a new family needs code of its own: docs/how-to/add-your-own-pin.md",
    )


def _musl_cc(found: Survey) -> Measured | None:
    homes = {match.groups() for path in found.nodes if (match := _GCC.fullmatch(path))}
    if not homes:
        return None
    if len(homes) > 1:
        raise ConfigError(
            f"{found.file}: holds several compilers: {', '.join(sorted(f'{t} {v}' for _, t, v in homes))}"
        )
    prefix, triple, gcc = next(iter(homes))
    start = f"{prefix}/" if prefix else ""
    layout = "native" if f"{start}bin/gcc" in found.nodes else "cross"
    driver = f"{start}bin/gcc" if layout == "native" else f"{start}bin/{triple}-gcc"
    if driver not in found.nodes:
        raise ConfigError(f"{found.file}: has no {driver} to go with {start}lib/gcc/{triple}/{gcc}")
    remarks = []
    machine = found.tools[driver].machine if driver in found.tools else ""
    if not machine:
        raise ConfigError(f"{found.file}: {driver} is no program whose ELF header can be read")
    measured = {"gcc": gcc}
    for fact, places in (("musl", found.musl), ("binutils", found.binutils)):
        if values := _values(places, start):
            measured[fact] = values[0]
        else:
            remarks.append(f"no {fact} version was found in it")
        if len(values) > 1:
            remarks.append(f"it states several versions of {fact}: {', '.join(values)}")
    tools = [tool for path, tool in found.tools.items() if path.startswith(start)]
    measured["host"] = "static" if all(tool.is_static for tool in tools) else "dynamic"
    return Measured(
        family="musl.cc",
        version=gcc,
        layout=layout,
        strip_prefix=prefix or "",
        exec=f"{triple.partition('-')[0] if layout == 'native' else machine}-linux",
        targets=(triple,),
        measured=measured,
        tree_sha256=tree_digest(found.nodes, prefix or ""),
        remarks=tuple(remarks),
    )


def _zig(found: Survey) -> Measured | None:
    homes = [
        path.removesuffix("zig") for path in found.platforms if f"{path.removesuffix('zig')}{_ZIG_LIB}" in found.nodes
    ]
    if not homes:
        return None
    start = min(homes, key=len)
    version = label(found.file)
    if not version:
        raise ConfigError(f"{found.file}: the name has no version, and Zig's archives state it nowhere else")
    is_stated = f"{start}zig" in found.stated
    return Measured(
        family="zig",
        version=version,
        layout="zig",
        strip_prefix=start.removesuffix("/"),
        exec=found.platforms[f"{start}zig"],
        targets=(),
        measured={"zig": version} if is_stated else {},
        tree_sha256=tree_digest(found.nodes, start.removesuffix("/")),
        remarks=() if is_stated else (f"the program zig in it does not hold {version}: is the file name right?",),
    )


def _zlib(found: Survey) -> Measured | None:
    starts = [path.removesuffix("zlib.h") for path in found.zlib]
    homes = [start for start in starts if all(f"{start}{source}" in found.nodes for source in _ZLIB_SOURCES)]
    if not homes:
        return None
    start = min(homes, key=lambda home: (len(home), home))
    others = [home for home in homes if home != start]
    return Measured(
        family="zlib",
        version=found.zlib[f"{start}zlib.h"],
        layout="zlib",
        strip_prefix=start.removesuffix("/"),
        exec=None,
        targets=(),
        measured={"zlib": found.zlib[f"{start}zlib.h"]},
        tree_sha256=tree_digest(found.nodes, start.removesuffix("/")),
        remarks=tuple(f"it holds another zlib in {other}" for other in others),
    )


def _values(places: dict[str, str], start: str) -> list[str]:
    return sorted(set(_below(places, start)))


def _below(places: dict[str, str], start: str) -> Iterable[str]:
    return (value for path, value in places.items() if path.startswith(start))


_FAMILIES: dict[str, Any] = {"musl.cc": _musl_cc, "zig": _zig, "zlib": _zlib}
