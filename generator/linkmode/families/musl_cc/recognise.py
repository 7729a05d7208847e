"""Recognises an archive of musl.cc: one GCC for one target."""

import re

from linkmode.model.survey import Measured, Recogniser, Survey, UnclearError, tree_digest

_GCC = re.compile(r"(?:(?P<prefix>.+)/)?lib/gcc/(?P<triple>[^/]+)/(?P<version>\d+(?:\.\d+)+)/[^/]+")


def recognise(found: Survey) -> Measured | None:
    """Return what the archive is, None where it has no GCC. Raises UnclearError when it has several, or no driver."""
    homes = {match.groups() for path in found.nodes if (match := _GCC.fullmatch(path))}
    if not homes:
        return None
    if len(homes) > 1:
        raise UnclearError(f"holds several compilers: {', '.join(sorted(f'{t} {v}' for _, t, v in homes))}")
    prefix, triple, gcc = next(iter(homes))
    start = f"{prefix}/" if prefix else ""
    layout = "native" if f"{start}bin/gcc" in found.nodes else "cross"
    driver = f"{start}bin/gcc" if layout == "native" else f"{start}bin/{triple}-gcc"
    if driver not in found.nodes:
        raise UnclearError(f"has no {driver} to go with {start}lib/gcc/{triple}/{gcc}")
    remarks = []
    machine = found.tools[driver].machine if driver in found.tools else ""
    if not machine:
        raise UnclearError(f"{driver} is no program whose ELF header can be read")
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


def _values(places: dict[str, str], start: str) -> list[str]:
    return sorted({value for path, value in places.items() if path.startswith(start)})


RECOGNISER = Recogniser("lib/gcc/<triple>/<version>/", recognise)
