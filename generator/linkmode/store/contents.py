"""Reads the files of an archive that is not unpacked to stay."""

import tempfile
from pathlib import Path

from linkmode.archives.unpack import extract
from linkmode.messages import IntegrityError


def of(archive: Path, folder: str) -> dict[str, bytes]:
    """Return each file below a folder of an archive, by its path there.

    Raises IntegrityError when the archive is not to be trusted, or holds a symbolic link.
    """
    with tempfile.TemporaryDirectory(prefix="linkmode-") as into:
        extract(archive, Path(into), file=archive.name, strip_prefix=folder)
        paths = sorted(path for path in Path(into).rglob("*") if path.is_symlink() or path.is_file())
        if links := [path for path in paths if path.is_symlink()]:
            raise IntegrityError(
                f"{archive}: {links[0].relative_to(into)} is a symbolic link",
                expected="regular files and folders",
                hint="make an archive with the file instead of the link, and a dist with that archive",
            )
        return {path.relative_to(into).as_posix(): path.read_bytes() for path in paths}
