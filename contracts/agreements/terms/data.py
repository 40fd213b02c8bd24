"""Sharing terms as data: every element of the general form of a savings share, checked when it is made.

    S = adjusted baseline − measured;  counted = 0 if |S| ≤ max(band × baseline, z × U), else S (− the part
    that is deductible);  fee = min(max(share × counted, floor), caps)

Rates, shares and factors are exact fractions ("1/3" is a third), amounts are euros excluding VAT.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from contracts.prices.energies import ENERGY_NAMES
from foundation.errors import Refusal
from foundation.money import euros

ZERO = Decimal("0.00")


def _demand(condition: bool, sentence: str, field: str) -> None:  # noqa: FBT001 - reads as "demand that"
    if not condition:
        raise Refusal(sentence, field=field)


def _demand_amount(amount: Decimal, field: str) -> None:
    _demand(amount.is_finite() and amount >= 0, "Un montant ne peut pas être négatif ; écrivez zéro ou plus.", field)
    _demand(euros(amount) == amount, "Un montant s'écrit en euros avec deux décimales au plus.", field)


class HurdleKind(StrEnum):
    """What a hurdle does to savings that clear it."""

    THRESHOLD = "threshold"
    """Seuil: cleared, the whole counts."""
    DEDUCTIBLE = "deductible"
    """Franchise: cleared, only what lies beyond it counts."""


@dataclass(frozen=True, slots=True)
class Hurdle:
    """What net savings must exceed to count; `limit` is a multiple of the uncertainty, or a part of the baseline."""

    limit: Fraction
    kind: HurdleKind = HurdleKind.THRESHOLD

    def __post_init__(self) -> None:
        """Refuse a limit below zero."""
        _demand(self.limit >= 0, "Une limite ne peut pas être négative ; écrivez zéro ou plus.", "limit")


@dataclass(frozen=True, slots=True)
class Share:
    """The SPL's share of savings of `energy` (None: of every energy not named) from contract year `from_year` on."""

    share: Fraction
    energy: str | None = None
    from_year: int = 1

    def __post_init__(self) -> None:
        """Refuse a share outside 0 to 1, or a year before the first."""
        _demand(0 <= self.share <= 1, "Une part se situe entre 0 et 1 ; écrivez par exemple 0.5 ou 1/3.", "share")
        _demand(self.from_year >= 1, "Les années du contrat se comptent à partir de 1.", "from_year")


@dataclass(frozen=True, slots=True)
class CumulativeCap:
    """All fees of the agreement together stay within `factor` × (cost of the sensors − grants)."""

    factor: Fraction
    sensor_cost: Decimal
    grants: Decimal = ZERO

    def __post_init__(self) -> None:
        """Refuse amounts that make no net cost."""
        _demand(self.factor > 0, "Le facteur du plafond cumulé doit être supérieur à zéro.", "factor")
        _demand_amount(self.sensor_cost, "sensor_cost")
        _demand_amount(self.grants, "grants")
        _demand(
            self.grants <= self.sensor_cost,
            "Les subventions dépassent le coût des capteurs ; corrigez l'un des deux montants.",
            "grants",
        )

    @property
    def amount(self) -> Decimal:
        """Return the most all fees together may reach, euros."""
        return euros(self.factor * Fraction(self.sensor_cost - self.grants))


