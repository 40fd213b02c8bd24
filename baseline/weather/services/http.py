"""One HTTP request: an answer, or why there is none and what to do about it."""

from __future__ import annotations

import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

TIMEOUT: Final = 10.0
"""Seconds without a byte."""
DEADLINE: Final = 40.0
"""Seconds for a whole answer, less than the lease of the job that waits for it."""
LARGEST: Final = 100 * 1024 * 1024
CHUNK: Final = 256 * 1024
LONGEST_PAUSE: Final = 24 * 3600
LONGEST_REASON: Final = 4096
"""Bytes of a refusal that are read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service answered with a status it documents."""

    status: int
    body: bytes


class NoAnswer(Exception):  # noqa: N818 - it says what happened
    """A request that may be tried again: the service is busy, down, slow, or hung up."""

    def __init__(self, sentence: str, *, wait: float | None = None) -> None:
        """Keep why, and for how many seconds everybody has to leave the service alone (429, 503)."""
        super().__init__(sentence)
        self.sentence = sentence
        self.wait = wait


class Denied(Exception):  # noqa: N818 - it says what happened
    """A request that would be refused again: the key, the address, or what was asked for is wrong."""

    def __init__(self, sentence: str, *, key: bool = False) -> None:
        """Keep why; `key` says that no request with this key would do."""
        super().__init__(sentence)
        self.sentence = sentence
        self.key = key


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirection is no answer: it would carry the key to somebody else."""

    def redirect_request(self, *_asked: Any, **_more: Any) -> None:
        """Follow nothing."""


_opener = urllib.request.build_opener(_NoRedirect)


def get(url: str, *, headers: Mapping[str, str], now: dt.datetime, expected: tuple[int, ...] = (200,)) -> Answer:
    """Return the answer to a GET.

    Raises:
        NoAnswer: try again later.
        Denied: it is of no use to try again.

    """
    request = urllib.request.Request(url, headers={"User-Agent": "fleet", **headers})  # noqa: S310 - see settings
    began = time.monotonic()
    try:
        with _opener.open(request, timeout=TIMEOUT) as response:
            status, body = response.status, _whole(response, began)
    except urllib.error.HTTPError as error:
        with error:
            if error.code in expected:
                return Answer(error.code, b"")
            raise _refused(error, now) from None
    except http.client.IncompleteRead:
        raise NoAnswer("la réponse est coupée") from None
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"le service ne répond pas ({type(error).__name__})") from None
    if status not in expected:
        raise NoAnswer(f"réponse inattendue ({status})")
    return Answer(status, body)


def _whole(response: http.client.HTTPResponse, began: float) -> bytes:
    parts, size = [], 0
    while part := response.read1(CHUNK):
        parts.append(part)
        size += len(part)
        if size > LARGEST:
            raise Denied("la réponse est trop grande")
        if time.monotonic() - began > DEADLINE:
            raise NoAnswer("la réponse est trop lente")
    length = response.headers.get("Content-Length", "")
    if length.isdigit() and size < int(length):
        raise NoAnswer("la réponse est coupée")
    return b"".join(parts)


def _refused(error: urllib.error.HTTPError, now: dt.datetime) -> Exception:
    if error.code in {401, 403}:
        return Denied("la clé est refusée ou n'est pas abonnée à ce service", key=True)
    if error.code in {429, 503}:
        return NoAnswer(f"le service demande d'attendre ({error.code})", wait=_pause(error, now))
    if error.code >= 500 or error.code == 408:
        return NoAnswer(f"le service est en panne ({error.code})")
    reason = _reason(error)
    return Denied(f"le service refuse la demande ({error.code}{f' : {reason}' if reason else ''})")


def _reason(error: urllib.error.HTTPError) -> str:
    """Return what the service itself says is wrong: Open-Meteo's `reason`, the `message` or `description` of others."""
    try:
        told = json.loads(error.read(LONGEST_REASON))
    except (OSError, ValueError, http.client.HTTPException):
        return ""
    if not isinstance(told, dict):
        return ""
    said = next((told[name] for name in ("reason", "message", "description") if told.get(name)), "")
    return " ".join(str(said).split())[:200]


def _pause(error: urllib.error.HTTPError, now: dt.datetime) -> float:
    """Return the seconds of Retry-After, written as a number or as a date; a minute where it says nothing."""
    written = (error.headers.get("Retry-After") or "").strip()
    if written.isascii() and written.isdigit():
        return float(min(int(written[:9]), LONGEST_PAUSE))
    try:
        return min(max((parsedate_to_datetime(written) - now).total_seconds(), 1.0), LONGEST_PAUSE)
    except (ValueError, TypeError):
        return 60.0
