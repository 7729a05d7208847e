"""What the package that a file lies in holds of what it needs: made by :mod:`linkmode.audit.load.package`."""

import functools

import msgspec


class Brought(msgspec.Struct, frozen=True):
    """A needed library that lies in the same package, at ``path`` in it, where the file itself has its loader look."""

    name: str
    path: str


class Further(msgspec.Struct, frozen=True):
    """A library that the brought library ``by`` needs, and that the platform must have."""

    name: str
    by: str


class Resolved(msgspec.Struct, frozen=True, dict=True):
    """``brought`` are libraries that come along; ``missing`` are those that a whole system has not.

    ``further`` is what a program's loader does not find in the package for the libraries that come along.
    """

    brought: tuple[Brought, ...] = ()
    missing: tuple[str, ...] = ()
    further: tuple[Further, ...] = ()

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The names of the brought libraries."""
        return frozenset(one.name for one in self.brought)


ALONE = Resolved()
"""A file that is judged alone."""
