"""Sharing terms to JSON and back: one version, exact numbers as text, nothing guessed.

{"version": 1, "shares": [{"share": "1/2", "energy": null, "from_year": 1}], "significance": {"limit": "1",
"kind": "threshold"}, …}; a clause that is absent has the default of `data`.
"""

from __future__ import annotations

import dataclasses
import re
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Any, TypeVar

from contracts.agreements.terms.data import (
    BuyOut,
    CumulativeCap,
    Deadlines,
    Hurdle,
    HurdleKind,
    LateData,
    Revision,
    Share,
    Terms,
)
from foundation.errors import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

VERSION = 1
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")
_RATIO = re.compile(r"-?[0-9]{1,30}/[1-9][0-9]{0,29}")

Clause = TypeVar("Clause")


def to_json(terms: Terms) -> dict[str, Any]:
    """Return `terms` as JSON-able data, complete: what a default meant on the day of signature is written out."""
    return {"version": VERSION, **_written(terms)}


def from_json(data: Any) -> Terms:
    """Return the terms `data` says; refuse another version, an unknown or wrong clause, a number that is not exact."""
    if not isinstance(data, dict) or data.get("version") != VERSION:
        raise Refusal(
            "Les clauses de partage doivent être un objet JSON de version {version}.", field="terms", version=VERSION
        )
    return _terms({name: clause for name, clause in data.items() if name != "version"}, "terms")


def _written(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {one.name: _written(getattr(value, one.name)) for one in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_written(one) for one in value]
    if isinstance(value, Fraction):
        return _plain(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.value if isinstance(value, StrEnum) else value


def _plain(number: Fraction) -> str:
    """Return 0.45 rather than 9/20 where the decimal is exact and short."""
    decimal = Decimal(number.numerator) / Decimal(number.denominator)
    text = f"{decimal.normalize():f}"
    return text if _NUMBER.fullmatch(text) and Fraction(text) == number else str(number)


def _number(value: Any, field: str) -> Fraction:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not (_NUMBER.fullmatch(text) or _RATIO.fullmatch(text)):
        raise Refusal(
            "« {value} » n'est pas un nombre exact pour {where} ; écrivez-le entre guillemets, par exemple "
            '"0.5" ou "1/3".',
            field=field,
            value=value,
            where=field,
        )
    return Fraction(text)


def _amount(value: Any, field: str) -> Decimal:
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        raise Refusal(
            "« {value} » n'est pas un montant exact pour {where} ; écrivez-le entre guillemets, par exemple "
            '"1200.00".',
            field=field,
            value=value,
            where=field,
        )
    return Decimal(text)


def _whole(value: Any, field: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refusal("« {value} » n'est pas un nombre entier pour {where}.", field=field, value=value, where=field)
    return value


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise Refusal("« {value} » n'est ni true ni false pour {where}.", field=field, value=value, where=field)
    return value


def _energy(value: Any, field: str) -> str:
    if not isinstance(value, str) or not value:
        raise Refusal("« {value} » n'est pas une énergie pour {where}.", field=field, value=value, where=field)
    return value


def _kind(value: Any, field: str) -> HurdleKind:
    try:
        return HurdleKind(value)
    except ValueError:
        raise Refusal(
            "« {value} » n'est ni threshold (seuil) ni deductible (franchise).", field=field, value=value
        ) from None


def _optional(read: Callable[[Any, str], Clause]) -> Callable[[Any, str], Clause | None]:
    return lambda value, field: None if value is None else read(value, field)


def _rows(read: Callable[[Any, str], Clause]) -> Callable[[Any, str], tuple[Clause, ...]]:
    def rows(value: Any, field: str) -> tuple[Clause, ...]:
        if not isinstance(value, list):
            raise Refusal("{where} doit être une liste.", field=field, where=field)
        return tuple(read(row, field) for row in value)

    return rows


def _clause(make: Callable[..., Clause], **readers: Callable[[Any, str], Any]) -> Callable[[Any, str], Clause]:
    """Return a reader of the JSON object whose members `readers` read and `make` takes by name."""

    def read(value: Any, field: str) -> Clause:
        if not isinstance(value, dict):
            raise Refusal("{where} doit être un objet JSON.", field=field, where=field)
        if unknown := sorted(map(str, value.keys() - readers.keys())):
            raise Refusal(
                "{where} ne connaît pas « {unknown} » ; retirez-le.",
                field=field,
                where=field,
                unknown=", ".join(unknown),
            )
        if missing := [name for name in _needed(make) if name not in value]:
            raise Refusal(
                "{where} est incomplet ; il lui manque {missing}.", field=field, where=field, missing=", ".join(missing)
            )
        return make(**{name: readers[name](member, name) for name, member in value.items()})

    return read


def _needed(make: Any) -> list[str]:
    return [
        one.name
        for one in dataclasses.fields(make)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    ]


_hurdle = _clause(Hurdle, limit=_number, kind=_kind)
_terms = _clause(
    Terms,
    shares=_rows(_clause(Share, share=_number, energy=_optional(_energy), from_year=_whole)),
    confidence=_number,
    correlation=_number,
    significance=_optional(_hurdle),
    neutral_band=_optional(_hurdle),
    floor=_amount,
    yearly_cap=_optional(_amount),
    cumulative_cap=_optional(_clause(CumulativeCap, factor=_number, sensor_cost=_amount, grants=_amount)),
    carry_forward=_flag,
    late_data=_clause(LateData, months=_whole, amount=_optional(_amount)),
    revision=_optional(_clause(Revision, gap=_number, years=_whole)),
    buy_out=_rows(_clause(BuyOut, after_year=_whole, amount=_amount)),
    deadlines=_clause(Deadlines, dispute_days=_whole, answer_days=_whole, expert_days=_whole),
)
