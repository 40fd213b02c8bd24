"""Findings are data: what was seen, in a sentence, with its figures, and whether it stops a plan from being frozen."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FRENCH_MONTHS = (
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()  # noqa: SIM905
)

ENGLISH_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)

_DAY = re.compile(r"(\d{4}|-)-(\d\d)-(\d\d)")
"""A day as ISO 8601 writes it, or one of every year, as ISO 8601:2000 does."""


_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")

GROUPED = 10_000
"""From here on a number is written with its thousands apart; below, it may be a year."""


@dataclass(frozen=True)
class Finding:
    """Something to know about a period, a model or a saving.

    `template` is a complete French sentence with %(name)s places, the msgid of its translation; `data` fills them
    and holds the figures behind it: numbers, texts, dates (or `--MM-DD`, a day of every year), lists of them.
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
        """Return name, description, its template, data and blocking as plain JSON values."""
        return {
            "name": self.name,
            "description": self.description,
            "template": self.template,
            "data": {key: _plain(value) for key, value in self.data.items()},
            "blocking": self.blocking,
        }


def described(finding: Mapping[str, Any], translate: Callable[[str], str], language: str) -> str:
    """Return the sentence of a finding, as `to_json` wrote it, in French or English.

    `translate` gives the sentence of a template in that language. A finding without a template is told as it was
    written.
    """
    if "template" not in finding:
        return str(finding["description"])
    written = in_english if language == "en" else in_french
    sentence: str = translate(finding["template"]) % {key: written(value) for key, value in finding["data"].items()}
    return sentence


def in_french(value: object) -> str:
    """Write a number with a decimal comma, a date or a month with its name, a list with commas."""
    if isinstance(value, int | float):
        return _number(value).replace(",", "\u202f").replace(".", ",")
    if isinstance(value, list | tuple):
        return ", ".join(in_french(item) for item in value)
    if whole := _MONTH.fullmatch(str(value)):
        return f"{FRENCH_MONTHS[int(whole[2]) - 1]} {whole[1]}"
    parts = _DAY.fullmatch(str(value))
    if not parts:
        return str(value)
    year, month, day = parts.groups()
    return f"{'1er' if day == '01' else int(day)} {FRENCH_MONTHS[int(month) - 1]} {year.strip('-')}".rstrip()


def in_english(value: object) -> str:
    """Write a number with a decimal point, a date or a month with its name, a list with commas."""
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, list | tuple):
        return ", ".join(in_english(item) for item in value)
    if whole := _MONTH.fullmatch(str(value)):
        return f"{ENGLISH_MONTHS[int(whole[2]) - 1]} {whole[1]}"
    parts = _DAY.fullmatch(str(value))
    if not parts:
        return str(value)
    year, month, day = parts.groups()
    return f"{int(day)} {ENGLISH_MONTHS[int(month) - 1]} {year.strip('-')}".rstrip()


def _number(value: float) -> str:
    """Write four digits that matter, or all before the point where there are more; thousands with commas."""
    if abs(value) >= GROUPED:
        return f"{value:,.0f}"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _plain(value: object) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
