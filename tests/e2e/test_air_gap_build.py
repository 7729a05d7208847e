"""A machine with no route out and nothing but a mirror locks, fetches, generates, and builds with real Bazel."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from harness import bazel
from harness.cases import CASES
from harness.places import ROOT, STORE
from harness.shared import MissingToolchainsError
from harness.workspace import linkmode, prepare

pytestmark = pytest.mark.tier("bazel")

BAZEL = "4.2.3"
CASE = CASES["c_zlib"]
INSIDE = """
set -eu
ip link set lo up
! timeout 5 "$PYTHON" -c 'import socket; socket.create_connection(("192.0.2.1", 443))' 2>/dev/null
"$PYTHON" -m http.server --bind 127.0.0.1 --directory "$MIRROR" 8000 >/dev/null 2>&1 &
trap 'kill $!' EXIT
until "$PYTHON" -c 'import socket; socket.create_connection(("127.0.0.1", 8000))' 2>/dev/null; do sleep 0.1; done
"$PYTHON" -m linkmode lock "$@"
"$PYTHON" -m linkmode fetch --mirror http://127.0.0.1:8000
"$PYTHON" -m linkmode generate
$BUILD
$SHUTDOWN
"$PYTHON" -m linkmode audit --expect static bazel-bin/pack_as_static
"""


def test_a_machine_with_only_the_mirror_builds(tmp_path: Path) -> None:
    namespace = ["unshare", "--map-root-user", "--net", "--"]
    if not shutil.which("unshare") or subprocess.run([*namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no network namespace: unshare is missing, or not permitted")
    try:
        builder = replace(bazel.find(BAZEL), output=tmp_path / "output")
        outside = prepare(CASE, f"air-gap-{BAZEL}")
    except (bazel.NoBazelError, MissingToolchainsError) as error:
        pytest.skip(str(error))
    linkmode(outside, "mirror", str(tmp_path / "mirror"), f"--store={STORE}", "--offline")

    inside = tmp_path / "workspace"
    shutil.copytree(outside, inside, ignore=shutil.ignore_patterns("bazel-*", "third_party", "linkmode.lock"))
    store = tmp_path / "store"
    flags = [f"--repository_cache={store}", "--disk_cache="]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "generator"),
        "PYTHON": sys.executable,
        "MIRROR": str(tmp_path / "mirror"),
        "LINKMODE_STORE": str(store),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "BUILD": " ".join(builder.command("build", *flags, "//:pack_as_static")),
        "SHUTDOWN": " ".join(builder.command("shutdown")),
        "PWD": str(inside),
    }
    sources = [f"--source={source}" for source in CASE.sources]
    try:
        done = subprocess.run(
            [*namespace, "sh", "-c", INSIDE, "sh", *sources],
            cwd=inside,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("fetched from http://127.0.0.1:8000/sha256/") == 3
        assert (inside / "linkmode.lock").read_bytes() == (outside / "linkmode.lock").read_bytes()
    finally:
        # Bazel makes its output folders read-only, and pytest could not remove them.
        subprocess.run(["chmod", "-R", "u+w", str(tmp_path)], check=True)
