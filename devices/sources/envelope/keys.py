"""A ring of keys: what files were encrypted with, told apart by names that may be said; the keys never are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devices.dialects.measurement import Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE = re.compile(r"(?P<name>[\w.@-]{1,60})[\s=:,;]+(?P<key>[0-9A-Fa-f]+)(?:[\s:,;]+(?P<iv>[0-9A-Fa-f]+))?", re.ASCII)
_LENGTHS = {32: 16, 48: 24, 64: 32}


class Key:
    """A named key; with an `iv` it is the same for every file, without one each file begins with its own."""

    __slots__ = ("iv", "name", "secret")

    def __init__(self, name: str, secret: bytes, iv: bytes | None = None) -> None:
        self.name = name
        self.secret = secret
        self.iv = iv

    def __repr__(self) -> str:
        return f"Key({self.name!r})"


Ring = tuple[Key, ...]


def ring_of(text: str) -> Ring:
    """Return the keys of a secrets file: a line each, `NAME KEY [IV]` in hexadecimal; `#` begins a comment.

    Raises:
        Unreadable: a line is not a key; the sentence names the line, never what is on it.

    """
    keys: list[Key] = []
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        if not written:
            continue
        found = _LINE.fullmatch(written)
        if not found or len(found["key"]) not in _LENGTHS or len(found["iv"] or "0" * 32) != 32:
            raise Unreadable(
                "bad_key",
                "Ligne {line} du fichier de clés : écrivez un nom, la clé (32, 48 ou 64 chiffres hexadécimaux) et, pour"
                " l'ancien chiffrement, le vecteur (32 chiffres).",
                line=number,
            )
        if any(key.name == found["name"] for key in keys):
            raise Unreadable(
                "bad_key",
                "Ligne {line} du fichier de clés : deux clés portent le même nom ; donnez à chacune le sien.",
                line=number,
            )
        keys.append(
            Key(found["name"], bytes.fromhex(found["key"]), bytes.fromhex(found["iv"]) if found["iv"] else None)
        )
    return tuple(keys)


def names_of(ring: Sequence[Key]) -> str:
    """Return the names of the keys, for a sentence."""
    return ", ".join(key.name for key in ring) or "aucune"
