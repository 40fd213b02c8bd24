"""kWh a square metre, the year brought back to the reference year's weather, CO2 and the decree's path.

Energies in kWh, areas in m2. Each indicator is a value, or the sentence that says what is missing.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from baseline.indicators.factors import final_kwh
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping, Sequence

    from baseline.indicators.factors import FactorSet

ENOUGH_DAYS: Final = Decimal("0.9")
"""A year of which one day in ten misses still says something (coverage rule of the plans)."""
DJU_BASE: Final = Decimal(18)
YEAR_DAYS: Final = 365
DECREE: Final[Mapping[int, Decimal]] = {2030: Decimal("0.60"), 2040: Decimal("0.50"), 2050: Decimal("0.40")}
"""What is left of the reference year's final energy (code de la construction, art. R174-23: -40, -50, -60 %)."""
DECREE_AREA: Final = Decimal(1000)
"""m2 of tertiary floor on one land unit from which the decree applies (art. R174-22)."""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A figure, or why there is none."""

    value: Decimal | None
    why: str = ""

    @property
    def enough(self) -> bool:
        """Whether the data suffice."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class MeasuredYear:
    """One energy of one place in one year: kWh of its complete days, how many, and the year's savings report.

    `reference_kwh` is the plan's reference year over 365 days; `avoided_kwh` what the report avoided on
    `counted_days`, None without a report.
    """

    energy: str
    kwh: Decimal
    days: int
    days_expected: int
    reference_kwh: Decimal | None = None
    avoided_kwh: Decimal | None = None
    counted_days: int = 0

    @property
    def year_kwh(self) -> Indicator:
        """The whole year's final energy, in proportion to the complete days."""
        if not self.days or self.days < ENOUGH_DAYS * self.days_expected:
            return Indicator(None, N_("année trop peu mesurée"))
        return Indicator(final_kwh(self.energy, self.kwh) * self.days_expected / self.days)

    @property
    def reference_final_kwh(self) -> Indicator:
        """The reference year's final energy."""
        if self.reference_kwh is None:
            return Indicator(None, N_("sans plan de mesure"))
        return Indicator(final_kwh(self.energy, self.reference_kwh))

    @property
    def corrected_kwh(self) -> Indicator:
        """The year's final energy at the reference year's weather: the reference year less what was avoided.

        The plan's model says what the reference building would have used in this year's weather; the same difference,
        set off the reference year, is the year as it would have been in the reference year's weather.
        """
        if self.reference_kwh is None or self.avoided_kwh is None:
            return Indicator(None, N_("sans rapport d'économies"))
        if self.counted_days < ENOUGH_DAYS * self.days_expected:
            return Indicator(None, N_("année trop peu mesurée"))
        avoided = self.avoided_kwh * self.days_expected / self.counted_days
        return Indicator(final_kwh(self.energy, self.reference_kwh - avoided))


def together(indicators: Sequence[Indicator]) -> Indicator:
    """Return the sum of several energies; without one of them there is none."""
    if not indicators:
        return Indicator(None, N_("aucune énergie mesurée"))
    missing = next((one for one in indicators if one.value is None), None)
    return missing or Indicator(sum((one.value for one in indicators if one.value is not None), Decimal(0)))


def intensity(energy: Indicator, area_m2: Decimal | None) -> Indicator:
    """Return kWh a square metre."""
    if energy.value is None:
        return energy
    return Indicator(None, N_("surface inconnue")) if not area_m2 else Indicator(energy.value / area_m2)


def emissions(years: Sequence[MeasuredYear], factors: FactorSet) -> Indicator:
    """Return the year's kg of CO2 equivalent by `factors`."""
    if any(one.energy not in factors.kg_per_kwh for one in years):
        return Indicator(None, N_("facteur d'émission inconnu pour une énergie"))
    total = together([one.year_kwh for one in years])
    if total.value is None:
        return total
    return Indicator(
        sum((factors.kg_per_kwh[one.energy] * (one.year_kwh.value or Decimal(0)) for one in years), Decimal(0))
    )


def decree_path(reference_kwh: Decimal) -> dict[int, Decimal]:
    """Return what the decree leaves of the reference year by 2030, 2040 and 2050."""
    return {year: reference_kwh * left for year, left in DECREE.items()}


def heating_degree_days(celsius: Mapping[dt.date, Decimal], expected: int) -> Indicator:
    """Return the DJU of daily means, base 18 °C, in proportion to the days known."""
    if len(celsius) < ENOUGH_DAYS * expected:
        return Indicator(None, N_("températures manquantes"))
    total = sum((max(Decimal(0), DJU_BASE - mean) for mean in celsius.values()), Decimal(0))
    return Indicator(total * expected / len(celsius))


def ranks(values: Mapping[int, Indicator]) -> dict[int, int]:
    """Return the rank of each that has a value, 1 for the least; equals share one."""
    known = sorted(one.value for one in values.values() if one.value is not None)
    return {key: 1 + known.index(one.value) for key, one in values.items() if one.value is not None}
