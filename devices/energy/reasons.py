"""Why an hour has the energy it has, or none."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """How well an hour or a day is known, from best to worst."""

    MEASURED = "measured"
    MEASURED_IN_TOTAL = "measured_in_total"
    """Between two valid indexes; only its split over time is interpolated. It counts (truth 2)."""
    ESTIMATED = "estimated"
    SUSPICIOUS = "suspicious"
    """There are indexes, but they do not follow each other; people decide."""
    MISSING = "missing"

    @property
    def rank(self) -> int:
        """0 for the best; the worst of several is the one with the greatest rank."""
        return _RANKS[self]


_RANKS = {reason: rank for rank, reason in enumerate(Reason)}


class Cause(StrEnum):
    """What the index did there, where it did something."""

    TRANSIENT_ZERO = "transient_zero"
    """It read 0 for a moment and came back; the zeros are left out.

    Where it comes back low (5, 0, 7) it may have been a reset: 2 are counted of what may be 7, never more than is true.
    """
    SPIKE = "spike"
    """One reading stood above or below those around it; it is left out."""
    ROLLOVER = "rollover"
    """The register was full and began again at 0; its size was said, its energy is known."""
    UNKNOWN_SIZE = "unknown_size"
    """It fell as a full register does, but nobody has said where this one is full: it may as well be a reset."""
    RESET = "reset"
    """It began again at 0 and went on from there; what was used meanwhile is not known."""
    RESTART = "restart"
    """It began again at a small value: another register, perhaps another meter."""
    BACKWARDS = "backwards"
    """It fell, and stayed below."""
    IMPLAUSIBLE = "implausible"
    """It rose faster than the point can draw."""
    NO_DEVICE = "no_device"
    """No device served the point."""
    NO_COEFFICIENT = "no_coefficient"
    """Gas counted in m³, and no bill says yet what a m³ is worth."""
