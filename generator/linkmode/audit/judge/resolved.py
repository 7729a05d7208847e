"""What the package that a file lies in holds of what it needs: made by :mod:`linkmode.audit.load.package`."""

import functools

import msgspec


class Brought(msgspec.Struct, frozen=True):
    """A needed library that lies in the same package, at ``path`` in it, where the file itself has its loader look."""

    name: str
    path: str


class Resolved(msgspec.Struct, frozen=True, dict=True):
    """``brought`` are libraries that come along; ``missing`` are those that a whole system has not."""

    brought: tuple[Brought, ...] = ()
    missing: tuple[str, ...] = ()

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """The names of what is brought."""
        return frozenset(one.name for one in self.brought)


ALONE = Resolved()
"""A file of which nothing but itself is known."""
