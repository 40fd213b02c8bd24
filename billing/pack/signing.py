"""The SPL's key: Ed25519 (RFC 8032), its public half known by the SHA-256 of its 32 bytes.

Values in, values out; where the private half is kept is a matter of settings.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from foundation.errors import Refusal

SEED_BYTES = 32


@dataclass(frozen=True)
class PublicKey:
    """The half that checks."""

    key: Ed25519PublicKey

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the key, hexadecimal: its name on paper and in manifests."""
        return hashlib.sha256(self.key.public_bytes_raw()).hexdigest()

    @property
    def pem(self) -> str:
        """The key as OpenSSL and others read it (SubjectPublicKeyInfo)."""
        return self.key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def signed(self, data: bytes, signature: bytes) -> bool:
        """Return whether `signature` was made over `data` by the private half."""
        try:
            self.key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """The half that signs; never shown, never stored by us."""

    key: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """The half that checks."""
        return PublicKey(self.key.public_key())

    def sign(self, data: bytes) -> bytes:
        """Return the 64 bytes of the signature of `data`."""
        return self.key.sign(data)


def signer_of(seed: str) -> Signer:
    """Return the signer of a seed of 32 bytes written in base64; ValueError where it is none."""
    try:
        raw = base64.b64decode(seed, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(raw) != SEED_BYTES:
        raise ValueError("not 32 bytes")
    return Signer(Ed25519PrivateKey.from_private_bytes(raw))


def public_key_of(pem: bytes | str) -> PublicKey:
    """Return the public key of a PEM file; refuse what is not an Ed25519 one."""
    try:
        key = serialization.load_pem_public_key(pem.encode() if isinstance(pem, str) else pem)
    except (ValueError, UnicodeEncodeError):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise Refusal("Cette clé publique ne se lit pas : il faut le fichier PEM d'une clé Ed25519, publié par la SPL.")
    return PublicKey(key)
