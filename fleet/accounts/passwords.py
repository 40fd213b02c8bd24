"""Passwords are hashed with argon2id at the library's default cost."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_hasher = PasswordHasher()


@cache
def _decoy() -> str:
    """Return what is verified when the address is unknown, so that both answers take the same time."""
    return _hasher.hash("no account has this password")


def hash_password(password: str) -> str:
    """Return the PHC string of `password`."""
    return _hasher.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Say whether `password` is the one hashed; with None takes as long and says no."""
    try:
        _hasher.verify(password_hash or _decoy(), password)
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None
