"""linkmode: hermetic C/C++ toolchains pinned by checksum, and one link mode per target, for Bazel."""

__version__ = "0.1.0"
