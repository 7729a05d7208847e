"""What a C hello and its check send to a remote execution server that has nothing: bytes on the wire.

BuildBox serves (tests/e2e/harness/buildbox.py), and a proxy between it and Bazel counts. Beside files that is what
gRPC adds, the actions themselves and the questions what is there already. Nothing is compressed: this BuildBox takes no
compressed blobs. What stands on the command line chooses: a Bazel, a family, or both.
"""

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "e2e")]

import cost  # noqa: E402 - beside this file
import library  # noqa: E402
from harness import bazel, buildbox, remote  # noqa: E402 - the tests' own harness, which is no package that is installed
from harness.places import TOOLCHAINS  # noqa: E402


class Count:
    """How many bytes have gone through a proxy from clients to the server."""

    sent = 0


def main() -> None:
    """Measure on every Bazel that is installed, or what the command line names."""
    asked = sys.argv[1:]
    for name in [word for word in asked if word in bazel.KNOWN] or bazel.KNOWN[:2]:
        try:
            builder = bazel.find(name)
        except bazel.NoBazelError as error:
            print(f"{name}: {error}")
            continue
        for family in [word for word in asked if word in cost.FAMILIES] or cost.FAMILIES:
            if family == "musl.cc" and not (TOOLCHAINS / library.GCC_ARCHIVE).exists():
                print(f"{name}: no GCC archive beside this checkout")
                continue
            print(f"\nBazel {name}, {family}: sent for a C hello and its check")
            try:
                _measure(builder, cost.workspace_for(f"{name}-{family}-upload", family))
            except buildbox.NoBuildBoxError as error:
                print(f"  {error}")


def _measure(builder: bazel.Bazel, folder: Path) -> None:
    try:
        print(f"  with all of the toolchain {_sent(builder, folder) / 1e6:6.1f} MB", flush=True)
        left_out = cost.leave_out(folder)
        print(f"  without {', '.join(left_out):17} {_sent(builder, folder) / 1e6:6.1f} MB", flush=True)
    finally:
        builder.run(folder, "clean", "--expunge", check=False)


def _sent(builder: bazel.Bazel, folder: Path) -> int:
    with buildbox.server() as server, _counted(server) as (address, count):
        ran = remote.Client(builder, folder).build(address, [cost.HELLO["c"]])
        assert set(remote.counts(ran)) == {"remote"}, remote.counts(ran)
        return count.sent


@contextmanager
def _counted(server: str) -> Iterator[tuple[str, Count]]:
    """Yield the address of a proxy for ``server``, and the count of what goes through it."""
    host, _, port = server.partition(":")
    count = Count()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_serve, args=(listener, (host, int(port)), count), daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", count


def _serve(listener: socket.socket, server: tuple[str, int], count: Count) -> None:
    while True:
        try:
            client, _ = listener.accept()
            upstream = socket.create_connection(server)
        except OSError:  # the listener was closed, or the server has gone: it is over
            return
        threading.Thread(target=_pump, args=(client, upstream, count), daemon=True).start()
        threading.Thread(target=_pump, args=(upstream, client, None), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, count: Count | None) -> None:
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
            if count:
                count.sent += len(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # one end has gone, and so the other may
        sink.close()


if __name__ == "__main__":
    main()
