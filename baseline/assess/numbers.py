"""Numbers of a column, as they are written in French and English files."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from baseline.assess.rows import refuse

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from baseline.assess.rows import Table

MISSING = frozenset({"", "nan", "na", "n/a", "null", "none", "mq"})
"""What stands for a missing value; Météo-France writes mq."""


def numbers(table: Table, column: str) -> NDArray[np.float64]:
    """Return a column as numbers, NaN where missing. Raises Refusal with the line of what is not a number."""
    values = np.empty(len(table.rows))
    for i, cell in enumerate(table.column(column)):
        try:
            value = float(cell)
        except ValueError:
            value = _other(table, i, column, cell)
        if not math.isfinite(value) and cell.lower() not in MISSING:
            raise _not_a_number(table, i, column, cell)
        values[i] = value
    return values


def _other(table: Table, i: int, column: str, cell: str) -> float:
    """Read a missing value or a decimal comma."""
    if cell.lower() in MISSING:
        return math.nan
    if table.decimal_comma and cell.count(",") == 1:
        try:
            return float(cell.replace(",", "."))
        except ValueError:
            pass
    raise _not_a_number(table, i, column, cell)


def _not_a_number(table: Table, i: int, column: str, cell: str) -> Exception:
    what = (
        f"« {cell[:40]} » n'est pas un nombre dans la colonne « {column} » ; laissez la case vide si la valeur manque."
    )
    return refuse(table.lines[i], what)
