"""Files of Enedis are archives encrypted by AES-CBC with PKCS#7 padding, under keys that change.

Until the night of 8 to 9 June 2026: AES-128, key and IV given once. Since: AES-256, the IV is the first 16 bytes of
each file. A key says by itself which it is for: with an IV the first, without the second.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from devices.dialects.measurement import Unreadable
from devices.sources.envelope.keys import names_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import CipherContext

    from devices.sources.envelope.keys import Key, Ring

BLOCK: Final = 16
ARCHIVE: Final = b"PK\x03\x04"


def decrypt(content: bytes, ring: Ring) -> tuple[bytes, str]:
    """Return the archive inside `content` and the name of the key that opened it.

    A key is accepted where the first block is the beginning of an archive and the last ends in valid padding.

    Raises:
        Unreadable: `unknown_key`, naming the keys tried; `corrupt` where the length is that of no encrypted file.

    """
    if len(content) % BLOCK or len(content) < 2 * BLOCK:
        raise Unreadable(
            "corrupt",
            "Le fichier n'est ni un flux, ni une archive, ni un fichier chiffré entier (sa longueur n'est pas un"
            " multiple de 16 octets) ; attendez qu'il soit déposé en entier, ou demandez-le de nouveau.",
        )
    for key in ring:
        plain = _opened(content, key)
        if plain is not None:
            return plain, key.name
    raise Unreadable(
        "unknown_key",
        "Aucune clé du trousseau n'ouvre ce fichier (essayées : {keys}) ; ajoutez la clé en vigueur au fichier de"
        " clés.",
        keys=names_of(ring),
    )


def _opened(content: bytes, key: Key) -> bytes | None:
    view = memoryview(content)
    iv, body = (key.iv, view) if key.iv is not None else (content[:BLOCK], view[BLOCK:])
    first = _decryptor(key.secret, iv).update(body[:BLOCK])
    if not first.startswith(ARCHIVE):
        return None
    decryptor = _decryptor(key.secret, iv)
    padded = decryptor.update(body) + decryptor.finalize()
    unpadder = PKCS7(BLOCK * 8).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        return None


def _decryptor(secret: bytes, iv: bytes) -> CipherContext:
    return Cipher(algorithms.AES(secret), modes.CBC(iv)).decryptor()
