"""A server that a client has no reason to trust: it shows a certificate, or none, and keeps whatever is said to it."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
"""The first request of PostgreSQL's clients that would like TLS."""
CLEARTEXT_PASSWORD = b"R\x00\x00\x00\x08\x00\x00\x00\x03"
REFUSED = b"SERROR\x00VERROR\x00C28P01\x00Mpassword authentication failed\x00\x00"
PATIENCE = 5
"""Seconds for which a connection is listened to."""
ANSWER = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Manner(Enum):
    """How it speaks."""

    HTTPS = "HTTPS"
    POSTGRES_TLS = "PostgreSQL that takes TLS"
    POSTGRES_PLAIN = "PostgreSQL that has no TLS"


@dataclass
class Listener:
    """A running server."""

    manner: Manner
    context: ssl.SSLContext | None
    listening: socket.socket
    heard: list[bytes] = field(default_factory=list)
    """All bytes that came in the clear, or behind a handshake."""
    connections: int = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        port: int = self.listening.getsockname()[1]
        return port

    def serve(self) -> None:
        """Takes connections until its socket is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self.listening.accept()
                self.connections += 1
                threading.Thread(target=self._hear, args=(connection,), daemon=True).start()

    def _hear(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE)
        with connection, suppress(OSError):
            if self.manner is not Manner.HTTPS and connection.recv(8, socket.MSG_PEEK) == SSL_REQUEST:
                connection.recv(8)
                connection.sendall(b"S" if self.manner is Manner.POSTGRES_TLS else b"N")
            if self.context is None:
                self._talk(connection)
            else:
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    self._talk(secured)

    def _talk(self, connection: socket.socket) -> None:
        first = connection.recv(65536)
        if not first:
            return
        self.heard.append(first)
        if self.manner is Manner.HTTPS:
            connection.sendall(ANSWER)
            return
        # Then it asks for the password in the clear, and does not like it.
        connection.sendall(CLEARTEXT_PASSWORD)
        self.heard.append(connection.recv(65536))
        connection.sendall(b"E" + (len(REFUSED) + 4).to_bytes(4, "big") + REFUSED)


@contextmanager
def listener(manner: Manner, certificate: Path | None = None, key: Path | None = None) -> Iterator[Listener]:
    """The server, on all addresses of this machine, until its block ends."""
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    with socket.create_server(("0.0.0.0", 0)) as server:
        made = Listener(manner, context, server)
        thread = threading.Thread(target=made.serve, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown(socket.SHUT_RDWR)
