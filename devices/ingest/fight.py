"""Two that connect under one client id throw each other out again and again: how one of them notices."""

from __future__ import annotations

import time
from collections import deque

SHORT = 5.0
"""Seconds a connection lasts at least that is not torn down by somebody else's."""
IN_A_ROW = 5
"""Connections this short in a row are a fight: Mosquitto says why it ends one, but paho 2.2 does not tell us."""


class Fight:
    """Counts connections that came too soon after one another."""

    def __init__(self) -> None:
        self._connected: deque[float] = deque(maxlen=IN_A_ROW)

    def is_on(self) -> bool:
        """Note that we are connected now; say whether this has happened too often in too short a time."""
        self._connected.append(time.monotonic())
        return len(self._connected) == IN_A_ROW and self._connected[-1] - self._connected[0] < SHORT * (IN_A_ROW - 1)
