"""How long to wait for a process: as long as it works, however little of the machine it is given."""

from __future__ import annotations

import time

from fleet.drill.measure import cpu_seconds

IDLE = 60.0
"""Seconds in which a process that is alive does more than look at its clock."""
WORK = 0.5
"""Seconds of the processor that are more than that: ingest with nothing to do uses a hundredth of it in a minute."""


class Patience:
    """Ends once none of `pids` has worked for `idle` seconds and nobody has said that something came forward."""

    def __init__(self, *pids: int, idle: float = IDLE) -> None:
        self._pids = pids
        self._idle = idle
        self._used = self._work()
        self._since = time.monotonic()

    def _work(self) -> float:
        return sum(cpu_seconds(pid) for pid in self._pids)

    def again(self) -> None:
        """Begin anew: what is waited for has come nearer."""
        self._since = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether waiting longer is of no use."""
        used = self._work()
        if used - self._used >= WORK:
            self._used = used
            self.again()
        return time.monotonic() - self._since > self._idle
