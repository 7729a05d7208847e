"""A macro of somebody's own over linkmode's."""

load("@linkmode//:defs.bzl", "link_mode_binary")

def shop_binary(name, binary):
    """A static binary.

    Args:
        name: its name.
        binary: what is wrapped.
    """
    link_mode_binary(
        name = name,
        binary = binary,
        link_mode = "static",
    )
