"""Runs a build tool with the locked toolchain and without Bazel."""
