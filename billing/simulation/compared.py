"""The terms a simulation sets side by side, and the savings it looks at."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from contracts.agreements.clauses import PRESET_NAMES
from contracts.agreements.terms.presets import PRESETS
from foundation.messages import N_

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.agreements.terms.data import Terms
    from foundation.look.language import Language

SAVINGS = [Fraction(n, 100) for n in range(-10, 31)]


def compared(terms: Terms, language: Language) -> Mapping[str, Terms]:
    """Return the terms of an agreement first, then those one may start from, by name."""
    _ = language.translate
    return {_(N_("cet accord")): terms} | {_(PRESET_NAMES[code]): one for code, one in PRESETS.items()}
