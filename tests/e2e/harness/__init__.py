"""What the end-to-end tests, `make e2e` and `make demo` share: a Bazel, a case, sandboxes, a table."""
