"""What indexes prove: energy is conserved, and five ways of falling are told apart."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.energy.ceiling import Ceiling, ceiling_of, subscribed
from devices.energy.hours import split
from devices.energy.reasons import Cause, Reason
from devices.energy.rules import HOUR, MICRO, RADIUS, micro_kwh, register_of, spans_of
from devices.energy.timeline import FOREVER, Served, spans_of_point

KWH = register_of(Decimal(1), Ceiling())
FIVE_DIGITS = register_of(Decimal(1), Ceiling(), Decimal(100_000))
ENDLESS = register_of(Decimal(1), Ceiling(watts=10**12))


def hourly(*kwh: float) -> list[tuple[int, int]]:
    return [(number * HOUR, round(value * MICRO)) for number, value in enumerate(kwh)]


def proven(*kwh: float, size: int | None = None, read: bool = False) -> list[tuple[float | None, str, str | None]]:
    """Return energy, reason and cause of each span of hourly readings `kwh`; `read`: a person read the last one."""
    register = register_of(Decimal(1), Ceiling(), None if size is None else Decimal(size))
    return [
        ((span.last - span.first) / MICRO if span.has_energy else None, span.reason.value, span.cause)
        for span in spans_of(hourly(*kwh), register, last_is_read=read)
    ]


def total(spans) -> int:
    return sum(span.last - span.first for span in spans if span.has_energy)


def test_energy_is_the_difference_of_two_indexes():
    assert proven(0, 23.3, 46.4, 46.4) == [
        (23.3, "measured", None),
        (pytest.approx(23.1), "measured", None),
        (0, "measured", None),
    ]


def test_a_lost_reading_changes_the_curve_and_not_the_energy():
    readings = hourly(10, 12, 15, 19, 24)
    spans = spans_of(readings[:1] + readings[4:], KWH)
    assert [(span.reason, span.last - span.first) for span in spans] == [(Reason.MEASURED_IN_TOTAL, 14 * MICRO)]
    hours = split(spans, [number * HOUR for number in range(5)])
    assert [hour.energy for hour in hours] == [3_500_000] * 4


def test_a_moment_of_zero_is_left_out():
    assert proven(53_700, 0, 53_701, 53_702) == [
        (1, "measured_in_total", Cause.TRANSIENT_ZERO),
        (1, "measured", None),
    ]


def test_zeros_however_many_are_left_out_when_the_index_comes_back():
    assert proven(53_700, *[0] * 50, 53_701)[0][:2] == (1, "measured_in_total")


def test_a_reset_is_a_zero_from_which_it_goes_on():
    assert proven(500, 501, 0, 2, 4) == [
        (1, "measured", None),
        (None, "suspicious", Cause.RESET),
        (2, "measured", None),
        (2, "measured", None),
    ]


def test_zeros_at_the_end_wait_for_the_next_reading():
    assert proven(500, 501, 0, 0) == [
        (1, "measured", None),
        (None, "suspicious", Cause.RESET),
        (None, "suspicious", Cause.RESET),
    ]


def test_a_new_register_counts_from_its_first_zero():
    assert proven(0, 0, 2) == [(0, "measured", None), (2, "measured", None)]


def test_a_restart_at_a_small_value_proves_nothing_in_between():
    assert proven(45_000, 45_010, 3, 9) == [
        (10, "measured", None),
        (None, "suspicious", Cause.RESTART),
        (6, "measured", None),
    ]


@pytest.mark.parametrize("size", [2**16, 2**32, 10_000, 100_000, 10**9])
def test_a_rollover_proves_what_was_left_and_what_is_there(size):
    readings = [(0, (size - 7) * MICRO), (HOUR, 5 * MICRO), (2 * HOUR, 6 * MICRO)]
    spans = spans_of(readings, register_of(Decimal(1), Ceiling(), Decimal(size)))
    assert total(spans) == 13 * MICRO
    assert [span.cause for span in spans] == [Cause.ROLLOVER, None]
    guessed = spans_of(readings, KWH)
    assert total(guessed) == MICRO, "nobody said where this register is full"
    assert [span.cause for span in guessed] == [Cause.UNKNOWN_SIZE, None]


@pytest.mark.parametrize("readings", [(9_940, 9_950, 0, 5), (9_940, 9_950, 5), (65_500, 65_530, 20)])
def test_a_reset_near_a_size_registers_have_is_no_rollover(readings):
    """A meter of six digits that was reset at 9,950 kWh used 5 since, not 55."""
    known = [span[0] for span in proven(*readings, size=1_000_000)]
    assert sum(energy or 0 for energy in known) == readings[1] - readings[0] + (5 if len(readings) == 4 else 0)
    told = proven(*readings)[1]
    assert told == (None, "suspicious", Cause.UNKNOWN_SIZE)
    assert proven(*readings, size=1_000_000)[1][2] in {Cause.RESET, Cause.RESTART}


def test_a_rollover_that_would_be_an_impossible_power_is_none():
    """6 kVA: 12 kWh in an hour is the most; a register of five digits at 99,900 was reset."""
    register = register_of(Decimal(1), ceiling_of([subscribed(0, FOREVER, Decimal(6))], None), Decimal(100_000))
    (span,) = spans_of([(0, 99_900 * MICRO), (HOUR, 2 * MICRO)], register)
    assert (span.reason, span.cause) == (Reason.SUSPICIOUS, Cause.RESTART)
    (span,) = spans_of([(0, 99_995 * MICRO), (HOUR, 2 * MICRO)], register)
    assert (span.last - span.first, span.cause) == (7 * MICRO, Cause.ROLLOVER)


def test_what_a_register_cannot_show_is_no_rollover_of_it():
    assert proven(10_050, 3, 4, size=10_000)[0] == (None, "suspicious", Cause.RESTART)


def test_a_rollover_to_zero_is_told_from_a_moment_of_zero_by_what_follows():
    assert proven(99_999, 0, size=100_000)[0][1] == "suspicious"
    assert proven(99_999, 0, 1, size=100_000)[0] == (1, "measured", Cause.ROLLOVER)
    assert proven(99_999, 0, 99_999, size=100_000)[0][:2] == (0, "measured_in_total")


def test_a_zero_a_person_read_is_no_moment_of_zero():
    assert proven(99_998, 99_999, 0, size=100_000, read=True)[-1] == (1, "measured", Cause.ROLLOVER)
    assert proven(99_999, 0, 0, size=100_000, read=True)[-1] == (0, "measured", None)
    assert proven(99_999, 0, read=True)[-1] == (None, "suspicious", Cause.UNKNOWN_SIZE)
    assert proven(500, 0, size=100_000, read=True)[-1] == (None, "suspicious", Cause.RESET)
    closed = Served(0, HOUR, Decimal(1), {0: Decimal(99_999)}, closing=Decimal(0), size=Decimal(100_000))
    assert total(spans_of_point([closed])) == MICRO


def test_a_reset_read_as_a_moment_of_zero_counts_less_and_never_more():
    """From 5 to 0 and on to 7: 2 are sure, whether it was reset or not."""
    assert proven(5, 0, 7) == [(2, "measured_in_total", Cause.TRANSIENT_ZERO)]


def test_rollover_is_judged_in_the_unit_of_the_register():
    pulses_of_a_tenth = register_of(Decimal("0.1"), Ceiling(), Decimal(2**16))
    readings = [(0, micro_kwh(Decimal(65_530), Decimal("0.1"))), (HOUR, micro_kwh(Decimal(4), Decimal("0.1")))]
    assert total(spans_of(readings, pulses_of_a_tenth)) == MICRO


def test_one_reading_that_stands_out_is_left_out():
    assert proven(100, 5_000, 102, 103)[0] == (2, "measured_in_total", Cause.SPIKE)
    assert proven(100, 101, 90, 103)[1] == (2, "measured_in_total", Cause.SPIKE)


def test_a_register_that_falls_and_stays_below_is_for_people_to_decide():
    assert proven(100, 110, 95, 96, 97)[1] == (None, "suspicious", Cause.BACKWARDS)


def test_what_no_building_can_draw_is_not_counted():
    assert proven(0, 1_000_000, 1_000_001)[0] == (None, "suspicious", Cause.IMPLAUSIBLE)


def test_more_than_twice_the_subscribed_power_is_set_aside():
    """12 kVA: 24 kW for an hour is the most; nobody asks what quality the reading claims."""
    register = register_of(Decimal(1), ceiling_of([subscribed(0, FOREVER, Decimal(12))], None))
    readings = [(0, 0), (HOUR, 24_000_001), (2 * HOUR, 50_000_002), (3 * HOUR, 51_000_002)]
    assert [(span.reason, span.cause) for span in spans_of(readings, register)] == [
        (Reason.MEASURED, None),
        (Reason.SUSPICIOUS, Cause.IMPLAUSIBLE),
        (Reason.MEASURED, None),
    ]


def test_a_subscription_counts_from_its_day_on():
    limits = [subscribed(0, 2 * HOUR, Decimal(6)), subscribed(2 * HOUR, FOREVER, Decimal(36))]
    ceiling = ceiling_of(limits, None)
    assert ceiling.allows(12 * MICRO, HOUR, 2 * HOUR)
    assert not ceiling.allows(13 * MICRO, HOUR, 2 * HOUR)
    assert ceiling.allows(13 * MICRO, 2 * HOUR, 3 * HOUR)
    assert ceiling.allows((12 + 72) * MICRO, HOUR, 3 * HOUR)
    assert not ceiling.allows((12 + 73) * MICRO, HOUR, 3 * HOUR)


def test_what_a_device_cannot_count_bounds_it_whatever_the_point_may_draw():
    ceiling = ceiling_of([subscribed(0, FOREVER, Decimal(250))], Decimal(10))
    assert not ceiling.allows(11 * MICRO, 0, HOUR)
    assert not ceiling_of([], Decimal(10)).allows(11 * MICRO, 0, HOUR)


def test_a_register_of_coarse_steps_may_take_one_in_an_instant():
    """10 kWh a pulse behind 6 kVA, read every five minutes."""
    register = register_of(Decimal(10), ceiling_of([subscribed(0, FOREVER, Decimal(6))], None))
    minutes = HOUR // 12
    readings = [(0, 0), (minutes, 0), (2 * minutes, 10 * MICRO), (3 * minutes, 10 * MICRO), (4 * minutes, 30 * MICRO)]
    assert [span.reason.value for span in spans_of(readings, register)] == [*["measured"] * 3, "suspicious"]


def test_the_step_of_a_register_of_megawatt_hours_is_its_last_decimal():
    register = register_of(Decimal(1000), ceiling_of([], Decimal(50)))
    readings = [(0, 1_234_567 * 1000), (HOUR, 1_234_618 * 1000), (2 * HOUR, 1_235_618 * 1000)]
    readings = [(at, value * 1000) for at, value in readings]
    assert [span.reason.value for span in spans_of(readings, register)] == ["measured", "suspicious"]


def test_energy_across_a_swap_is_conserved_to_the_last_digit():
    old = Served(0, 10 * HOUR, Decimal(1), {0: Decimal(5), 9 * HOUR: Decimal("14.1")}, closing=Decimal("15.000001"))
    new = Served(10 * HOUR, FOREVER, Decimal("0.25"), {12 * HOUR: Decimal(8)}, opening=Decimal(4))
    spans = spans_of_point([new, old])
    assert total(spans) == 10_000_001 + 1_000_000
    assert all(one.end == other.start for one, other in pairwise(spans))


def test_between_two_devices_nothing_is_known():
    old = Served(0, 10 * HOUR, Decimal(1), {0: Decimal(5), HOUR: Decimal(6)})
    new = Served(10 * HOUR, FOREVER, Decimal(1), {12 * HOUR: Decimal(0), 13 * HOUR: Decimal(1)})
    spans = spans_of_point([old, new])
    assert [(span.reason, span.cause) for span in spans] == [
        (Reason.MEASURED, None),
        (Reason.MISSING, Cause.NO_DEVICE),
        (Reason.MEASURED, None),
    ]
    assert split(spans, [0, HOUR, 2 * HOUR])[1].energy is None


def test_two_devices_at_once_are_not_counted_twice():
    old = Served(0, FOREVER, Decimal(1), {n * HOUR: Decimal(n) for n in range(10)})
    new = Served(5 * HOUR, FOREVER, Decimal(1), {n * HOUR: Decimal(n) for n in range(5, 10)})
    assert total(spans_of_point([old, new])) == 8 * MICRO  # 0 to 4, then 5 to 9


# Readings at any instants of a fortnight, of a register that mostly rises.

FORTNIGHT = 14 * 24 * HOUR
RISING = st.lists(st.tuples(st.integers(1, FORTNIGHT // 20), st.integers(0, 50 * MICRO)), min_size=2, max_size=60).map(
    lambda steps: [(sum(s[0] for s in steps[: n + 1]), sum(s[1] for s in steps[: n + 1])) for n in range(len(steps))]
)
ANY_VALUE = st.integers(0, 3 * MICRO) | st.just(0) | st.integers(64_000 * MICRO, 100_000 * MICRO)
ANYTHING = st.dictionaries(st.integers(0, 400).map(lambda n: n * HOUR // 3), ANY_VALUE, max_size=80).map(
    lambda readings: sorted(readings.items())
)
SOMETIMES_ODD = st.tuples(RISING, st.dictionaries(st.integers(0, 59), ANY_VALUE, max_size=8)).map(
    lambda both: [(at, both[1].get(number, value)) for number, (at, value) in enumerate(both[0])]
)


@given(
    RISING, st.lists(st.tuples(st.integers(0, FORTNIGHT), st.integers(0, FORTNIGHT), st.integers(1, 40)), max_size=3)
)
def test_what_is_counted_never_exceeds_what_the_contract_allows(readings, contracts):
    limits = [subscribed(min(a, b), max(a, b), Decimal(kva)) for a, b, kva in contracts]
    register = register_of(Decimal(1), ceiling_of(limits, Decimal(100)))
    for span in spans_of(readings, register):
        if span.has_energy:
            longest = max(span.end, span.start + HOUR // 12)
            assert register.ceiling.allows(span.last - span.first - MICRO, span.start, longest)
        else:
            assert span.cause is Cause.IMPLAUSIBLE


@given(RISING, st.data())
def test_however_time_is_cut_energy_adds_up_to_the_difference_of_indexes(readings, data):
    spans = spans_of(readings, ENDLESS)
    start, end = readings[0][0], readings[-1][0]
    cuts = data.draw(st.lists(st.integers(start, end), max_size=50))
    parts = split(spans, sorted({start, end, *cuts}))
    assert sum(part.energy for part in parts) == readings[-1][1] - readings[0][1]
    assert all(part.energy >= 0 for part in parts)


@given(SOMETIMES_ODD, st.randoms(use_true_random=False))
def test_order_and_duplication_change_nothing(readings, chance):
    shuffled = readings * 2
    chance.shuffle(shuffled)
    once = Served(0, FOREVER, Decimal("0.001"), {at: Decimal(value) for at, value in readings})
    again = Served(0, FOREVER, Decimal("0.001"), {at: Decimal(value) for at, value in shuffled})
    assert spans_of_point([once]) == spans_of_point([again])


FACTORS = st.decimals(min_value="0.001", max_value=100, places=3)
UNREAD = st.integers(0, 5 * MICRO)


@given(st.tuples(RISING, RISING), st.tuples(FACTORS, FACTORS), st.tuples(UNREAD, UNREAD), st.data())
def test_whatever_is_swapped_every_millionth_of_a_kilowatt_hour_is_counted_once(registers, factors, unread, data):
    """A device or a meter: two registers, two factors, an index read by hand on each side of the swap."""
    (old, new), (was, becomes) = registers, factors
    at = old[-1][0] + 1
    old, new = ([(instant, Decimal(value).scaleb(-6)) for instant, value in readings] for readings in (old, new))
    closing = old[-1][1] + Decimal(unread[0]).scaleb(-6)
    opening = max(Decimal(0), new[0][1] - Decimal(unread[1]).scaleb(-6))
    new = [(at + instant, value) for instant, value in new]
    endless = Ceiling(watts=10**12)
    services = [
        Served(0, at, was, dict(old), closing=closing, ceiling=endless),
        Served(at, FOREVER, becomes, dict(new), opening=opening, ceiling=endless),
    ]
    spans = spans_of_point(data.draw(st.permutations(services)))
    counted = [micro_kwh(closing, was) - micro_kwh(old[0][1], was), micro_kwh(new[-1][1], becomes)]
    assert total(spans) == sum(counted) - micro_kwh(opening, becomes)
    start, end = old[0][0], new[-1][0]
    cuts = data.draw(st.lists(st.integers(start, end), max_size=20))
    parts = split(spans, sorted({start, end, at, *cuts}))
    assert sum(part.energy for part in parts) == total(spans)
    assert sum(part.energy for part in parts if part.start < at) == counted[0]


STEPS = st.lists(
    st.tuples(st.sampled_from(["use", "use", "use", "use", "reset", "swap"]), st.integers(0, 900_000)), max_size=40
)


class Told(NamedTuple):
    """What the registers of a point told in a script, and what was used: in all, and not across a reset."""

    services: list[Served]
    used: int
    kept: int


def told_by(steps: list[tuple[str, int]], size: int, begins: int, *, said: bool) -> Told:
    """Return a script of hourly steps: `use` millionths, a reset before it, or a swap with both indexes read."""
    endless = Ceiling(watts=10**12)
    services: list[Served] = []
    at, shown, used, kept, start = 0, begins, 0, 0, 0
    readings = {0: begins}
    opening: int | None = None

    def ended(end: int, closing: int | None) -> Served:
        values = {instant: Decimal(value).scaleb(-6) for instant, value in readings.items()}
        known = {"opening": opening, "closing": closing}
        read = {name: None if value is None else Decimal(value).scaleb(-6) for name, value in known.items()}
        where = Decimal(size).scaleb(-6) if said else None
        return Served(start, end, Decimal(1), values, **read, ceiling=endless, size=where)

    for what, amount in steps:
        at += HOUR
        used += amount
        if what == "reset":
            # Only what begins again lower is a reset anybody can see; away from the rim, it is nothing else.
            if not 2 * 900_000 < shown < size - size // 100:
                shown = (shown + amount) % size
                kept += amount
            else:
                shown = amount
        else:
            shown = (shown + amount) % size
            kept += amount
        if what == "swap":
            services.append(ended(at, shown))
            start, opening, readings = at, amount, {at: amount}
            shown = amount
        else:
            readings[at] = shown
    return Told([*services, ended(FOREVER, None)], used, kept)


@given(STEPS, st.sampled_from([2**27, 10**8, 10**9, 10**10]), st.integers(0, 10**10), st.booleans())
def test_whatever_falls_nothing_is_lost_where_the_size_is_known_and_nothing_invented_where_not(
    steps, size, begins, near_the_rim
):
    begins = size - 1 - begins % 2_000_000 if near_the_rim else begins % size
    known = told_by(steps, size, begins, said=True)
    spans = spans_of_point(known.services)
    zeros = {Cause.TRANSIENT_ZERO, Cause.SPIKE}
    held = any(span.cause is Cause.RESET for span in spans) or any(span.cause in zeros for span in spans)
    assert total(spans) <= known.used
    if not held:
        assert total(spans) == known.kept
    assert total(spans_of_point(told_by(steps, size, begins, said=False).services)) <= total(spans)


@given(RISING, st.sets(st.integers(1, 58)))
def test_lost_readings_change_no_total(readings, lost):
    kept = [r for number, r in enumerate(readings) if number not in lost or number == len(readings) - 1]
    assert total(spans_of(kept, ENDLESS)) == total(spans_of(readings, ENDLESS))


@given(ANYTHING | SOMETIMES_ODD)
def test_spans_leave_no_gap_and_no_overlap_and_never_a_negative_energy(readings):
    spans = spans_of(readings, FIVE_DIGITS)
    assert all(one.end == other.start for one, other in pairwise(spans))
    assert all(span.last >= span.first for span in spans if span.has_energy)


@given(ANYTHING | SOMETIMES_ODD, st.integers(0, 80), st.integers(0, 80))
def test_a_part_with_its_context_gives_what_the_whole_gives(readings, one, other):
    """Derive again what the readings from `first` to `last` may have changed, from `RADIUS` readings around it."""
    if not readings:
        return
    first, last = sorted((one % len(readings), other % len(readings)))
    values = [number for number, (_, value) in enumerate(readings) if value]
    before = [number for number in values if number < first]
    after = [number for number in values if number > last]
    start = before[-RADIUS] if len(before) >= RADIUS else 0
    end = after[RADIUS - 1] if len(after) >= RADIUS else len(readings) - 1
    low = (before[-2 * RADIUS :] or [0])[0] if len(before) >= 2 * RADIUS else 0
    high = after[2 * RADIUS - 1] if len(after) >= 2 * RADIUS else len(readings) - 1
    edges = [at for at, _ in readings[start : end + 1]]
    part = split(spans_of(readings[low : high + 1], FIVE_DIGITS), edges)
    assert part == split(spans_of(readings, FIVE_DIGITS), edges)


@given(SOMETIMES_ODD, st.integers(0, 59))
def test_a_reading_changes_nothing_further_than_its_context(readings, position):
    """So incremental derivation may stop there."""
    position %= len(readings)
    without = readings[:position] + readings[position + 1 :]
    values = [number for number, (_, value) in enumerate(readings) if value]
    before = [number for number in values if number < position][-RADIUS:]
    after = [number for number in values if number > position][:RADIUS]
    if len(before) == RADIUS:
        early = [at for at, _ in readings[: before[0] + 1]]
        assert split(spans_of(without, FIVE_DIGITS), early) == split(spans_of(readings, FIVE_DIGITS), early)
    if len(after) == RADIUS:
        late = [at for at, _ in readings[after[-1] :]]
        assert split(spans_of(without, FIVE_DIGITS), late) == split(spans_of(readings, FIVE_DIGITS), late)
