"""Values in any unit the field writes become the one unit we keep, exactly, or are refused for what they are not."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.dialects.making import canonical
from devices.dialects.measurement import Unreadable
from devices.dialects.quantities import WORDS, Quantity, accepts, kept_in, quantity_of
from devices.dialects.units import KEPT, conversion

SPELLINGS = {
    "kWh": ["kWh", "kwh", "KWH", "kW·h", "kW*h", " kWh "],
    "m³": ["m³", "m3", "㎥", "M3"],
    "°C": ["°C", "℃", "ºC", "degC", "Cel", "C"],
    "Nm³": ["Nm³", "Nm3", "m³(n)"],
    "kWh PCS": ["kWh PCS", "kWh_PCS", "kwh pcs", "kWh(PCS)", "kWh HHV"],
}


@pytest.mark.parametrize(("kept", "spelling"), [(kept, one) for kept, all_ in SPELLINGS.items() for one in all_])
def test_a_unit_is_known_however_it_is_spelt(kept, spelling):
    assert canonical(Decimal("1.50"), spelling, Quantity.REGISTER) == (Decimal("1.50"), kept)


@pytest.mark.parametrize(
    ("value", "unit", "quantity", "expected"),
    [
        ("1234", "Wh", Quantity.ENERGY_INDEX, ("1.234", "kWh")),
        ("1.5", "MWh", Quantity.PRODUCED_ENERGY_INDEX, ("1500", "kWh")),
        ("1.5", "MWh PCS", Quantity.GROSS_ENERGY_INDEX, ("1500", "kWh PCS")),
        ("3.6", "GJ", Quantity.ENERGY_INDEX, ("1000", "kWh")),
        ("1", "GJ", Quantity.ENERGY_INDEX, ("277.777777777778", "kWh")),
        ("1", "varh", Quantity.REACTIVE_ENERGY_INDEX, ("0.001", "kvarh")),
        ("36", "kVA", Quantity.SUBSCRIBED_POWER, ("36000", "VA")),
        ("36", "kW", Quantity.SUBSCRIBED_POWER, ("36000", "W")),
        ("250", "L", Quantity.VOLUME_INDEX, ("0.25", "m³")),
        ("5", "L/min", Quantity.FLOW, ("0.3", "m³/h")),
        ("273.15", "K", Quantity.TEMPERATURE, ("0", "°C")),
        ("-40", "°F", Quantity.TEMPERATURE, ("-40", "°C")),
        ("68", "°F", Quantity.TEMPERATURE, ("20", "°C")),
        ("1013.25", "hPa", Quantity.PRESSURE, ("101325", "Pa")),
        ("1200", "ppb", Quantity.CO2, ("1.2", "ppm")),
        ("300", "lux", Quantity.ILLUMINANCE, ("300", "lx")),
        ("-97", "dBm", Quantity.RSSI, ("-97", "dBm")),
        ("3600", "mV", Quantity.BATTERY, ("3.6", "V")),
        ("80", "%", Quantity.BATTERY, ("80", "%")),
    ],
)
def test_a_value_is_kept_in_its_unit(value, unit, quantity, expected):
    found, kept = canonical(Decimal(value), unit, quantity)
    assert (found, kept) == (Decimal(expected[0]), expected[1])


@pytest.mark.parametrize(
    ("unit", "quantity", "said"),
    [
        ("m³", Quantity.ENERGY_INDEX, "kWh"),
        ("Nm³", Quantity.VOLUME_INDEX, "m³"),
        ("m³", Quantity.NORMAL_VOLUME_INDEX, "Nm³"),
        ("kWh", Quantity.GROSS_ENERGY_INDEX, "kWh PCS"),
        ("kWh PCI", Quantity.GROSS_ENERGY_INDEX, "kWh PCS"),
        ("VA", Quantity.POWER, "W"),
        ("W", Quantity.APPARENT_POWER, "VA"),
        ("kW", Quantity.ENERGY_INDEX, "kWh"),
        ("kvar", Quantity.REACTIVE_ENERGY_INDEX, "kvarh"),
        ("%", Quantity.TEMPERATURE, "°C"),
        ("furlong", Quantity.TEMPERATURE, "°C"),
        ("9**9**9", Quantity.TEMPERATURE, "°C"),
        ("mw", Quantity.POWER, "W"),
    ],
)
def test_what_a_unit_is_not_is_refused_and_what_was_expected_is_said(unit, quantity, said):
    with pytest.raises(Unreadable) as refusal:
        canonical(Decimal(1), unit, quantity)
    assert refusal.value.reason == "wrong_unit"
    assert f"« {unit} »" in refusal.value.sentence
    assert f"on attend {said}" in refusal.value.sentence
    assert not accepts(quantity, unit)


def test_a_register_keeps_a_unit_nobody_knows_and_a_silence():
    assert canonical(Decimal(1), "lon", Quantity.REGISTER) == (Decimal(1), "lon")
    assert canonical(Decimal(1), "", Quantity.ENERGY_INDEX) == (Decimal(1), "")
    assert accepts(Quantity.ENERGY_INDEX, "")


def test_every_quantity_has_its_words_and_its_unit():
    assert set(WORDS) == set(Quantity)
    for quantity in set(Quantity) - {Quantity.REGISTER}:
        assert kept_in(quantity) in KEPT
        assert accepts(quantity, kept_in(quantity))


def test_every_kept_unit_stays_what_it_is_and_says_what_it_measures():
    for unit in KEPT:
        assert canonical(Decimal("12.30"), unit, Quantity.REGISTER) == (Decimal("12.30"), unit)
        assert unit in {"%", "dB"} or kept_in(quantity_of(unit)) == unit


registers = st.decimals(min_value=0, max_value=10**10, places=6)


@given(st.lists(registers, min_size=2, max_size=6), st.sampled_from(["Wh", "MWh", "GJ", "kJ"]))
def test_energy_between_indexes_adds_up_in_any_unit(indexes, unit):
    kept = [canonical(one, unit, Quantity.ENERGY_INDEX)[0] for one in indexes]
    steps = [after - before for before, after in itertools.pairwise(kept)]
    assert sum(steps) == kept[-1] - kept[0]


@example("nan")
@given(st.text(max_size=30))
def test_no_word_breaks_the_reader_of_units(word):
    found = conversion(word)
    assert found is None or found.unit in KEPT
