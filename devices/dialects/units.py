"""Units as they stand on wires, and how each becomes the one unit we keep of its kind.

One registry of pint with definitions of our own: pint's file counts VA, var and W as one dimension, m³ and Nm³ as one,
kWh PCS and kWh PCI as one, and each of these is a bill gone wrong. Nothing is read from a file. What a unit becomes is
computed once and remembered: a value then costs one look-up and one multiplication.

Factors are exact (fractions). A product with an endless tail (1 GJ = 277.7… kWh, °F) is rounded half even at 10⁻¹²,
the same value always to the same figure, so that differences of indexes still add up.
"""

from __future__ import annotations

import re
import unicodedata
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Final, NamedTuple

from pint import PintError, Unit, UnitRegistry

# Every line that starts a dimension ([energy]) says: this never becomes one of the others.
_DEFINITIONS: Final = """
giga- = 1000000000 = G-
mega- = 1000000 = M-
kilo- = 1000 = k-
hecto- = 100 = h-
milli- = 1/1000 = m-
micro- = 1/1000000 = u-
second = [time] = s
minute = 60 * second = min
hour = 3600 * second = h
joule = [energy] = J
watt = joule / second = W
watt_hour = watt * hour = Wh
gross_watt_hour = [gross_energy] = Wh_PCS
net_watt_hour = [net_energy] = Wh_PCI
volt_ampere = [apparent_power] = VA
volt_ampere_hour = volt_ampere * hour = VAh
reactive_volt_ampere = [reactive_power] = var
reactive_volt_ampere_hour = reactive_volt_ampere * hour = varh
volt = [potential] = V
ampere = [current] = A
hertz = 1 / second = Hz
cubic_metre = [volume] = m3
litre = cubic_metre / 1000 = L = l
normal_cubic_metre = [normal_volume] = Nm3
kelvin = [temperature]; offset: 0 = K
celsius = kelvin; offset: 273.15 = degC
fahrenheit = 5/9 * kelvin; offset: 45967/180 = degF
percent = [share] = pct
part_per_million = [concentration] = ppm
part_per_billion = part_per_million / 1000 = ppb
pascal = [pressure] = Pa
bar = 100000 * pascal
lux = [illuminance] = lx
decibel_milliwatt = [level] = dBm
decibel = [gain] = dB
pulse = [count]
"""

# The unit kept of each kind, as shown, and its name in the registry.
KEPT: Final = {
    "kWh": "kWh",
    "kWh PCS": "kWh_PCS",
    "kWh PCI": "kWh_PCI",
    "kvarh": "kvarh",
    "kVAh": "kVAh",
    "W": "W",
    "VA": "VA",
    "var": "var",
    "V": "V",
    "A": "A",
    "Hz": "Hz",
    "m³": "m3",
    "Nm³": "Nm3",
    "m³/h": "m3/h",
    "°C": "degC",
    "%": "pct",
    "ppm": "ppm",
    "Pa": "Pa",
    "lx": "lx",
    "dBm": "dBm",
    "dB": "dB",
    "pulse": "pulse",
}

# Spellings no rule gives: of RFC 8428 § 12.1, of codecs, of keyboards (after NFKC: ℃ is °C there, ³ is 3).
_ALIASES: Final = {
    "°C": "degC",
    "oC": "degC",
    "C": "degC",
    "Cel": "degC",
    "celsius": "degC",
    "°F": "degF",
    "oF": "degF",
    "°K": "K",
    "%": "pct",
    "%RH": "pct",
    "%EL": "pct",
    "percent": "pct",
    "count": "pulse",
    "counts": "pulse",
    "pulses": "pulse",
    "imp": "pulse",
    "dm3": "L",
    "liter": "L",
    "liters": "L",
    "litres": "L",
    "m3(n)": "Nm3",
    "m3n": "Nm3",
}
# Spellings in the wrong case that can mean one thing only. mw, mv, ma and mj are left out: milli or mega, nobody knows.
_ANY_CASE: Final = {
    name.lower(): name
    for name in (
        *("Wh", "kWh", "MWh", "GWh", "Wh_PCS", "kWh_PCS", "MWh_PCS", "Wh_PCI", "kWh_PCI", "MWh_PCI", "GJ"),
        *("varh", "kvarh", "VAh", "kVAh", "W", "kW", "VA", "kVA", "var", "kvar", "V", "kV", "A", "Hz"),
        *("m3", "Nm3", "L", "m3/h", "L/h", "L/min", "degC", "degF", "ppm", "Pa", "hPa", "kPa", "bar", "mbar"),
        *("lx", "lux", "dBm", "dB", "pulse"),
    )
}
# A name, or two that are multiplied or divided: nothing that pint would have to calculate.
_WORD = re.compile(r"[A-Za-z][A-Za-z3_]{0,11}(?:[*/][A-Za-z][A-Za-z3]{0,7})?")
_SIGNS: Final = str.maketrans(
    {"º": "°", "˚": "°", "·": "*", "⋅": "*", "∙": "*", "•": "*", "×": "*", "µ": "u", "μ": "u"}
)
_CALORIFIC = re.compile(r"(?i)(?<=wh)[ _-]?\(?(PCS|PCI|HHV|LHV)\)?")
_CALORIFIC_NAMES: Final = {"PCS": "_PCS", "HHV": "_PCS", "PCI": "_PCI", "LHV": "_PCI"}
LONGEST: Final = 16

