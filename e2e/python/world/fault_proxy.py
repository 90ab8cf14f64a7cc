"""A proxy between adg and a service that speaks HTTP, in which calls go wrong by rules.

It passes all headers through as they came: a signature is over the host that the caller asked for.
"""

import http.client
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO
from urllib.parse import urlsplit

from world.fault_rules import Answer, Cut, Delay, Fault, Flip, Gate, Lost, Reset, Rules, Stall
from world.process import HOST, free_port

OWN = {"connection", "transfer-encoding", "content-length"}
"""Headers of one connection, which are said anew on the next."""
WITHOUT_BODY = {204, 304}


@dataclass
class Proxy:
    """A proxy that listens. What it does to calls its rules say."""

    port: int
    upstream: tuple[str, int]
    rules: Rules = field(default_factory=Rules)
    refuses: bool = False
    """Whether it resets connections as soon as they are made, as if nobody were there."""
    open: set[socket.socket] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Where it is, for HTTP."""
        return f"http://{HOST}:{self.port}"

    def die(self) -> None:
        """Breaks all connections, and refuses new ones from now on."""
        self.refuses = True
        for connection in list(self.open):
            reset(connection)


@contextmanager
def http_proxy(url: str) -> Iterator[Proxy]:
    """A proxy for a service that speaks HTTP."""
    with listening(url, _serve_http) as proxy:
        yield proxy


@contextmanager
def listening(url: str, serve: Callable[[Proxy, socket.socket], None]) -> Iterator[Proxy]:
    """A proxy that serves each connection in a thread of its own."""
    parts = urlsplit(url)
    proxy = Proxy(free_port(), (parts.hostname or HOST, parts.port or 80))
    with socket.create_server((HOST, proxy.port), backlog=256) as listener:
        threading.Thread(target=_accept, args=(proxy, listener, serve), daemon=True).start()
        yield proxy
        listener.shutdown(socket.SHUT_RDWR)


def _accept(proxy: Proxy, listener: socket.socket, serve: Callable[[Proxy, socket.socket], None]) -> None:
    def handle(client: socket.socket) -> None:
        proxy.open.add(client)
        with client, suppress(OSError, http.client.HTTPException):
            serve(proxy, client)
        proxy.open.discard(client)

    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            if proxy.refuses:
                reset(client)
            else:
                threading.Thread(target=handle, args=(client,), daemon=True).start()


def reset(connection: socket.socket) -> None:
    """Ends it at once, for both sides: what was sent and not read yet is lost."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        # Another thread may be reading from it, which keeps it open.
        connection.shutdown(socket.SHUT_RD)
    connection.close()


def wait(fault: Fault | None) -> None:
    """Until the service may hear of the call."""
    if isinstance(fault, Delay):
        time.sleep(fault.seconds)
    if isinstance(fault, Gate):
        fault.reached.set()
        fault.opened.wait()


@dataclass
class _Request:
    """A request, of which the body is read when it is needed."""

    method: str
    path: str
    headers: http.client.HTTPMessage
    stream: BinaryIO
    read: bytes = b""

    def body(self, limit: int | None = None) -> bytes:
        """All of the body, or its beginning."""
        length = int(self.headers.get("Content-Length", 0))
        wanted = length if limit is None else min(limit, length)
        if len(self.read) < wanted:
            self.read += self.stream.read(wanted - len(self.read))
        return self.read

    def call(self) -> str:
        """As rules see it."""
        words = [self.method, self.headers.get("X-Amz-Target") or self.path, self.headers.get("Range", "")]
        return " ".join(filter(None, words))


def _request(stream: BinaryIO) -> _Request | None:
    line = stream.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    return _Request(line[0], line[1], http.client.parse_headers(stream), stream)


def _serve_http(proxy: Proxy, client: socket.socket) -> None:
    with client.makefile("rb") as stream:
        while request := _request(stream):
            fault = proxy.rules.fault(request.call(), request.body)
            if isinstance(fault, Reset):
                request.body(fault.read)
                return reset(client)
            body = request.body()
            wait(fault)
            answer = fault.answer if isinstance(fault, Gate) else fault
            if isinstance(answer, Answer):
                _send(client, answer.status, [("Content-Type", answer.kind)], answer.body)
                continue
            with closing(http.client.HTTPConnection(*proxy.upstream, timeout=300)) as connection:
                reply = _forward(connection, request, body)
                content = reply.read()
            if isinstance(fault, Lost):
                return reset(client)
            headers = [(name, value) for name, value in reply.getheaders() if name.lower() not in OWN]
            if request.method == "HEAD":
                headers += [("Content-Length", reply.headers.get("Content-Length", "0"))]
            if not _send(client, reply.status, headers, content, fault, bare=request.method == "HEAD"):
                return None
    return None


def _forward(connection: http.client.HTTPConnection, request: _Request, body: bytes) -> http.client.HTTPResponse:
    connection.putrequest(request.method, request.path, skip_host=True, skip_accept_encoding=True)
    for name, value in request.headers.items():
        if name.lower() != "connection":
            connection.putheader(name, value)
    connection.endheaders(body)
    return connection.getresponse()


def _send(
    client: socket.socket,
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
    fault: Fault | None = None,
    bare: bool = False,
) -> bool:
    """Sends a reply with what goes wrong with its body; whether the connection is still good."""
    if not bare and status not in WITHOUT_BODY:
        headers = [*headers, ("Content-Length", str(len(body)))]
    lines = [
        f"HTTP/1.1 {status} {http.client.responses.get(status, 'Unknown')}",
        *(f"{name}: {value}" for name, value in headers),
    ]
    client.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
    if isinstance(fault, Flip) and body:
        at = min(fault.at, len(body) - 1)
        body = body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]
    if isinstance(fault, Cut | Stall):
        client.sendall(body[: fault.after])
        if isinstance(fault, Cut):
            time.sleep(0.05)  # Lest what was sent is thrown away with the connection.
            if fault.reset:
                reset(client)
            return False
        time.sleep(fault.seconds)
        body = body[fault.after :]
    client.sendall(body)
    return True
