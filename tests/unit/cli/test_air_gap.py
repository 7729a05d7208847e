"""A machine with no route out, and nothing but the mirror: a network namespace with a plain server of static files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mirroring import ZIG, ZLIB, environment, repository, run

INSIDE = """
set -eu
ip link set lo up
python3 - <<'EOF'
import socket
try:
    socket.create_connection(("192.0.2.1", 443), timeout=2)
except OSError:
    raise SystemExit(0)
raise SystemExit("there is a way out")
EOF
if test "$HOW" = http; then
    "$PYTHON" -m http.server --bind 127.0.0.1 --directory "$MIRROR" 8000 >/dev/null 2>&1 &
    trap 'kill $!' EXIT
    until "$PYTHON" -c 'import socket; socket.create_connection(("127.0.0.1", 8000))' 2>/dev/null; do sleep 0.1; done
    from=http://127.0.0.1:8000/
else
    from="$MIRROR"
fi
"$PYTHON" -m linkmode lock --source=zlib=pypi
"$PYTHON" -m linkmode fetch --mirror "$from"
"$PYTHON" -m linkmode generate
"""


def namespace() -> list[str]:
    """Return a command that starts another one in a network of its own; skip where that is not allowed."""
    command = ["unshare", "--map-root-user", "--net", "--"]
    try:
        tried = subprocess.run([*command, "ip", "link", "set", "lo", "up"], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"no network namespace: {error}")
    if tried.returncode:
        pytest.skip(f"no network namespace: {tried.stderr.strip()}")
    return command


@pytest.mark.parametrize("how", ["http", "file"])
def test_lock_fetch_and_generate_without_a_network(tmp_path: Path, how: str) -> None:
    command = namespace()
    (tmp_path / "outside").mkdir()
    repository(tmp_path / "outside")
    assert run(tmp_path / "outside", "lock", "--source=zlib=pypi").returncode == 0
    assert run(tmp_path / "outside", "mirror", str(tmp_path / "mirror")).returncode == 0

    inside = tmp_path / "inside"
    inside.mkdir()
    project = repository(inside)
    (project / "archives" / "zig.tar.xz").unlink()
    (inside / "index" / "zlib-9.9.tar.gz").unlink()
    settings = {"HOW": how, "MIRROR": str(tmp_path / "mirror"), "PYTHON": sys.executable, "PWD": str(project)}
    done = subprocess.run(
        [*command, "sh", "-c", INSIDE],
        cwd=project,
        env=environment(inside) | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"/{ZIG}\n" in done.stdout
    assert f"/{ZLIB}\n" in done.stdout
    here, there = project / "linkmode.lock", tmp_path / "outside" / "repository" / "linkmode.lock"
    assert here.read_bytes() == there.read_bytes()
    assert (project / "third_party" / "linkmode" / "defs.bzl").exists()
    assert len(list((inside / "store" / "content_addressable").glob("*/*/file"))) == 2
    assert os.listdir(inside / "index") == []  # noqa: PTH208 - a list to compare
