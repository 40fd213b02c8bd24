"""The manifest: the SHA-256 of everything an invoice stands on, signed by the SPL's key.

{"signed": {"schema": "manifest/1", "invoice_number": …, "seal": …, "key": fingerprint,
"files": {name: sha256, …}}, "public_key": PEM, "signature": base64 over the canonical JSON of "signed"}
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from billing.pack.signing import public_key_of
from foundation.canonical import canonical_json
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.pack.signing import PublicKey, Signer

SCHEMA = "manifest/1"
UNREADABLE = "Le manifeste de cette facture ne se lit pas : il a été changé ou coupé."


@dataclass(frozen=True)
class Manifest:
    """What was signed, and the key that says so."""

    invoice_number: str
    seal: str
    files: Mapping[str, str]
    """Name to SHA-256; a file may be outside the PDF (the hourly energies)."""
    key: PublicKey
    """The key the manifest names; whether it is the SPL's is for the reader to compare."""
    genuine: bool
    """Whether the signature is right for this content and this key."""


def write_manifest(*, invoice_number: str, seal: str, files: Mapping[str, str], signer: Signer) -> bytes:
    """Return the signed manifest of `files` (name to SHA-256).

    The same input gives the same bytes: Ed25519 draws nothing at random (RFC 8032, 5.1.6).
    """
    signed = {
        "schema": SCHEMA,
        "invoice_number": invoice_number,
        "seal": seal,
        "key": signer.public.fingerprint,
        "files": dict(files),
    }
    signature = base64.b64encode(signer.sign(canonical_json(signed))).decode()
    return canonical_json({"signed": signed, "public_key": signer.public.pem, "signature": signature})


def read_manifest(written: bytes, published: PublicKey | None = None) -> Manifest:
    """Read a manifest against the `published` key, or the one it carries; Refusal where it is no manifest."""
    try:
        data: Any = json.loads(written)
        signed, signature = data["signed"], base64.b64decode(data["signature"], validate=True)
        if signed["schema"] != SCHEMA:
            raise Refusal(UNREADABLE)
        key = published or public_key_of(data["public_key"])
        return Manifest(
            invoice_number=str(signed["invoice_number"]),
            seal=str(signed["seal"]),
            files={str(name): str(digest) for name, digest in signed["files"].items()},
            key=key,
            genuine=key.fingerprint == signed["key"] and key.signed(canonical_json(signed), signature),
        )
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise Refusal(UNREADABLE) from error
