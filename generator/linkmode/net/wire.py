"""Holds the sockets of one request, so that a deadline or another thread can end it.

requests' timeouts count from byte to byte: a server that sends one byte of a header now and then, or one
``100 Continue`` after another, would keep a reader for ever, and nothing can be done to what reads before it ends.
So every socket is noted as soon as it is connected, before TLS and before anything is sent.
"""

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter


class Wire:
    """All connections of one request and its redirects. Safe for use by several threads.

    ``late`` is why the clock ended them, half a sentence; empty as long as it has not.
    """

    def __init__(self) -> None:
        self.late = ""
        self._guard = threading.Lock()
        self._is_cut = False
        self._twins: list[socket.socket] = []
        self._timer: threading.Timer | None = None

    def hold(self, connected: socket.socket) -> None:
        """Note a connection. A duplicate is kept: TLS takes the socket itself away, and file numbers are used again."""
        # Of the system's own kind: a proxy's library may have a class of its own for it.
        twin = socket.socket(fileno=os.dup(connected.fileno()))
        with self._guard:
            self._twins.append(twin)
            if self._is_cut:
                _shut(twin)

    def cut(self) -> None:
        """End every connection, also those still to come: who reads or writes there gets an end or an error."""
        with self._guard:
            self._is_cut = True
            for twin in self._twins:
                _shut(twin)

    def within(self, seconds: float, late: str) -> None:
        """Start the clock again: cut when it is not called again, nor `rest`, in time. ``late`` says what was not."""
        timer = threading.Timer(seconds, self._ring, [late])
        timer.daemon = True
        with self._guard:
            if self._timer:
                self._timer.cancel()
            self._timer = timer
        timer.start()

    def rest(self) -> None:
        """Stop the clock."""
        with self._guard:
            if self._timer:
                self._timer.cancel()
            self._timer = None

    def close(self) -> None:
        """Stop the clock and let go of the connections, which their owners close."""
        self.rest()
        with self._guard:
            for twin in self._twins:
                twin.close()
            self._twins.clear()

    def _ring(self, late: str) -> None:
        with self._guard:
            if self._timer is not threading.current_thread():
                return  # set again, or stopped, at the last moment
            self.late = late
        self.cut()


class Session(requests.Session):
    """A session whose connections are held by a wire, and that reads no redirect's body.

    requests reads that, whole, even where it is told not to follow.
    """

    def __init__(self, wire: Wire) -> None:
        super().__init__()
        for prefix in ("https://", "http://"):
            self.mount(prefix, _Adapter(wire))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Say that there is none."""


class _Adapter(HTTPAdapter):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        super().init_poolmanager(*arguments, **named)
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **named)
        if is_new:
            self._watch(manager)
        return manager

    def _watch(self, manager: Any) -> None:
        """Let the pools of a manager, whichever it is, make connections that are held."""
        pools = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {
            scheme: type(pool.__name__, (pool,), {"ConnectionCls": _held(pool.ConnectionCls, self._wire.hold)})
            for scheme, pool in pools.items()
        }


def _held(connection: Any, hold: Callable[[socket.socket], None]) -> Any:
    """A class of connections that gives each of its sockets to ``hold`` when it is connected, before TLS."""

    def new_conn(self: Any) -> socket.socket:
        connected: socket.socket = connection._new_conn(self)  # noqa: SLF001 - urllib3's own SOCKS support overrides it
        hold(connected)
        return connected

    return type(connection.__name__, (connection,), {"_new_conn": new_conn})


def _shut(twin: socket.socket) -> None:
    # The server may have closed it already.
    with contextlib.suppress(OSError):
        twin.shutdown(socket.SHUT_RDWR)
