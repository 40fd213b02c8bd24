"""Clean energy in the database: incremental gives what the whole gives, local days are whole, sums are honest."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import Range

from devices.energy.derive import boundary_daily, derive_point, points_to_derive
from devices.energy.models import DailyEnergy, HourlyEnergy
from devices.energy.views import _days, _set_aside
from devices.ingest.latest import latest_readings, latest_values
from devices.ingest.models import Arrival
from devices.inventory.catalogue import register_model
from devices.inventory.register import install, remove
from devices.points.boundaries.register import register_boundary
from devices.points.models import BoundaryTerm, SubscribedPower
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from tests.devices.meters import HOUR, arrive, hourly, in_batches, message, metered, school_point

PARIS_MIDNIGHT = dt.datetime(2024, 1, 14, 23, tzinfo=dt.UTC)


def hours_of(session, point_id):
    rows = session.execute(
        select(HourlyEnergy.hour, HourlyEnergy.kwh, HourlyEnergy.reason, HourlyEnergy.cause)
        .where(HourlyEnergy.point_id == point_id)
        .order_by(HourlyEnergy.hour)
    )
    return [tuple(row) for row in rows]


def days_of(session, point_id):
    rows = session.execute(
        select(
            DailyEnergy.day,
            DailyEnergy.kwh,
            DailyEnergy.hours_measured,
            DailyEnergy.hours_expected,
            DailyEnergy.reason,
        )
        .where(DailyEnergy.point_id == point_id)
        .order_by(DailyEnergy.day)
    )
    return [tuple(row) for row in rows]


def revisions(session, point_id):
    query = select(func.sum(HourlyEnergy.revision)).where(HourlyEnergy.point_id == point_id)
    return session.scalar(query)


def test_readings_become_hours_and_days_and_arrivals_are_consumed(dbsession):
    point = metered(dbsession, "A").point
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(100, 149))))
    assert points_to_derive(dbsession) == [point.id]
    derive_point(dbsession, point.id)
    assert points_to_derive(dbsession) == []
    assert dbsession.scalar(select(func.count()).select_from(Arrival)) == 0
    assert days_of(dbsession, point.id) == [
        (dt.date(2024, 1, 15), 24, 24, 24, "measured"),
        (dt.date(2024, 1, 16), 24, 24, 24, "measured"),
    ]
    assert len(hours_of(dbsession, point.id)) == 48


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Paris", dt.date(2024, 3, 31), 23),
        ("Europe/Paris", dt.date(2024, 10, 27), 25),
        ("Europe/Paris", dt.date(2024, 2, 29), 24),
        ("Pacific/Marquesas", dt.date(2024, 6, 1), 24),  # UTC-9:30: hours do not begin with those of UTC
        ("Etc/GMT-1", dt.date(2024, 3, 31), 24),
    ],
)
def test_a_local_day_has_its_own_hours(dbsession, zone, day, hours):
    point = school_point(dbsession, timezone=zone)
    metered(dbsession, "A", point)
    start = dt.datetime.combine(day, dt.time(), dt.UTC) - dt.timedelta(days=2)
    arrive(dbsession, message("A", [(start + n * HOUR / 2, Decimal(n)) for n in range(240)]))
    derive_point(dbsession, point.id)
    assert (day, 2 * hours, hours, hours, "measured") in days_of(dbsession, point.id)


def test_a_hole_of_a_day_counts_in_total(dbsession):
    point = metered(dbsession, "A").point
    kwh = list(range(100, 173))
    kwh[25:47] = [None] * 22
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *kwh)))
    derive_point(dbsession, point.id)
    assert [day[1:] for day in days_of(dbsession, point.id)] == [
        (24, 24, 24, "measured"),
        (24, 24, 24, "measured_in_total"),
        (24, 24, 24, "measured"),
    ]


def test_a_day_after_a_reset_is_incomplete_and_says_so(dbsession):
    point = metered(dbsession, "A").point
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(1000, 1013), *range(12))))
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point.id) == [(dt.date(2024, 1, 15), 23, 23, 24, "suspicious")]
    assert (PARIS_MIDNIGHT + 12 * HOUR, None, "suspicious", "reset") in hours_of(dbsession, point.id)


def test_the_day_under_way_counts_the_hours_it_has(dbsession):
    point = metered(dbsession, "A").point
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(8))))
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point.id) == [(dt.date(2024, 1, 15), 7, 7, 24, "missing")]


def odd_fortnight(chance):
    """Return two weeks of quarters of hours with zeros, spikes, a reset, a rollover, holes and late clocks."""
    readings, value = [], 99_900.0
    at = PARIS_MIDNIGHT
    for number in range(14 * 96):
        at += dt.timedelta(minutes=15, seconds=chance.randint(-60, 60))
        value += chance.random() * 2
        if value >= 100_000:
            value -= 100_000
        if number == 900:
            value = 0.0
        shown = {150: 0.0, 151: 0.0, 600: 0.0, 700: value + 5000, 1000: value / 2}.get(number, value)
        if chance.random() < 0.9 and not 400 < number < 520:
            readings.append((at, Decimal(f"{shown:.3f}")))
    return readings


@pytest.mark.parametrize("seed", range(4))
def test_in_any_order_and_any_batches_it_comes_out_the_same(dbsession, seed):
    chance = random.Random(seed)
    readings = odd_fortnight(chance)
    point, other = (metered(dbsession, name, register_size=Decimal(100_000)).point for name in "AB")
    arrive(dbsession, *(message("B", batch) for batch in in_batches(readings, 500)))
    derive_point(dbsession, other.id)
    assert len(days_of(dbsession, other.id)) == 14
    remaining = readings + chance.sample(readings, 50)
    if seed:
        chance.shuffle(remaining)
    while remaining:
        size = chance.choice([1, 3, 40, 400])
        arrive(dbsession, message("A", remaining[:size]))
        remaining = remaining[size:]
        derive_point(dbsession, point.id)
    assert hours_of(dbsession, point.id) == hours_of(dbsession, other.id)
    assert days_of(dbsession, point.id) == days_of(dbsession, other.id)


def test_what_comes_out_the_same_keeps_its_revision(dbsession):
    point = metered(dbsession, "A").point
    readings = hourly(PARIS_MIDNIGHT, *range(100, 149))
    arrive(dbsession, message("A", readings[:20] + readings[21:]))
    derive_point(dbsession, point.id)
    before = revisions(dbsession, point.id)
    derived = derive_point(dbsession, point.id)
    assert (derived.hours, derived.days) == (0, 0)
    assert revisions(dbsession, point.id) == before
    arrive(dbsession, message("A", [readings[20]]))
    derived = derive_point(dbsession, point.id)
    assert (derived.hours, derived.days) == (2, 1), "two hours and their day are better known now"
    assert revisions(dbsession, point.id) == before + 2


def test_energy_is_the_register_times_its_factor(dbsession):
    point = metered(dbsession, "A", factor=Decimal("0.01")).point
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(0, 2500, 100))))
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point.id)[0][1] == 24


@pytest.mark.parametrize(
    ("quantity", "kind", "counts"),
    [
        ("produced_energy_index", ("photovoltaic", "production"), True),
        ("energy_index", ("photovoltaic", "production"), True),
        ("exported_energy_index", ("electricity", "export"), True),
        ("exported_energy_index", ("electricity", "import"), False),
        ("produced_energy_index", ("electricity", "import"), False),
        ("pulse_index", ("heat", "import"), True),
        ("net_energy_index", ("gas", "import"), False),
        ("reactive_energy_index", ("electricity", "import"), False),
        ("temperature", ("ambient", "none"), False),
    ],
)
def test_what_flows_the_way_a_point_counts_is_its_energy_and_nothing_else(dbsession, quantity, kind, counts):
    point = school_point(dbsession)
    point.energy, point.direction = kind
    metered(dbsession, "A", point, quantity=quantity, factor=Decimal("0.5"))
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(25))))
    derive_point(dbsession, point.id)
    assert [row[1] for row in days_of(dbsession, point.id)] == ([12] if counts else [])
    said = latest_readings(dbsession, [point.id], PARIS_MIDNIGHT + 25 * HOUR)[point.id]
    assert (said.value, said.index_kwh) == (12, 12 if counts else None)


def test_a_pulse_of_gas_is_a_volume(dbsession):
    point = school_point(dbsession)
    point.energy = "gas"
    with pytest.raises(Refusal, match="« volume \\(index\\) »"):
        metered(dbsession, "A", point, quantity="pulse_index")


def test_a_room_says_its_temperature_its_humidity_and_its_air_each_in_its_unit(dbsession):
    point = school_point(dbsession)
    point.energy, point.direction = "ambient", "none"
    device = metered(dbsession, "A", point, quantity="temperature", channel="t").device
    for channel, quantity in (("h", "humidity"), ("c", "co2")):
        install(dbsession, device, point, at=PARIS_MIDNIGHT, channel=channel, quantity=quantity)
    for channel, value in (("t", "20.5"), ("h", 41), ("c", 800)):
        arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, value), channel))
    now = PARIS_MIDNIGHT + HOUR
    told = {one.quantity: (one.value, one.unit, one.state(now)) for one in latest_values(dbsession, [point.id], now)}
    assert told == {
        "temperature": (Decimal("20.5"), "°C", "heard"),
        "humidity": (41, "%", "heard"),
        "co2": (800, "ppm", "heard"),
    }
    assert latest_readings(dbsession, [point.id], now)[point.id].index_kwh is None


def test_a_swap_keeps_every_kilowatt_hour(dbsession):
    old = metered(dbsession, "OLD")
    at = PARIS_MIDNIGHT + dt.timedelta(hours=10, minutes=20)
    arrive(dbsession, message("OLD", hourly(PARIS_MIDNIGHT, *range(500, 511))))
    remove(dbsession, old, at=at, closing_index=Decimal("510.4"))
    metered(dbsession, "NEW", old.point, at=at, opening_index=Decimal("7.1"))
    arrive(dbsession, message("NEW", hourly(PARIS_MIDNIGHT + 11 * HOUR, *(f"{8 + n}.1" for n in range(14)))))
    derive_point(dbsession, old.point_id)
    assert days_of(dbsession, old.point_id) == [
        (dt.date(2024, 1, 15), Decimal("10.4") + 14, 24, 24, "measured"),
    ]


def test_a_move_registered_late_takes_its_readings_along(dbsession):
    """The device was moved at noon, which the register learned after the readings had arrived."""
    first = metered(dbsession, "A")
    second = school_point(dbsession, "Annexe")
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(25))))
    derive_point(dbsession, first.point_id)
    noon = PARIS_MIDNIGHT + 12 * HOUR
    remove(dbsession, first, at=noon)
    install(dbsession, first.device, second, at=noon)
    assert points_to_derive(dbsession) == sorted([first.point_id, second.id])
    for point_id in points_to_derive(dbsession):
        derive_point(dbsession, point_id)
    assert days_of(dbsession, first.point_id) == [(dt.date(2024, 1, 15), 11, 11, 24, "missing")]
    assert days_of(dbsession, second.id) == [(dt.date(2024, 1, 15), 12, 12, 24, "missing")]


def test_a_factor_put_right_derives_everything_again(dbsession):
    installation = metered(dbsession, "A")
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(25))))
    derive_point(dbsession, installation.point_id)
    installation.factor = Decimal(2)
    dbsession.flush()
    assert points_to_derive(dbsession) == [installation.point_id]
    derive_point(dbsession, installation.point_id)
    assert days_of(dbsession, installation.point_id)[0][1] == 48


def test_energy_never_exceeds_what_a_building_can_draw(dbsession):
    point = metered(dbsession, "A").point
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, 0, 1, 10**9, 10**9 + 1)))
    derive_point(dbsession, point.id)
    assert [hour[1:] for hour in hours_of(dbsession, point.id)] == [
        (1, "measured", None),
        (None, "suspicious", "implausible"),
        (1, "measured", None),
    ]


def test_more_than_the_contract_of_the_point_allows_is_set_aside_and_its_change_derives_again(dbsession):
    """9 kVA until 15 January, 36 kVA from then on: 50 kWh in an hour is a fault on the 15th if it is 9."""
    point = metered(dbsession, "A").point
    contract = SubscribedPower(
        point_id=point.id, period=Range(dt.date(2023, 1, 1), dt.date(2024, 1, 16)), power=Decimal(9), unit="kVA"
    )
    dbsession.add(contract)
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(12), *range(61, 75))))
    derive_point(dbsession, point.id)
    (jump,) = [hour for hour in hours_of(dbsession, point.id) if hour[1] is None]
    assert jump == (PARIS_MIDNIGHT + 11 * HOUR, None, "suspicious", "implausible")
    assert days_of(dbsession, point.id)[0] == (dt.date(2024, 1, 15), 23, 23, 24, "suspicious")
    assert points_to_derive(dbsession) == []
    contract.period = Range(dt.date(2023, 1, 1), dt.date(2024, 1, 15))
    dbsession.add(SubscribedPower(point_id=point.id, period=Range(dt.date(2024, 1, 15), None), power=36, unit="kVA"))
    dbsession.flush()
    assert points_to_derive(dbsession) == [point.id]
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point.id)[0] == (dt.date(2024, 1, 15), 73, 24, 24, "measured")


def test_more_than_its_model_can_count_is_set_aside(dbsession):
    installation = metered(dbsession, "A")
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(12), *range(61, 75))))
    derive_point(dbsession, installation.point_id)
    assert days_of(dbsession, installation.point_id)[0][1:3] == (73, 24)
    installation.device.model = register_model(dbsession, maker="Essai", name="Pince 10 A", max_power_kw=Decimal("2.3"))
    dbsession.flush()
    assert points_to_derive(dbsession) == [installation.point_id]
    derive_point(dbsession, installation.point_id)
    assert days_of(dbsession, installation.point_id)[0][1:3] == (23, 23)
    installation.device.model.max_power_kw = None
    dbsession.flush()
    assert points_to_derive(dbsession) == [installation.point_id]


def test_a_fall_near_a_size_registers_have_waits_for_somebody_to_say_the_size(dbsession):
    """Said of the model, energy is derived again; said of the installation, that counts before the model's."""
    installation = metered(dbsession, "A")
    installation.device.model = register_model(dbsession, maker="Essai", name="Compteur")
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, 9_940, 9_950, 5, *range(6, 30))))
    derive_point(dbsession, installation.point_id)
    fell = PARIS_MIDNIGHT + HOUR
    assert (fell, None, "suspicious", "unknown_size") in hours_of(dbsession, installation.point_id)
    page = SimpleNamespace(dbsession=dbsession, language=FRENCH)
    (told,) = _set_aside(page, installation.point, PARIS_MIDNIGHT + 20 * HOUR)
    assert "dites la taille du registre sur le modèle du capteur" in told.why
    for of, name, size, said in (
        (installation.device.model, "register_size", 10_000, (55, "measured", "rollover")),
        (installation, "own_register_size", 1_000_000, (None, "suspicious", "restart")),
        (installation, "own_register_size", None, (55, "measured", "rollover")),
    ):
        setattr(of, name, None if size is None else Decimal(size))
        dbsession.flush()
        assert points_to_derive(dbsession) == [installation.point_id]
        derive_point(dbsession, installation.point_id)
        assert (fell, *said) in hours_of(dbsession, installation.point_id)


