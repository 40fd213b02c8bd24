"""When a month says that a building leaves its plan. Values in, a finding out."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from baseline.fitting.findings import Finding
from baseline.fitting.student import t_two_sided
from baseline.fitting.uncertainty import STEADIEST
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Sequence

FEWEST_MONTHS = 6
"""Months of the baseline an ordinary month's error is taken from; as for the empirical interval."""
FEWEST_BEFORE = 3
"""Months a building's own saving is taken from; before them, it is asked only not to use more than its baseline."""
LAST = 12
LEAST_COMPLETE = 0.9


class Month(NamedTuple):
    """What one month avoided of its adjusted baseline, kWh, on so many of its days."""

    name: str
    """YYYY-MM."""
    avoided_kwh: float
    adjusted_baseline_kwh: float
    days_counted: int
    days_expected: int


def leaves_its_plan(
    month: Month, before: Sequence[Month], month_errors: Sequence[float], confidence: float
) -> Finding | None:
    """Return what `month` warns of, None where it keeps to the months `before` it, in order of time.

    Expected is the share the last twelve months avoided of their baseline; nothing where fewer than three are known.
    What an ordinary month may be off by are the baseline's own `month_errors` (kWh a day, each month foretold by the
    others) and the drift all buildings show, with Student's t: what makes the empirical interval. Only using more than
    expected warns.
    """
    if month.days_counted < LEAST_COMPLETE * month.days_expected:
        return Finding(
            "month_thin",
            N_("%(month)s : %(counted)s jours complets sur %(days)s ; réparez la collecte avant la fin de l'année."),
            {"month": month.name, "counted": month.days_counted, "days": month.days_expected},
        )
    if len(month_errors) < FEWEST_MONTHS:
        return None
    known = list(before)[-LAST:]
    whole = math.fsum(one.adjusted_baseline_kwh for one in known)
    share = math.fsum(one.avoided_kwh for one in known) / whole if len(known) >= FEWEST_BEFORE and whole > 0 else 0.0
    expected = share * month.adjusted_baseline_kwh
    own = math.sqrt(math.fsum(error * error for error in month_errors) / len(month_errors)) * month.days_counted
    spread = math.hypot(own, STEADIEST * month.adjusted_baseline_kwh)
    # What is expected is itself a mean of so many months.
    uncertain = math.sqrt(1.0 + 1.0 / len(known)) if share else 1.0
    slack = t_two_sided(confidence, len(month_errors) - 1) * spread * uncertain
    missing = expected - month.avoided_kwh
    if missing <= slack:
        return None
    return Finding(
        "leaves_its_plan",
        N_(
            "%(month)s : %(missing)s kWh de plus qu'attendu, quand un mois ordinaire s'écarte de %(slack)s kWh au plus."
            " Cherchez ce qui a changé, ou proposez un événement."
        ),
        {"month": month.name, "missing": round(missing), "slack": round(slack)},
    )
