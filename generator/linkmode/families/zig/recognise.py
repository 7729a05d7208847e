"""Recognises an archive of Zig: the program next to its library."""

from linkmode.model.survey import Measured, Recogniser, Survey, UnclearError, label, tree_digest

_LIB = "lib/std/std.zig"


def recognise(found: Survey) -> Measured | None:
    """Return what the archive is, None where it has no Zig. Raises UnclearError when its name has no version."""
    homes = [path.removesuffix("zig") for path in found.platforms if f"{path.removesuffix('zig')}{_LIB}" in found.nodes]
    if not homes:
        return None
    start = min(homes, key=len)
    version = label(found.file)
    if not version:
        raise UnclearError("the name has no version, and Zig's archives state it nowhere else")
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


RECOGNISER = Recogniser(f"zig beside {_LIB}", recognise, program="zig")