_EXACT: Final = Context(prec=60)
_LAST_KEPT: Final = Decimal(1).scaleb(-12)


class Conversion(NamedTuple):
    """How a value becomes one of the kept `unit`: x `factor` + `offset`; a power of ten only moves the point."""

    unit: str
    factor: Fraction
    offset: Fraction
    power: int | None
    exact: bool

    def of(self, value: Decimal) -> Decimal:
        """Return `value` in the kept unit."""
        if self.power is not None:
            return shifted(value, self.power)
        product = _EXACT.divide(_EXACT.multiply(value, Decimal(self.factor.numerator)), self.factor.denominator)
        found = _EXACT.add(product, _EXACT.divide(Decimal(self.offset.numerator), self.offset.denominator))
        return found if self.exact else _short(found.quantize(_LAST_KEPT, context=_EXACT))


def shifted(value: Decimal, power: int) -> Decimal:
    """Return `value` x 10^`power`, exactly."""
    return value.scaleb(power, context=_EXACT) if power else value


def _short(value: Decimal) -> Decimal:
    """Return `value` without the zeros that rounding wrote at its end."""
    return value.quantize(Decimal(1), context=_EXACT) if value == value.to_integral_value() else value.normalize(_EXACT)


@lru_cache(maxsize=1024)
def conversion(word: str) -> Conversion | None:
    """Return how a value in `word` becomes one in the unit kept of its kind; None for a word that is no unit."""
    unit = _unit(word)
    if unit is None or unit.dimensionality not in _KEPT_OF:
        return None
    shown, target = _KEPT_OF[unit.dimensionality]
    zero, one = (Fraction(_REGISTRY.Quantity(Fraction(n), unit).to(target).magnitude) for n in (0, 1))
    factor = one - zero
    return Conversion(shown, factor, zero, _power(factor) if zero == 0 else None, _ends(factor) and _ends(zero))


def _unit(word: str) -> Unit | None:
    """Return what pint knows as `word`: as written, else in the one case it can mean."""
    if not 0 < len(word) <= LONGEST:
        return None
    written = unicodedata.normalize("NFKC", word.translate(_SIGNS).strip()).translate(_SIGNS)
    written = _CALORIFIC.sub(lambda found: _CALORIFIC_NAMES[found[1].upper()], written)
    for name in (_ALIASES.get(written, written), _ANY_CASE.get(written.lower())):
        if name is not None and _WORD.fullmatch(name):
            try:
                return _REGISTRY.parse_units(name)
            except (PintError, ValueError):  # pint reads « nan » as a number, which no fraction is
                continue
    return None


def _power(factor: Fraction) -> int | None:
    """Return n where `factor` is 10^n, None where it is no power of ten."""
    n = len(str(factor.numerator)) - len(str(factor.denominator))
    return n if factor == Fraction(10) ** n else None


def _ends(number: Fraction) -> bool:
    """Say whether the decimals of `number` end: its denominator has no other prime than 2 and 5."""
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1


def _registry() -> UnitRegistry[Fraction]:
    # None: no file; pint would otherwise read its own definitions.
    registry: UnitRegistry[Fraction] = UnitRegistry(None, non_int_type=Fraction)
    for line in filter(None, _DEFINITIONS.splitlines()):
        registry.define(line)
    return registry


_REGISTRY: Final = _registry()
_KEPT_OF: Final = {
    unit.dimensionality: (shown, unit)
    for shown, unit in ((shown, _REGISTRY.parse_units(name)) for shown, name in KEPT.items())
}
