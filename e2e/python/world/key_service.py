"""The data key service of the replaced system: HTTPS for callers with a certificate, and a master key that stays inside.

Run by itself, with a folder of certificates and a port, it is the server.
"""

import base64
import http.client
import itertools
import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from world.process import HOST, Command, free_port, listens, running, temporary

DECRYPT = "/datakey/actions/decrypt"
NEW_KEY = "/datakey"
KEY_IDS = ("cloudhsm:1,2", "cloudhsm:3,4")
"""The ids of new keys, in turn. All are wrapped by one master key, but each unwraps by its own id alone."""
NONCE = 12
"""Bytes in front of a wrapped key."""
FAREWELL = 5
"""Seconds that a refused caller has to read why."""


@dataclass(frozen=True)
class KeyService:
    """A running server, who vouches for it, a caller whom it serves, and a stranger whom it refuses."""

    url: str
    """Where keys are decrypted."""
    new_key_url: str
    ca: Path
    certificate: Path
    key: Path
    stranger_certificate: Path
    stranger_key: Path
    folder: Path
    pid: int


@contextmanager
def key_service() -> Iterator[KeyService]:
    """The server, which knows no keys but those that it made since its start."""
    port = free_port()
    with temporary("key-service") as folder:
        ca, other = _identity(folder, "ca"), _identity(folder, "other-ca")
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST)), x509.DNSName("localhost")])
        _identity(folder, "server", ca, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), names)
        calls = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        client, stranger = _identity(folder, "client", ca, calls), _identity(folder, "stranger", other, calls)
        callers = (client.certificate, client.key, stranger.certificate, stranger.key)
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[1])}
        command = Command([sys.executable, "-m", "world.key_service", folder, str(port)], folder, environment)
        with running(command, lambda: listens(port)) as pid:
            url = f"https://{HOST}:{port}"
            yield KeyService(url + DECRYPT, url + NEW_KEY, ca.certificate, *callers, folder, pid)


def new_key(service: KeyService, bits: int = 128) -> tuple[str, bytes, str]:
    """A key's id, the key, and the key wrapped."""
    made = _call(service, "GET", f"{NEW_KEY}?correlationId=test&bits={bits}")
    return made["dataKeyEncryptionKeyId"], base64.b64decode(made["plaintextDataKey"]), made["ciphertextDataKey"]


def control(service: KeyService, **settings: Any) -> None:
    """`fail`: the statuses of the next requests for keys, one each. `delay_seconds`: how long all take from now on."""
    _call(service, "POST", "/control", json.dumps(settings))


def requests(service: KeyService) -> list[dict[str, Any]]:
    """The requests for keys so far, those of `new_key` among them."""
    seen: list[dict[str, Any]] = _call(service, "GET", "/requests")
    return seen


def _call(service: KeyService, method: str, path: str, body: str | None = None) -> Any:
    context = ssl.create_default_context(cafile=service.ca)
    context.load_cert_chain(service.certificate, service.key)
    with closing(http.client.HTTPSConnection(HOST, urlsplit(service.url).port, context=context)) as connection:
        connection.request(method, path, body)
        response = connection.getresponse()
        answer = response.read()
    if response.status not in (200, 201):
        raise RuntimeError(f"the key service answered {response.status} to {method} {path}: {answer!r}")
    return json.loads(answer)


@dataclass(frozen=True)
class _Identity:
    name: x509.Name
    private: ec.EllipticCurvePrivateKey
    certificate: Path
    key: Path


