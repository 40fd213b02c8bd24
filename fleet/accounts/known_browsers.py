"""A browser that has signed in to an account before carries a mark for it, signed, so that it is counted by itself."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from webob.cookies import SignedCookieProfile

if TYPE_CHECKING:
    from pyramid.request import Request
    from pyramid.response import Response

COOKIE = "fleet_known"
LASTS = 180 * 86400
"""Seconds."""
MOST = 5
"""Accounts one browser is remembered for."""


def mark_of(request: Request, email: str) -> str:
    """Return the mark this browser carries for the account of `email`, or ""."""
    return str(_marks(request).get(_name(email), ""))


def remember(request: Request, response: Response, email: str) -> None:
    """Let the browser carry a mark for the account of `email`, which it has just signed in to."""
    marks = _marks(request)
    kept = {name: mark for name, mark in marks.items() if name != _name(email)}
    newest = dict(list(kept.items())[-(MOST - 1) :])
    newest[_name(email)] = marks.get(_name(email)) or secrets.token_urlsafe(12)
    _profile(request).set_cookies(response, newest)


def _marks(request: Request) -> dict[str, str]:
    value = _profile(request).bind(request).get_value()
    return value if isinstance(value, dict) else {}


def _profile(request: Request) -> SignedCookieProfile:
    settings = request.registry["settings"]
    return SignedCookieProfile(
        settings.secret,
        "known browser",
        COOKIE,
        secure=settings.url.startswith("https:"),
        max_age=LASTS,
        httponly=True,
        samesite=b"Lax",
        path="/sign-in",
    )


def _name(email: str) -> str:
    # No list of addresses in a cookie of a shared computer.
    return hashlib.sha256(email.strip().lower().encode()).hexdigest()[:16]
