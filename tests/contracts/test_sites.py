"""Sites: what a register refuses, with what to do."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from contracts.parties.register import register_shareholder
from contracts.sites.register import hold, register_building, register_site
from foundation.errors import Refusal
from foundation.time import hours_in_day, time_zone
from tests.chain import SIRENS


@pytest.mark.parametrize("name", ["Europe/Lorient", "localtime", "posixrules", "", "../etc/passwd"])
def test_a_time_zone_means_the_same_on_every_machine(dbsession, name):
    with pytest.raises(Refusal, match="fuseau"):
        register_site(dbsession, name="École", city="Ville", timezone=name)


@pytest.mark.parametrize(("latitude", "longitude"), [("91", "0"), ("0", "-180.5"), ("999999999999", "0")])
def test_a_site_is_on_earth(dbsession, latitude, longitude):
    with pytest.raises(Refusal, match="degrés"):
        register_site(
            dbsession,
            name="École",
            city="Ville",
            timezone="Europe/Paris",
            latitude=Decimal(latitude),
            longitude=Decimal(longitude),
        )


def test_a_building_has_one_holder_at_a_time_and_the_refusal_names_it(dbsession):
    first, second = (
        register_shareholder(dbsession, name=name, siren=siren, street="1", postcode="56000", city=name)
        for name, siren in zip(("Avant", "Après"), SIRENS, strict=False)
    )
    site = register_site(dbsession, name="École", city="Avant", timezone="Europe/Paris")
    school = register_building(dbsession, site, name="Élémentaire", use="école")
    hold(dbsession, school, first, start=dt.date(2020, 1, 1), end=dt.date(2025, 7, 1))
    with pytest.raises(Refusal, match="Avant"):
        hold(dbsession, school, second, start=dt.date(2025, 6, 30))
    assert hold(dbsession, school, second, start=dt.date(2025, 7, 1)).shareholder is second


def test_local_days_have_23_24_and_25_hours():
    paris = time_zone("Europe/Paris")
    assert [
        hours_in_day(day, paris) for day in (dt.date(2026, 3, 29), dt.date(2026, 3, 30), dt.date(2026, 10, 25))
    ] == [
        23,
        24,
        25,
    ]
