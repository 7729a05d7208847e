"""Recognises the sources of zlib."""

from linkmode.model.survey import Measured, Recogniser, Survey, tree_digest

_SOURCES = ("adler32.c", "crc32.c", "deflate.c", "inflate.c")


def recognise(found: Survey) -> Measured | None:
    """Return what the archive is, None where it has no zlib."""
    starts = [path.removesuffix("zlib.h") for path in found.zlib]
    homes = [start for start in starts if all(f"{start}{source}" in found.nodes for source in _SOURCES)]
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


RECOGNISER = Recogniser(f"zlib.h beside {', '.join(_SOURCES)}", recognise)
