"""The demonstration's tables on a terminal; everything in them is synthetic and the title says so."""

from __future__ import annotations

from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from foundation.look.language import FRENCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet.demonstration.signins import SignIn
    from fleet.demonstration.table import Row

ROLES = {"operator": "SPL", "technician": "technicien", "shareholder": "commune"}


def savings_table(rows: Sequence[Row]) -> Table:
    """Return, per municipality, a line per building and their total; then the total of all."""
    shown = Table(title="Économies de l'année mesurée – données synthétiques", title_justify="left", box=SIMPLE_HEAD)
    shown.add_column("bâtiment")
    for heading in ("mesuré kWh", "évité kWh", "± à 90 %", "évité", "facturé HT"):
        shown.add_column(heading, justify="right", no_wrap=True)
    for municipality, group in groupby(rows, key=lambda row: row.municipality):
        of_town = list(group)
        for row in of_town:
            shown.add_row(row.building, *_figures([row]))
        shown.add_row(municipality, *_figures(of_town), style="bold", end_section=True)
    if rows:
        shown.add_row(f"{len(rows)} bâtiments", *_figures(rows), style="bold")
    return shown


def _figures(rows: Sequence[Row]) -> list[str]:
    baseline, measured, avoided, half_width, invoiced = (
        sum((getattr(row, name) for row in rows), Decimal(0))
        for name in ("baseline", "measured", "avoided", "half_width", "invoiced")
    )
    share = FRENCH.percent(avoided / baseline, 1) if baseline else ""
    whole = [FRENCH.number(figure, 0) for figure in (measured, avoided, half_width)]
    return [*whole, share, FRENCH.euros(invoiced)]


def sign_in_lines(url: str, sign_ins: Sequence[SignIn]) -> Iterator[str]:
    """Yield the address of the pages and a line per account, never cut: passwords are to be copied."""
    yield f"Démonstration (données synthétiques) : {url}"
    columns = [(ROLES[one.role], one.name, one.email, one.password) for one in sign_ins]
    widths = [max(len(row[place]) for row in columns) for place in range(3)]
    for row in columns:
        yield "  " + "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3]])