def test_a_closing_index_of_zero_that_somebody_read_counts(dbsession):
    installation = metered(dbsession, "A", register_size=Decimal(100_000))
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, 99_998, 99_999)))
    remove(dbsession, installation, at=PARIS_MIDNIGHT + 2 * HOUR, closing_index=Decimal(0))
    derive_point(dbsession, installation.point_id)
    assert (PARIS_MIDNIGHT + HOUR, 1, "measured", "rollover") in hours_of(dbsession, installation.point_id)


def test_what_is_set_aside_is_told_with_its_hours_and_its_reason(dbsession):
    point = metered(dbsession, "A").point
    arrive(
        dbsession, message("A", hourly(PARIS_MIDNIGHT, 100, 101, 5_000, 103, 104, *range(10**9, 10**9 + 5), 3, 4, 5))
    )
    derive_point(dbsession, point.id)
    page = SimpleNamespace(dbsession=dbsession, language=FRENCH)
    told = _set_aside(page, point, PARIS_MIDNIGHT + 20 * HOUR)
    assert [(part.start - PARIS_MIDNIGHT, part.end - part.start, part.why) for part in told] == [
        (9 * HOUR, HOUR, "douteux, mis de côté, capteur redémarré"),
        (4 * HOUR, HOUR, "douteux, mis de côté, consommation impossible"),
        (HOUR, 2 * HOUR, "mesuré en tout, réparti entre deux index, pic impossible"),
    ]
    days = _days({}, dt.date(2024, 1, 1), FRENCH)
    assert {day.reason for day in days} == {"rien n'est arrivé"}


