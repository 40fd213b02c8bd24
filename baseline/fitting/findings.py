"""Findings are data: what was seen, in a sentence, with its figures, and whether it stops a plan from being frozen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MONTHS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905
)


@dataclass(frozen=True)
class Finding:
    """Something to know about a period, a model or a saving.

    `template` is a complete French sentence with %(name)s places, the msgid of its translation; `data` fills them
    and holds the figures behind it: numbers, texts, dates, lists of them.
    """

    name: str
    template: str
    data: Mapping[str, Any] = field(default_factory=dict)
    blocking: bool = False

    @property
    def description(self) -> str:
        """Return the sentence in French."""
        return self.template % {key: in_french(value) for key, value in self.data.items()}

    def to_json(self) -> dict[str, Any]:
        """Return name, description, data and blocking as plain JSON values."""
        return {
            "name": self.name,
            "description": self.description,
            "data": {key: _plain(value) for key, value in self.data.items()},
            "blocking": self.blocking,
        }


def in_french(value: object) -> str:
    """Write a number with a decimal comma, a date with its month's name, a list with commas."""
    if isinstance(value, dt.date):
        return f"{'1er' if value.day == 1 else value.day} {MONTHS[value.month - 1]} {value.year}"
    if isinstance(value, float):
        return f"{value:.4g}".replace(".", ",") if abs(value) < 10_000 else f"{value:,.0f}".replace(",", "\u202f")
    if isinstance(value, list | tuple):
        return ", ".join(in_french(item) for item in value)
    return str(value)


def _plain(value: object) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
