"""A server that keeps what it is sent, and answers as it is told to."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Message:
    """The content of a request."""

    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """Its body."""
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Server:
    """Keeps what it is sent. Answers are given in turn: a status, or `hang`, or `drop`; then 200."""

    answers: dict[str, list[int | str]] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    """All of them, those included that were refused."""
    url: str = ""

    def take(self) -> list[Message]:
        """Takes all that came since the last time."""
        found, self.messages = self.messages, []
        return found


@contextmanager
def listening() -> Iterator[Server]:
    """A server until its block ends."""
    server = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            server.messages.append(Message(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            turn = server.answers.get(self.path, [])
            answer = turn.pop(0) if turn else 200
            if answer == "hang":
                time.sleep(60)
            elif answer == "drop":
                self.connection.close()
            else:
                self.send_response(int(answer))
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    server.url = f"http://127.0.0.1:{httpd.server_address[1]}"
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield server
    httpd.shutdown()