@dataclass(frozen=True, slots=True)
class LateData:
    """How far data that arrive after a year was settled may still change what that year owes."""

    months: int = 12
    """After the day the year was settled; later data change nothing any more."""
    amount: Decimal | None = None
    """The most all corrections of a year together may reach, either way; None: no limit."""

    def __post_init__(self) -> None:
        """Refuse limits below zero."""
        _demand(self.months >= 0, "Le délai des données tardives se compte en mois, zéro ou plus.", "months")
        if self.amount is not None:
            _demand_amount(self.amount, "amount")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Days the parties give one another over a settlement, counted from the day before it is their turn."""

    dispute_days: int = 30
    """To accept a settlement or dispute it, from the day the municipality is asked."""
    answer_days: int = 30
    """For the SPL to answer a dispute."""
    expert_days: int = 60
    """For an independent expert, once one is named."""

    def __post_init__(self) -> None:
        """Refuse a deadline that leaves no day, or more than a year."""
        for name in ("dispute_days", "answer_days", "expert_days"):
            _demand(1 <= getattr(self, name) <= 366, "Un délai compte de 1 à 366 jours.", name)


@dataclass(frozen=True, slots=True)
class Revision:
    """The baseline (NB) is renegotiated where the mean gap of `years` years in a row exceeds `gap` of it."""

    gap: Fraction
    years: int = 2

    def __post_init__(self) -> None:
        """Refuse a clause that can never, or always, be met."""
        _demand(0 < self.gap < 1, "L'écart de révision est une fraction entre 0 et 1, par exemple 0.1.", "gap")
        _demand(self.years >= 1, "L'écart de révision se mesure sur une année au moins.", "years")


@dataclass(frozen=True, slots=True)
class BuyOut:
    """What the shareholder pays to keep the sensors when it leaves after contract year `after_year`."""

    after_year: int
    amount: Decimal

    def __post_init__(self) -> None:
        """Refuse a year before the first, or an amount below zero."""
        _demand(self.after_year >= 1, "Les années du contrat se comptent à partir de 1.", "after_year")
        _demand_amount(self.amount, "amount")


@dataclass(frozen=True, slots=True)
class Terms:
    """The sharing terms of an agreement; immutable, an amendment brings new ones."""

    shares: tuple[Share, ...]
    confidence: Fraction = Fraction(9, 10)
    """Of the interval the reports must give: significance and instalments are read on it."""
    correlation: Fraction = Fraction(1)
    """Assumed between the errors of boundaries. 1 adds their half-widths, which is never too little: boundaries
    share their weather, so that the root of squares (0) holds only where independence is shown."""
    significance: Hurdle | None = Hurdle(Fraction(1))
    """Multiple of the pooled half-width of the interval that net savings must exceed; None: no such test."""
    neutral_band: Hurdle | None = None
    """Part of the adjusted baseline, valued, that net savings must exceed; None: no such test."""
    floor: Decimal = ZERO
    """The least a closed year owes."""
    yearly_cap: Decimal | None = None
    cumulative_cap: CumulativeCap | None = None
    carry_forward: bool = True
    """Whether a negative year lowers the following ones until it is made up for."""
    late_data: LateData = field(default_factory=LateData)
    revision: Revision | None = None
    buy_out: tuple[BuyOut, ...] = ()
    deadlines: Deadlines = field(default_factory=Deadlines)

    def __post_init__(self) -> None:
        """Refuse terms that contradict themselves, with the sentence of the first contradiction."""
        object.__setattr__(self, "shares", tuple(sorted(self.shares, key=lambda s: (s.energy or "", s.from_year))))
        object.__setattr__(self, "buy_out", tuple(sorted(self.buy_out, key=lambda row: row.after_year)))
        _demand(bool(self.shares), "Les clauses ne fixent aucune part ; indiquez au moins une part.", "shares")
        dated = [(share.energy, share.from_year) for share in self.shares]
        _demand(len(set(dated)) == len(dated), "Deux parts portent sur la même énergie et la même année.", "shares")
        for energy in {share.energy for share in self.shares}:
            _demand((energy, 1) in dated, "Chaque part doit commencer à l'année 1 du contrat.", "shares")
        _demand(
            Fraction(1, 2) <= self.confidence < 1,
            "Le niveau de confiance se situe entre 0,5 et 1, par exemple 0.9.",
            "confidence",
        )
        _demand(0 <= self.correlation <= 1, "La corrélation se situe entre 0 et 1.", "correlation")
        if self.neutral_band is not None:
            _demand(self.neutral_band.limit < 1, "La zone neutre est une fraction, par exemple 0.04.", "neutral_band")
        _demand_amount(self.floor, "floor")
        if self.yearly_cap is not None:
            _demand_amount(self.yearly_cap, "yearly_cap")
            _demand(
                self.floor <= self.yearly_cap,
                "Le plancher dépasse le plafond annuel ; corrigez l'un des deux.",
                "floor",
            )
        years = [row.after_year for row in self.buy_out]
        _demand(len(set(years)) == len(years), "Deux valeurs de rachat portent sur la même année.", "buy_out")

    def share_of(self, energy: str, year: int) -> Fraction:
        """Return the SPL's share of savings of `energy` in contract `year`; refuse an energy that is not shared."""
        for wanted in (energy, None):
            valid = [share for share in self.shares if share.energy == wanted and share.from_year <= year]
            if valid:
                return valid[-1].share
        name = ENERGY_NAMES.get(energy, energy)
        raise Refusal(
            "L'accord ne partage pas cette énergie ({name}) ; retirez son périmètre ou passez un avenant.",
            field="shares",
            name=name,
        )
