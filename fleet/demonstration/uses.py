"""What a kind of public building does with energy, and when it is occupied.

Powers in W per m² of floor area, temperatures in °C. `plausible` is the range of
final energy in kWh/m² a year in which a municipal building of the kind is usually
found: orders of magnitude after ADEME's surveys « Énergie et patrimoine communal »
and « Dépenses énergétiques des collectivités locales », wide on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass

Hours = tuple[tuple[float, float, float], ...]  # (from, to, level) in local hours


@dataclass(frozen=True, slots=True)
class Use:
    """A kind of building."""

    name: str  # French, as shown
    week: tuple[Hours, Hours, Hours, Hours, Hours, Hours, Hours]
    in_school_holidays: float  # what remains of the occupancy
    on_public_holidays: float
    comfort: float
    night: float  # set point out of hours where the thermostat is programmed
    people: float
    lighting: float
    plugs: float
    fans: float
    base: float
    ventilation: float  # W/K per m² of fresh air while occupied
    hot_water: float  # heat for hot water while occupied
    basin: float  # heat kept flowing into water day and night, at 10 °C outside
    plausible: tuple[float, float]


CLOSED: Hours = ()
SCHOOL_DAY: Hours = ((7.5, 8.5, 0.4), (8.5, 12, 1.0), (12, 13.5, 0.6), (13.5, 16.5, 1.0), (16.5, 18.5, 0.35))
WEDNESDAY: Hours = ((8, 18, 0.35),)
OFFICE_DAY: Hours = ((8, 9, 0.5), (9, 12, 1.0), (12, 14, 0.5), (14, 17.5, 1.0), (17.5, 19, 0.25))
SATURDAY_DESK: Hours = ((9, 12, 0.5),)
SPORT_DAY: Hours = ((8.5, 12, 0.7), (13.5, 17, 0.7), (17, 22, 1.0))
MATCHES: Hours = ((9, 20, 0.6),)
LIBRARY_DAY: Hours = ((9, 10, 0.4), (10, 12.5, 1.0), (12.5, 14, 0.4), (14, 18.5, 1.0))
LIBRARY_SATURDAY: Hours = ((9.5, 17.5, 1.0),)
NURSERY_DAY: Hours = ((7, 8, 0.5), (8, 17.5, 1.0), (17.5, 19, 0.5))
WORKSHOP_DAY: Hours = ((7, 12, 1.0), (13, 16.5, 1.0))
POOL_DAY: Hours = ((8, 12, 0.7), (12, 14, 0.9), (14, 20.5, 1.0))
POOL_WEEKEND: Hours = ((9, 18, 0.9),)
EVENING: Hours = ((9, 12, 0.3), (14, 18, 0.4), (18, 22.5, 0.8))
PARTY: Hours = ((10, 24, 0.9),)


def weekdays(day: Hours, saturday: Hours = CLOSED, sunday: Hours = CLOSED) -> tuple[Hours, ...]:
    """Return a week of five equal days."""
    return (day, day, day, day, day, saturday, sunday)


def use(
    name: str,
    week: tuple[Hours, ...],
    *,
    holidays: float,
    comfort: tuple[float, float],
    people: float,
    electric: tuple[float, float, float, float],
    ventilation: float,
    hot_water: float,
    plausible: tuple[float, float],
    basin: float = 0.0,
    public_holidays: float = 0.0,
) -> Use:
    """Describe a use; `comfort` is (by day, out of hours), `electric` is (lighting, plugs, fans, base)."""
    lighting, plugs, fans, base = electric
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = week
    return Use(
        name=name,
        week=(monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        in_school_holidays=holidays,
        on_public_holidays=public_holidays,
        comfort=comfort[0],
        night=comfort[1],
        people=people,
        lighting=lighting,
        plugs=plugs,
        fans=fans,
        base=base,
        ventilation=ventilation,
        hot_water=hot_water,
        basin=basin,
        plausible=plausible,
    )


SCHOOL = use(
    "école",
    (SCHOOL_DAY, SCHOOL_DAY, WEDNESDAY, SCHOOL_DAY, SCHOOL_DAY, CLOSED, CLOSED),
    holidays=0.12, comfort=(19.5, 15.5), people=8, electric=(7.5, 2.5, 1.2, 0.75), ventilation=0.7, hot_water=1.5,
    plausible=(60, 200),
)  # fmt: skip
GYMNASIUM = use(
    "gymnase",
    weekdays(SPORT_DAY, MATCHES, MATCHES),
    holidays=0.4, comfort=(16.0, 11.0), people=4, electric=(9.0, 1.0, 1.5, 0.7), ventilation=0.9, hot_water=5.0,
    plausible=(60, 240),
)  # fmt: skip
TOWN_HALL = use(
    "mairie",
    weekdays(OFFICE_DAY, SATURDAY_DESK),
    holidays=0.85, comfort=(20.0, 16.0), people=4, electric=(8.5, 6.0, 1.5, 1.6), ventilation=0.4, hot_water=0.4,
    plausible=(50, 280),
)  # fmt: skip
LIBRARY = use(
    "médiathèque",
    (CLOSED, LIBRARY_DAY, LIBRARY_DAY, LIBRARY_DAY, LIBRARY_DAY, LIBRARY_SATURDAY, CLOSED),
    holidays=0.9, comfort=(20.0, 16.5), people=4, electric=(9.5, 3.5, 3.0, 1.5), ventilation=0.5, hot_water=0.3,
    plausible=(40, 260),
)  # fmt: skip
NURSERY = use(
    "crèche",
    weekdays(NURSERY_DAY),
    holidays=0.8, comfort=(21.5, 18.0), people=5, electric=(7.0, 5.0, 2.5, 1.5), ventilation=0.8, hot_water=4.5,
    plausible=(60, 320),
)  # fmt: skip
WORKSHOP = use(
    "ateliers municipaux",
    weekdays(WORKSHOP_DAY),
    holidays=0.85, comfort=(16.5, 11.0), people=2, electric=(8.0, 7.0, 1.5, 1.3), ventilation=0.6, hot_water=1.0,
    plausible=(50, 220),
)  # fmt: skip
POOL = use(
    "piscine",
    weekdays(POOL_DAY, POOL_WEEKEND, POOL_WEEKEND),
    holidays=1.0, comfort=(26.5, 25.0), people=5, electric=(12.0, 6.0, 12.0, 16.0), ventilation=2.2, hot_water=30.0,
    basin=35.0, plausible=(500, 2000), public_holidays=0.5,
)  # fmt: skip
HALL = use(
    "salle polyvalente",
    weekdays(EVENING, PARTY, PARTY),
    holidays=0.6, comfort=(18.5, 12.0), people=6, electric=(8.0, 3.0, 2.0, 0.8), ventilation=0.8, hot_water=1.0,
    plausible=(50, 230), public_holidays=0.6,
)  # fmt: skip
USES = (SCHOOL, GYMNASIUM, TOWN_HALL, LIBRARY, NURSERY, WORKSHOP, POOL, HALL)
