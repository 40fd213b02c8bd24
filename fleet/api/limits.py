"""How many calls one caller may make: a bucket that fills at a steady pace; who empties it waits."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pyramid.response import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.registry import Registry
    from pyramid.request import Request

INTERFACE = "/api/v1/"
PER_SECOND, AT_ONCE = 10.0, 200.0
"""Calls of one token; counted by each web process for itself."""
MOST_CALLERS = 10_000
"""Remembered at a time: a flood of invented tokens must not fill the memory."""


@dataclass
class Limit:
    """One bucket a caller."""

    per_second: float = PER_SECOND
    at_once: float = AT_ONCE
    _left: dict[str, tuple[float, float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, caller: str, now: float) -> int:
        """Count one call of `caller` at `now` (seconds); return how many seconds to wait, 0 where it may pass."""
        with self._lock:
            if len(self._left) >= MOST_CALLERS and caller not in self._left:
                full = {one for one, (left, at) in self._left.items() if self._filled(left, at, now) >= self.at_once}
                # Where nobody's is full, the oldest entry goes.
                for one in full or {next(iter(self._left))}:
                    del self._left[one]
            left = self._filled(*self._left.get(caller, (self.at_once, now)), now)
            allowed = left >= 1
            self._left[caller] = (left - 1 if allowed else left, now)
        return 0 if allowed else max(1, math.ceil((1 - left) / self.per_second))

    def _filled(self, left: float, at: float, now: float) -> float:
        return min(self.at_once, left + (now - at) * self.per_second)


def limit_tween_factory(handler: Callable[[Request], Response], registry: Registry) -> Callable[[Request], Response]:
    """Make callers of the interface wait; a token is one caller, and so is an address that shows none."""

    def limit_tween(request: Request) -> Response:
        if not request.path_info.startswith(INTERFACE):
            return handler(request)
        shown = request.headers.get("Authorization", "") or f"address {request.remote_addr}"
        limit: Limit = registry["api_limit"]
        wait = limit.take(hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest(), time.monotonic())
        if not wait:
            return handler(request)
        return Response(
            json_body={
                "type": "about:blank",
                "title": "Too many requests",
                "status": 429,
                "detail": f"Wait {wait} s.",
            },
            status=429,
            content_type="application/problem+json",
            headerlist=[("Retry-After", str(wait)), ("Content-Type", "application/problem+json")],
        )

    return limit_tween


def includeme(config: Configurator) -> None:
    """Put it inside the safety headers and outside everything that costs."""
    config.registry["api_limit"] = Limit()
    config.add_tween("fleet.api.limits.limit_tween_factory", under="fleet.web.headers.host_tween_factory")
