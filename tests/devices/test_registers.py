"""What can be registered is what the rest of the product can count on."""

import datetime as dt
from decimal import Decimal

import pytest

from contracts.sites.register import register_building, register_site
from devices.inventory.register import register_device
from devices.points.boundaries.register import register_boundary
from devices.points.register import register_point
from foundation.errors import Refusal


@pytest.mark.parametrize("minutes", [0, -60, 999_999_999_999])
def test_an_interval_no_device_has_is_refused(dbsession, minutes):
    with pytest.raises(Refusal, match="intervalle"):
        register_device(dbsession, serial="capteur-0", expected_every=dt.timedelta(minutes=minutes))


def test_a_coefficient_of_zero_is_refused(dbsession):
    site = register_site(dbsession, name="École", city="Kermelo", timezone="Europe/Paris")
    building = register_building(dbsession, site, name="École", use="école")
    point = register_point(dbsession, building, name="Général", energy="electricity")
    with pytest.raises(Refusal, match="zéro ne compte rien : laissez vide celui de Général"):
        register_boundary(
            dbsession,
            name="École, électricité",
            energy="electricity",
            buildings=[building],
            terms=[(point, Decimal(0))],
            start=dt.date(2026, 1, 1),
        )
