"""Pages of weather: a file is recognised, degree days bear base, method and source, a sensor is its holder's alone."""

import datetime as dt

import pytest
from sqlalchemy import select

from baseline.weather.models import Station, WeatherRequest
from contracts.parties.models import Shareholder
from contracts.sites.register import hold, register_building, register_site
from devices.points.register import register_point
from tests.webhouse import open_house

DAYS = "NUM_POSTE;NOM_USUEL;LAT;LON;ALTI;AAAAMMJJ;TN;QTN;TX;QTX\n" + "".join(
    f"56185001;LORIENT;47.762833;-3.435667;45;202601{day:02};{'' if day == 5 else '2.0'};1;10.0;1\n"
    for day in range(1, 31)
)


@pytest.fixture(scope="module")
def house(template):
    yield from open_house(template, "fleet_test_weather_pages")


@pytest.fixture(scope="module")
def operator(house):
    browser = house.person("operator")
    form = browser.get("/weather/new").forms["form"]
    form["code"], form["name"], form["source"] = "56185001", "Lorient", "meteo_france"
    form.submit(status=303)
    return browser


def station(house, code="56185001"):
    return f"/weather/{house.scalar(select(Station.id).where(Station.code == code))}"


def bring(operator, address, content, **fields):
    form = operator.get(f"{address}/import").forms["form"]
    form["file"] = ("Q_56.csv", content.encode())
    for name, value in fields.items():
        form[name] = value
    return form.submit(expect_errors=True)


def test_a_file_is_recognised_and_its_degree_days_bear_what_they_are_worth(house, operator):
    address = station(house)
    assert bring(operator, address, DAYS).status_int == 303
    page = operator.get(address, {"base": "17", "method": "meteo"}).html
    section = page.find("section", attrs={"aria-labelledby": "degree-days"}).get_text(" ", strip=True)
    assert "Base 17 °C · méthode Météo · minimum et maximum publiés par le service · station 56185001" in section
    total = [
        cell.get_text(strip=True) for cell in page.find(id="degree-days").find_next("table").find_all("tr")[-1]("td")
    ]
    assert total == ["319,0", "0,0", "29", "1"]
    # The file says where the station stands.
    assert "45" in page.find("dl", class_="facts").get_text()
    for strange in ({"base": "x"}, {"base": "99"}, {"method": "<b>"}):
        operator.get(address, strange, status=200)


def test_what_is_no_weather_file_is_refused_with_a_sentence(house, operator):
    answer = bring(operator, station(house), "a;b\n1;2\n")
    assert answer.status_int == 422
    assert "aucun format connu" in answer.html.get_text()
    table = bring(
        operator, station(house), "h;t\n2026-01-01 00:00;5.1\n", kind="csv", time_column="h", temperature_column="t"
    )
    assert table.status_int == 303


def test_a_service_is_chosen_and_the_page_says_so(house, operator):
    address = station(house)
    form = operator.get(f"{address}/fetch").forms["form"]
    form["fetched_by"], form["fetched_since"] = "dpclim", "2026-01-01"
    form.submit(status=303)
    assert "API DPClim" in operator.get(address).html.find("dl", class_="facts").get_text()
    assert house.scalar(select(WeatherRequest.id)) is None


def test_a_sensor_is_a_station_its_neighbours_do_not_see(house, operator):
    with house.database.sessions("owner").begin() as session:
        town = session.scalars(select(Shareholder).where(Shareholder.name == "Kermelo")).one()
        site = register_site(session, name="École", city="Kermelo", timezone="Europe/Paris")
        building = register_building(session, site, name="Préau", use="école")
        hold(session, building, town, start=dt.date(2020, 1, 1))
        point = register_point(session, building, name="Dehors", energy="ambient", direction="none").id
    form = operator.get("/weather/sensor").forms["form"]
    form["point_id"] = str(point)
    form.submit(status=303)
    address = station(house, f"sonde-{point}")
    assert "Dehors" in house.person("shareholder").get(address).html.find("h1").get_text()
    stranger = house.person("stranger")
    stranger.get(address, status=404)
    assert "Dehors" not in stranger.get("/weather").text
