"""Templates of documents: read from the package `invoices_templates` only, escaped, strict about what is missing."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateNotFound

from foundation.documents.legible import legible

if TYPE_CHECKING:
    from foundation.look.language import Language

FOLDER = "invoices_templates"


def read_data(name: str) -> bytes:
    """Return a file of the folder of documents; FileNotFoundError where there is none of that name."""
    return (files(FOLDER) / name).read_bytes()


def _source(name: str) -> str:
    if "/" in name or "\\" in name or not name.endswith(".jinja2"):
        raise TemplateNotFound(name)
    try:
        return read_data(name).decode()
    except FileNotFoundError:
        raise TemplateNotFound(name) from None


@cache
def environment(language: Language) -> Environment:
    """Return the templates with figures and dates as `language` writes them.

    A snapshot is JSON, so filters take numbers and days as text too: `{{ "1234.5" | euros }}` gives 1 234,50 €.
    """
    env = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=legible,
        loader=FunctionLoader(_source),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["language"] = language
    env.filters.update(
        number=lambda value, digits=0: language.number(_decimal(value), digits),
        euros=lambda value: language.euros(_decimal(value)),
        kwh=lambda value: language.kwh(_decimal(value)),
        percent=lambda value, digits=0: language.percent(_decimal(value), digits),
        date=lambda value: language.date(_day(value)),
        short_date=lambda value: language.short_date(_day(value)),
        price=lambda value: language.number(_decimal(value), max(2, _decimals(value))),
        exact=lambda value: language.number(_decimal(value), _decimals(value)),
        exact_percent=lambda value: language.percent(_decimal(value), max(0, _decimals(value) - 2)),
        in_fours=lambda value: " ".join(value[start : start + 4] for start in range(0, len(value), 4)),
    )
    return env


def _decimal(value: str | int | Decimal) -> Decimal:
    return Decimal(value)


def _decimals(value: str | int | Decimal) -> int:
    """Return how many decimals `value` has, trailing zeros not counted."""
    return len(f"{_decimal(value):f}".partition(".")[2].rstrip("0"))


def _day(value: str | dt.date) -> dt.date:
    return dt.date.fromisoformat(value) if isinstance(value, str) else value