def test_three_phases_counted_apart_add_up_and_two_of_them_are_not_the_point(dbsession):
    point = school_point(dbsession)
    for serial, phase in (("A", "L1"), ("B", "L2"), ("C", "L3")):
        metered(dbsession, serial, point, phase=phase)
    for serial, pace in (("A", 1), ("B", 2), ("C", 4)):
        last = 12 if serial == "C" else 25
        arrive(dbsession, message(serial, hourly(PARIS_MIDNIGHT, *range(0, last * pace, pace))))
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point.id) == [(dt.date(2024, 1, 15), 77, 11, 24, "missing")]
    arrive(dbsession, message("C", hourly(PARIS_MIDNIGHT + 12 * HOUR, *range(48, 100, 4))))
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point.id) == [(dt.date(2024, 1, 15), 168, 24, 24, "measured")]
    hours = hours_of(dbsession, point.id)
    arrive(dbsession, message("B", [(PARIS_MIDNIGHT + 20 * HOUR + HOUR / 2, Decimal(41))]))
    assert derive_point(dbsession, point.id).hours == 0
    dbsession.flush()
    assert hours_of(dbsession, point.id) == hours


def test_a_clamp_on_one_phase_is_a_detail_beside_the_meter_of_the_point(dbsession):
    point = metered(dbsession, "A").point
    metered(dbsession, "B", point, phase="L1")
    arrive(
        dbsession,
        message("A", hourly(PARIS_MIDNIGHT, *range(0, 75, 3))),
        message("B", hourly(PARIS_MIDNIGHT, *range(25))),
    )
    derive_point(dbsession, point.id)
    assert days_of(dbsession, point.id) == [(dt.date(2024, 1, 15), 72, 24, 24, "measured")]


