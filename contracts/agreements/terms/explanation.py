"""The steps of an evaluation in words: a French sentence with its figures, translated only when it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from contracts.prices.energies import ENERGY_NAMES
from foundation.money import euros, kwh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from foundation.look.language import Language


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its code, the euros it leaves, and why.

    `values` are exact numbers as text; the end of a name says what it is: `_euros`, `_kwh`, `_ratio` (a fraction,
    written as a percentage where that is exact), `_factor`, `energy` (a code); anything else stands as it is.
    """

    name: str
    amount: Decimal
    template: str
    values: Mapping[str, str]

    def sentence(self, language: Language) -> str:
        """Return the sentence as `language` writes words and figures."""
        written = {name: _written(name, value, language) for name, value in self.values.items()}
        return language.translate(self.template).format(**written)

    def to_json(self) -> dict[str, Any]:
        """Return the step as JSON-able data."""
        return {
            "name": self.name,
            "amount": str(self.amount),
            "template": self.template,
            "values": dict(self.values),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Step:
        """Return the step that `to_json` wrote."""
        return cls(data["name"], Decimal(data["amount"]), data["template"], data["values"])


def step(name: str, amount: Decimal, template: str, **values: object) -> Step:
    """Return a step; `values` become the text that stands for them exactly."""
    return Step(name, amount, template, {key: str(value) for key, value in values.items()})


def _written(name: str, value: str, language: Language) -> str:
    if name.endswith("euros"):
        return language.euros(euros(Fraction(value)))
    if name.endswith("kwh"):
        return language.quantity(kwh(Fraction(value)), "kWh", 3)
    if name.endswith("ratio"):
        percent = Fraction(value) * 100
        return value if (percent * 100).denominator != 1 else language.percent(float(percent / 100), _places(percent))
    if name.endswith("factor"):
        return language.number(float(Fraction(value)), _places(Fraction(value)))
    if name == "energy":
        return language.translate(ENERGY_NAMES.get(value, value))
    return value


def _places(number: Fraction) -> int:
    """Return the decimals `number` is shown with: none where it is whole."""
    return 0 if number.denominator == 1 else 2
