"""What an audit found, as values that processes hand to each other."""

import msgspec

from linkmode.audit.show.report import Audited, PassedOver, Wheel


class Package(msgspec.Struct):
    """Files of an archive or image that belong together, by paths that begin at its own ``/``.

    ``shown`` is the archive as a report shows it. ``files`` are the paths under which the files that were audited are
    shown, ``links`` symbolic links with their targets, ``texts`` the files that a loader reads. What is not there is
    missing only where the archive ``is_whole``.
    """

    shown: str = ""
    files: dict[str, str] = {}
    links: dict[str, str] = {}
    texts: dict[str, str] = {}
    is_wheel: bool = False
    is_whole: bool = True


class Outcome(msgspec.Struct, frozen=True):
    """Files that were audited, or should have been, and those that are nothing to audit.

    ``packages`` are what archives hold that belongs together; their files are judged as a whole in the end, and then
    ``wheels`` has a row for each wheel.
    """

    audited: tuple[Audited, ...] = ()
    passed_over: tuple[PassedOver, ...] = ()
    packages: tuple[Package, ...] = ()
    wheels: tuple[Wheel, ...] = ()