def boundary_of(session, *terms):
    return register_boundary(
        session,
        name="Périmètre",
        energy="electricity",
        buildings=[terms[0][0].building],
        terms=terms,
        start=dt.date(2024, 1, 1),
    )


def test_a_boundary_is_a_signed_sum_of_its_points(dbsession):
    whole, antenna = metered(dbsession, "A").point, metered(dbsession, "B").point
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(0, 100, 2))))
    arrive(dbsession, message("B", hourly(PARIS_MIDNIGHT, *range(50))))
    for point in (whole, antenna):
        derive_point(dbsession, point.id)
    boundary = boundary_of(dbsession, (whole, Decimal(1)), (antenna, Decimal("-0.5")))
    days = boundary_daily(dbsession, boundary, dt.date(2024, 1, 14), dt.date(2024, 1, 17))
    assert [tuple(day) for day in days] == [
        (dt.date(2024, 1, 14), None, 0, 24),
        (dt.date(2024, 1, 15), 36, 24, 24),
        (dt.date(2024, 1, 16), 36, 24, 24),
    ]


def test_an_incomplete_set_of_points_is_not_summed_as_if_complete(dbsession):
    """Four meters of which one is missing must not read as a saving."""
    school, canteen = metered(dbsession, "A").point, metered(dbsession, "B").point
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(49))))
    arrive(dbsession, message("B", hourly(PARIS_MIDNIGHT, *range(7))))
    for point in (school, canteen):
        derive_point(dbsession, point.id)
    boundary = boundary_of(dbsession, (school, Decimal(1)), (canteen, Decimal(1)))
    days = boundary_daily(dbsession, boundary, dt.date(2024, 1, 15), dt.date(2024, 1, 17))
    assert [tuple(day)[1:] for day in days] == [(12, 6, 24), (None, 0, 24)]


def test_a_term_counts_on_its_own_days(dbsession):
    school, canteen = metered(dbsession, "A").point, metered(dbsession, "B").point
    for serial in "AB":
        arrive(dbsession, message(serial, hourly(PARIS_MIDNIGHT, *range(49))))
    for point in (school, canteen):
        derive_point(dbsession, point.id)
    boundary = boundary_of(dbsession, (school, Decimal(1)))
    boundary.terms.append(BoundaryTerm(point=canteen, period=Range(dt.date(2024, 1, 16), None)))
    dbsession.flush()
    days = boundary_daily(dbsession, boundary, dt.date(2024, 1, 15), dt.date(2024, 1, 17))
    assert [day.kwh for day in days] == [24, 48]


def test_a_single_incomplete_point_says_how_many_hours_it_has(dbsession):
    point = metered(dbsession, "A").point
    arrive(dbsession, message("A", hourly(PARIS_MIDNIGHT, *range(8))))
    derive_point(dbsession, point.id)
    days = boundary_daily(
        dbsession, boundary_of(dbsession, (point, Decimal(1))), dt.date(2024, 1, 15), dt.date(2024, 1, 16)
    )
    assert [tuple(day)[1:] for day in days] == [(7, 7, 24)]
