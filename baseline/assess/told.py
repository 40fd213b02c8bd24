"""Events told to the command: as words, or as the rows of a file."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import TYPE_CHECKING, cast

from baseline.assess.numbers import numbers
from baseline.assess.rows import read_table, refuse
from baseline.fitting import Event
from foundation.errors import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from baseline.fitting.events import Method

_EVENT = re.compile(r"([\d-]+)/([\d-]+)(?::(\w+))?(?::(-?\d+(?:\.\d+)?))?")


def event_of(text: str) -> Event:
    """Read START/END, START/END:METHOD or START/END:METHOD:KWH; the method is indicator unless another is said."""
    parts = _EVENT.fullmatch(text.strip())
    try:
        start, end = (dt.date.fromisoformat(day) for day in (parts.groups()[:2] if parts else ()))
    except ValueError:
        raise Refusal(
            "--event {text} : écrivez DÉBUT/FIN, DÉBUT/FIN:drop ou DÉBUT/FIN:estimate:KWH, les jours en AAAA-MM-JJ.",
            text=text,
        ) from None
    _, _, method, energy = parts.groups() if parts else (None,) * 4
    return Event(start, end, cast("Method", method or "indicator"), float(energy) if energy else None)


def events_in(path: Path) -> list[Event]:
    """Read a CSV file of columns start, end, method, energy_kwh and reason, one event a row.

    Ends are included; energy_kwh is what the event added to the meter and is given for submeter and estimate only.
    Raises Refusal with the line of a row that cannot be read.
    """
    table = read_table(path)
    energies = numbers(table, "energy_kwh") if "energy_kwh" in table.header else [math.nan] * len(table.rows)
    reasons = table.column("reason") if "reason" in table.header else [""] * len(table.rows)
    columns = zip(table.column("start"), table.column("end"), table.column("method"), strict=True)
    events = []
    for i, (start, end, method) in enumerate(columns):
        energy = None if math.isnan(energies[i]) else float(energies[i])
        try:
            days = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
        except ValueError:
            raise refuse(table.lines[i], "« start » et « end » sont des jours, écrits AAAA-MM-JJ.") from None
        try:
            events.append(Event(*days, cast("Method", method), energy, reasons[i]))
        except Refusal as refusal:
            raise refuse(table.lines[i], refusal.sentence) from None
    return events