def _identity(folder: Path, name: str, by: _Identity | None = None, *more: x509.ExtensionType) -> _Identity:
    """Makes a key and its certificate, signed by somebody, or else by itself: then it may sign others."""
    private, ca = ec.generate_private_key(ec.SECP256R1()), by is None
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"adg test {name}")])
    made = _Identity(subject, private, folder / f"{name}.pem", folder / f"{name}.key")
    issuer = by or made
    begin = datetime.now(UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(issuer.name, subject, private.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(begin).not_valid_after(begin + timedelta(days=365))
    usage = x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False)
    critical: tuple[x509.ExtensionType, ...] = (x509.BasicConstraints(ca, 0 if ca else None), usage)
    for extension in critical:
        builder = builder.add_extension(extension, critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.private.public_key())
    for extension in (identifier, authority, *more):
        builder = builder.add_extension(extension, critical=False)
    made.certificate.write_bytes(builder.sign(issuer.private, hashes.SHA256()).public_bytes(Encoding.PEM))
    made.key.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return made


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        super().__init__((HOST, port), _Handler)
        self.context = context
        self.master = AESGCM(AESGCM.generate_key(256))
        self.ids = itertools.cycle(KEY_IDS)
        self.lock = threading.Lock()
        self.settings: dict[str, Any] = {"fail": [], "delay_seconds": 0}
        self.seen: list[dict[str, Any]] = []

    def finish_request(self, request: Any, client_address: Any) -> None:
        """In the connection's thread, so that whoever is slow to show a certificate keeps nobody waiting."""
        with self.context.wrap_socket(request, server_side=True, do_handshake_on_connect=False) as secured:
            try:
                secured.do_handshake()
            except ssl.SSLError:
                # Closed with what the caller sent unread, the connection would be reset before it reads the reason.
                with socket.socket(fileno=secured.detach()) as refused, suppress(OSError):
                    refused.settimeout(FAREWELL)
                    refused.shutdown(socket.SHUT_WR)
                    while refused.recv(4096):
                        pass
                return
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Callers may leave when they like."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        """Answers a request for a key, and notes it."""
        with self.lock:
            try:
                if self.settings["fail"]:
                    status, answer = self.settings["fail"].pop(0), {"error": "told to fail"}
                elif "correlationId" not in query:
                    raise ValueError("no correlationId")
                elif path == DECRYPT:
                    status, answer = 200, self._decrypt(query.get("keyId"), body)
                else:
                    status, answer = 201, self._new(query.get("bits", "128"))
            except (ValueError, InvalidTag) as error:
                status, answer = 400, {"error": str(error) or "the key does not unwrap"}
            asked = {"keyId": query.get("keyId"), "correlationId": query.get("correlationId")}
            self.seen.append({"method": method, "path": path, **asked, "status": status})
            return status, answer

    def _decrypt(self, key_id: str | None, body: bytes) -> dict[str, str]:
        if key_id not in KEY_IDS:
            raise ValueError(f"unknown keyId {key_id}" if key_id else "no keyId")
        wrapped = base64.b64decode(body.strip(), validate=True)
        key = self.master.decrypt(wrapped[:NONCE], wrapped[NONCE:], key_id.encode())
        return {"dataKeyEncryptionKeyId": key_id, "plaintextDataKey": base64.b64encode(key).decode()}

    def _new(self, bits: str) -> dict[str, str]:
        if bits not in ("128", "256"):
            raise ValueError(f"no keys of {bits} bits")
        key_id, key, nonce = next(self.ids), AESGCM.generate_key(int(bits)), os.urandom(NONCE)
        wrapped = nonce + self.master.encrypt(nonce, key, key_id.encode())
        plaintext, ciphertext = base64.b64encode(key).decode(), base64.b64encode(wrapped).decode()
        return {"dataKeyEncryptionKeyId": key_id, "plaintextDataKey": plaintext, "ciphertextDataKey": ciphertext}

    def control(self, settings: dict[str, Any]) -> tuple[int, Any]:
        """Takes what is given; the rest stays."""
        with self.lock:
            if settings.keys() - self.settings.keys():
                return 400, {"error": f"not one of {', '.join(self.settings)}"}
            self.settings |= settings
            return 200, {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        """Answers any request."""
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = (self.command, url.path)
        if asked in (("POST", DECRYPT), ("GET", NEW_KEY)):
            status, answer = self.server.answer(self.command, url.path, dict(parse_qsl(url.query)), body)
            time.sleep(self.server.settings["delay_seconds"])
        elif asked == ("POST", "/control"):
            status, answer = self.server.control(json.loads(body))
        elif asked == ("GET", "/requests"):
            status, answer = 200, list(self.server.seen)
        else:
            status, answer = 404, {"error": f"no {self.command} {url.path}"}
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Nothing: `/requests` tells."""


def main() -> None:
    """Serves until it is killed."""
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    with _Server(port, context) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
