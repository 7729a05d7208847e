"""Bazel's own downloader against a store that linkmode filled: no network, both digests, and the canonical id."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from linkmode.model.values import Checksum
from linkmode.store.files import Store

BAZEL = shutil.which("bazel")
pytestmark = [pytest.mark.tier("bazel"), pytest.mark.skipif(BAZEL is None, reason="no bazel on PATH")]

RULE = """
def _impl(ctx):
    ctx.download(
        url = ["https://upstream.invalid/tool"],
        output = "tool",
        integrity = ctx.attr.integrity,
        canonical_id = ctx.attr.canonical_id,
    )
    ctx.file("BUILD", "exports_files([\\"tool\\"])")

probe = repository_rule(
    implementation = _impl,
    attrs = {"integrity": attr.string(), "canonical_id": attr.string()},
)
"""


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_bazel_takes_it_from_the_store(tmp_path: Path, algorithm: str) -> None:
    body = f"bytes known by {algorithm}".encode()
    checksum = Checksum(algorithm, hashlib.new(algorithm, body).hexdigest())  # type: ignore[arg-type]
    (tmp_path / "new").write_bytes(body)
    Store(tmp_path / "store").admit(tmp_path / "new", checksum, "https://upstream.invalid/tool")
    workspace = tmp_path / "ws"
    workspace.mkdir()
    calls = [
        f'probe(name = "{name}", integrity = "{checksum.sri}", canonical_id = "{identity}")'
        for name, identity in (("ours", "https://upstream.invalid/tool"), ("other", "https://upstream.invalid/v2"))
    ]
    (workspace / "BUILD").write_text("")
    (workspace / "probe.bzl").write_text(RULE)
    (workspace / "WORKSPACE").write_text("\n".join(['load("//:probe.bzl", "probe")', *calls]) + "\n")
    (workspace / "MODULE.bazel").write_text(
        "\n".join(['probe = use_repo_rule("//:probe.bzl", "probe")', *calls]) + "\n"
    )

    def bazel(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(BAZEL), f"--output_user_root={tmp_path / 'root'}", "--max_idle_secs=10", *arguments]
        return subprocess.run(command, cwd=workspace, capture_output=True, text=True, check=False, timeout=300)

    cache = f"--repository_cache={tmp_path / 'store'}"
    try:
        good = bazel("query", cache, "@ours//:tool")
        assert good.returncode == 0, good.stderr
        found = [path for path in (tmp_path / "root").glob("*/external/*ours/tool") if path.read_bytes() == body]
        assert found
        # The same bytes under another canonical id are not served: Bazel goes to the network, which is not there.
        bad = bazel("query", cache, "@other//:tool")
        assert bad.returncode != 0
        assert "upstream.invalid" in bad.stderr
    finally:
        bazel("shutdown")
        # Bazel makes its output folders read-only, and pytest could not remove them.
        subprocess.run(["chmod", "-R", "u+w", str(tmp_path)], check=True)
