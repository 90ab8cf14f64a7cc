"""Proxies between adg and services that do not speak HTTP: the Hive Metastore's thrift, PostgreSQL, and any TCP."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from world.fault_proxy import Proxy, listening, reset, wait
from world.fault_rules import Cut, Fault, Lost, Reset, Stall

CHUNK = 1 << 16
CALL = b"\x80\x01\x00\x01"
"""How a call begins in thrift's binary protocol; the length and the name of its method follow."""


@contextmanager
def thrift_proxy(uri: str) -> Iterator[Proxy]:
    """A proxy for a Hive Metastore."""
    with listening(uri, _serve_thrift) as proxy:
        yield proxy


@contextmanager
def tcp_proxy(url: str) -> Iterator[Proxy]:
    """A proxy that does not look into what passes, as it may be encrypted. Its only call is `connect`; all that the service says
    on that connection is its reply.
    """
    with listening(url, _serve_tcp) as proxy:
        yield proxy


@contextmanager
def postgres_proxy(url: str) -> Iterator[Proxy]:
    """A proxy for PostgreSQL without TLS. Its calls are the texts of simple queries, such as `commit`."""
    with listening(url, _serve_postgres) as proxy:
        yield proxy


def _serve_postgres(proxy: Proxy, client: socket.socket) -> None:
    def call(data: bytes) -> str | None:
        # Statements that are no longer needed are closed before the next query.
        at = 0
        while at + 5 <= len(data):
            (length,) = struct.unpack(">i", data[at + 1 : at + 5])
            if data[at : at + 1] == b"Q":
                return data[at + 5 :].split(b"\0")[0].decode()
            at += 1 + max(length, 4)
        return None

    _serve_calls(proxy, client, call)


def _serve_tcp(proxy: Proxy, client: socket.socket) -> None:
    fault = proxy.rules.fault("connect")
    if isinstance(fault, Reset):
        return reset(client)
    wait(fault)
    with socket.create_connection(proxy.upstream) as upstream:
        left = fault.after if isinstance(fault, Cut) else None

        def back() -> None:
            nonlocal left
            with suppress(OSError):
                while reply := upstream.recv(CHUNK):
                    client.sendall(reply[:left])
                    if left is not None and (left := left - len(reply)) <= 0:
                        break
            if isinstance(fault, Cut) and not fault.reset:
                client.shutdown(socket.SHUT_RDWR)
            else:
                reset(client)

        threading.Thread(target=back, daemon=True).start()
        while data := client.recv(CHUNK):
            upstream.sendall(data)
    return None


def _serve_thrift(proxy: Proxy, client: socket.socket) -> None:
    def call(data: bytes) -> str | None:
        if not data.startswith(CALL):
            return None
        (length,) = struct.unpack(">i", data[4:8])
        return data[8 : 8 + length].decode()

    _serve_calls(proxy, client, call)


def _serve_calls(proxy: Proxy, client: socket.socket, call: Callable[[bytes], str | None]) -> None:
    """One call at a time: whatever the service says is its reply."""
    with socket.create_connection(proxy.upstream) as upstream:
        fault: list[Fault | None] = [None]

        def back() -> None:
            with suppress(OSError):
                while reply := upstream.recv(CHUNK):
                    match fault[0]:
                        case Lost():
                            return reset(client)
                        case Stall(seconds):
                            time.sleep(seconds)
                            fault[0] = None
                    client.sendall(reply)
            reset(client)
            return None

        threading.Thread(target=back, daemon=True).start()
        while data := client.recv(CHUNK):
            if (name := call(data)) is not None:
                fault[0] = proxy.rules.fault(name)
                if isinstance(fault[0], Reset):
                    # Not at the end of the block: the other thread waits for it, and keeps it open.
                    upstream.shutdown(socket.SHUT_RDWR)
                    return reset(client)
                wait(fault[0])
            upstream.sendall(data)
    return None
