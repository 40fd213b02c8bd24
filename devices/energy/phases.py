"""The hours of a point measured phase by phase, from those of each phase."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from devices.energy.hours import Hour
from devices.energy.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

WHOLE: Final = ""
"""The phase of a register that counts all of them."""
ALL: Final = frozenset({"L1", "L2", "L3"})


def counted(phases: Collection[str], *, has_whole: bool) -> tuple[str, ...]:
    """Return which of the phases a point ever had registers for are added up.

    Beside a register that counts the whole, one clamp on one phase is a detail; all three are another whole.
    """
    parts = set(phases) - {WHOLE}
    return tuple(sorted(parts)) if parts == ALL or not has_whole else ()


def together(hours: Mapping[str, Sequence[Hour]]) -> list[Hour]:
    """Return the hours of the point, in order of time; `hours` are those of each phase.

    An hour counts what the register of the whole says or the sum of its phases, whichever is known better. Two phases
    out of three are not the energy of the point.
    """
    parts = counted(hours, has_whole=bool(hours.get(WHOLE)))
    if not parts:
        return list(hours.get(WHOLE, ()))
    known = {phase: {hour.start: hour for hour in hours[phase]} for phase in parts}
    whole = {hour.start: hour for hour in hours.get(WHOLE, ())}
    starts = sorted(set(whole).union(*known.values()))
    return [_better(whole.get(start), _sum(start, [known[phase].get(start) for phase in parts])) for start in starts]


def _sum(start: int, parts: Sequence[Hour | None]) -> Hour:
    hours = [part or Hour(start, None, Reason.MISSING, None) for part in parts]
    worst = max(hours, key=lambda hour: (hour.reason.rank, hour.cause is not None))
    energies = [hour.energy for hour in hours if hour.energy is not None]
    return Hour(start, sum(energies) if len(energies) == len(hours) else None, worst.reason, worst.cause)


def _better(whole: Hour | None, total: Hour) -> Hour:
    return total if whole is None or total.reason.rank < whole.reason.rank else whole
