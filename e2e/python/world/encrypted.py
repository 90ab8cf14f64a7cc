"""Files as the replaced job's sources encrypt them: packed or not, then AES in counter mode, each under a key of its own."""

import base64
import gzip
import json
import os
import ssl
import urllib.request
from dataclasses import dataclass, replace
from typing import Self
from urllib.parse import urlencode

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from world.key_service import KeyService, new_key

IV, WRAPPED, KEY_ID = "iv", "ciphertext", "datakeyencryptionkeyid"
"""The names of the metadata."""
NEARLY_OVER = b"\xff" * 15 + b"\xfe"
"""A beginning after which the counter starts again from 0, in the third block."""


@dataclass(frozen=True)
class Sealed:
    """An encrypted file, and what only its source and the key service know."""

    content: bytes
    metadata: dict[str, str]
    key: bytes

    @classmethod
    def make(cls, service: KeyService, plain: bytes, bits: int = 128, iv: bytes = b"", packed: bool = True) -> Self:
        """Encrypts a file under a new key, packed before; with a random `iv` where none is given."""
        return cls.under(new_key(service, bits), plain, iv, packed)

    @classmethod
    def under(cls, made: tuple[str, bytes, str], plain: bytes, iv: bytes = b"", packed: bool = True) -> Self:
        """The same under a key that there is."""
        key_id, key, wrapped = made
        iv = iv or os.urandom(16)
        content = _aes(key, iv, gzip.compress(plain, mtime=0) if packed else plain)
        return cls(content, {IV: base64.b64encode(iv).decode(), WRAPPED: wrapped, KEY_ID: key_id}, key)

    def cut(self, length: int) -> Self:
        """Without its end."""
        return replace(self, content=self.content[:length])

    def going_on_with(self, other: "Sealed") -> Self:
        """Puts another file's content in the place of the second half."""
        middle = len(self.content) // 2
        return replace(self, content=self.content[:middle] + other.content[middle:])

    def saying(self, **metadata: str) -> Self:
        """With other metadata; what is to be empty is missing."""
        found = {name: value for name, value in (self.metadata | metadata).items() if value}
        return replace(self, metadata=found)


def unsealed(service: KeyService, content: bytes, metadata: dict[str, str]) -> bytes:
    """A file as it was before it was encrypted and packed."""
    context = ssl.create_default_context(cafile=service.ca)
    context.load_cert_chain(service.certificate, service.key)
    asked = f"{service.url}?{urlencode({'keyId': metadata[KEY_ID], 'correlationId': 'test'})}"
    with urllib.request.urlopen(asked, metadata[WRAPPED].encode(), context=context) as answer:
        key = base64.b64decode(json.load(answer)["plaintextDataKey"])
    plain = _aes(key, base64.b64decode(metadata[IV]), content)
    return gzip.decompress(plain) if plain.startswith(b"\x1f\x8b") else plain


def _aes(key: bytes, iv: bytes, text: bytes) -> bytes:
    """Encrypts or decrypts, which is the same."""
    encryptor = Cipher(AES(key), CTR(iv)).encryptor()
    return encryptor.update(text) + encryptor.finalize()
