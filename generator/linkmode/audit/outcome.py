"""What an audit found, as values that processes hand to each other."""

import msgspec

from linkmode.audit.show.report import Audited, PassedOver


class Package(msgspec.Struct):
    """Files of an archive or image that belong together, by paths that begin at its own ``/``.

    ``files`` are the paths under which the files that were audited are shown, ``links`` symbolic links with their
    targets, ``texts`` the files that a loader reads.
    """

    files: dict[str, str] = {}
    links: dict[str, str] = {}
    texts: dict[str, str] = {}
    is_wheel: bool = False


class Outcome(msgspec.Struct, frozen=True):
    """Files that were audited, or should have been, and those that are nothing to audit.

    ``packages`` are what archives hold that belongs together; their files are judged as a whole in the end.
    """

    audited: tuple[Audited, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    packages: tuple[Package, ...] = ()
