"""A real HTTP server on loopback whose every route misbehaves in its own way, and says what it was asked."""

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "FaultServer"

    def do_GET(self) -> None:
        self.server.asked.append((self.path, dict(self.headers)))
        answer = self.server.routes.get(self.path, status(404))
        self.close_connection = True
        # The other side may hang up at any time: that is what these tests are about.
        with contextlib.suppress(OSError):
            answer(self)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return

    def head(self, code: int, headers: dict[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    @property
    def start(self) -> int:
        """Where the range that was asked for begins; 0 without one."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))


class FaultServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.routes: dict[str, Answer] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()
        self.scheme = "https" if context else "http"
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that refuses our certificate is no error of the server."""

    def url(self, path: str) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}{path}"

    def times(self, path: str) -> int:
        return sum(1 for asked, _ in self.asked if asked == path)


@contextlib.contextmanager
def running(context: ssl.SSLContext | None = None) -> Iterator[FaultServer]:
    server = FaultServer(context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


def whole(body: bytes, **headers: str) -> Answer:
    """The file, or the part of it that was asked for."""

    def answer(handler: Handler) -> None:
        start = handler.start
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        if start >= len(body):
            handler.head(416, {"Content-Length": "0", "Content-Range": f"bytes */{len(body)}"})
            return
        if start:
            extra["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.head(206 if start else 200, {"Content-Length": str(len(body) - start)} | extra)
        handler.wfile.write(body[start:])

    return answer


def rangeless(body: bytes) -> Answer:
    """The whole file, whatever part was asked for."""
    return lengthless(body, declared=len(body))


def lengthless(body: bytes, declared: int | None = None, code: int = 200, **headers: str) -> Answer:
    """These bytes and the end of the connection, with any Content-Length or none."""

    def answer(handler: Handler) -> None:
        length = {} if declared is None else {"Content-Length": str(declared)}
        handler.head(code, length | {name.replace("_", "-"): value for name, value in headers.items()})
        handler.wfile.write(body)

    return answer


def chunked(body: bytes) -> Answer:
    def answer(handler: Handler) -> None:
        handler.head(200, {"Transfer-Encoding": "chunked"})
        handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))

    return answer


def broken(body: bytes, upto: int, *, reset: bool = False) -> Answer:
    """The file (or the part asked for) with its right length, cut after ``upto`` bytes of this answer."""

    def answer(handler: Handler) -> None:
        start = handler.start
        headers = {"Content-Length": str(len(body) - start)}
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        handler.head(206 if start else 200, headers)
        handler.wfile.write(body[start : start + upto])
        if reset and start + upto < len(body):
            handler.wfile.flush()
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()

    return answer


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    return lengthless(body, declared=len(body), code=code, **headers)


def raw(answer: bytes) -> Answer:
    """These bytes, whatever they mean, and the end of the connection."""

    def send(handler: Handler) -> None:
        handler.wfile.write(answer)

    return send


def redirect(to: str) -> Answer:
    return status(302, Location=to)


def endless_redirect(to: str) -> Answer:
    """A redirect whose body never ends."""

    def answer(handler: Handler) -> None:
        handler.head(302, {"Location": to})
        while True:
            handler.wfile.write(b"x" * 65536)

    return answer


def html() -> Answer:
    page = b"<!DOCTYPE html><html><title>Log in</title></html>"
    return lengthless(page, declared=len(page), Content_Type="text/html; charset=utf-8")


def stall(body: bytes, after: int) -> Answer:
    """Some of the file, then nothing, with the connection open."""

    def answer(handler: Handler) -> None:
        handler.head(200, {"Content-Length": str(len(body))})
        handler.wfile.write(body[:after])
        handler.server.released.wait(60)

    return answer


def drip(body: bytes, every: float) -> Answer:
    """One byte at a time: each read succeeds, and the file never comes."""

    def answer(handler: Handler) -> None:
        handler.head(200, {"Content-Length": str(len(body))})
        for byte in body:
            handler.wfile.write(bytes([byte]))
            if handler.server.released.wait(every):
                return

    return answer


def drip_headers(every: float) -> Answer:
    """A status, and then a header that comes byte by byte and never ends."""

    def answer(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        while not handler.server.released.wait(every):
            handler.wfile.write(b"x")

    return answer


def endless_continue(every: float) -> Answer:
    """One interim answer after another, and never the answer."""

    def answer(handler: Handler) -> None:
        while not handler.server.released.wait(every):
            handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    return answer


def drip_frames(body: bytes, every: float, *, trailers: bool) -> Answer:
    """A body in one chunk; then, byte by byte and without end, the size of a second one, or trailers."""

    def answer(handler: Handler) -> None:
        handler.head(200, {"Transfer-Encoding": "chunked"})
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(body), body) + (b"0\r\n" if trailers else b""))
        while not handler.server.released.wait(every):
            handler.wfile.write(b"X: y\r\n" if trailers else b"0")

    return answer


def silent_handshake() -> socket.socket:
    """A listening socket that nobody answers at: the connection comes about, and TLS never does."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


def in_turn(*answers: Answer) -> Answer:
    """The first answer to the first request, and so on; the last one for ever."""
    left = list(answers)

    def answer(handler: Handler) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer
