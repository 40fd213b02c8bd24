"""The sheet: everything measured in one table, its state in the address, its files, and what is done to many rows."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from decimal import Decimal
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from contracts.parties.models import Shareholder
from contracts.sites.models import Site
from contracts.sites.register import hold
from devices.alerts.models import Alert, MaintenanceWindow
from devices.energy.models import DailyEnergy
from devices.inventory.models import Device
from devices.inventory.register import register_device
from devices.points.models import MeteringPoint, PointTag
from devices.points.register import register_point
from fleet.desk.sheet.asked import read
from fleet.desk.sheet.files import as_csv, as_xlsx
from fleet.desk.sheet.trend import HEIGHT, WIDTH, pieces
from tests.devices.meters import metered
from tests.webhouse import open_house

AGO = dt.timedelta(days=9)
KNOWN, USUAL = ("building", "point", "energy"), ("building", "point")
TOLD = {
    "known": KNOWN,
    "usual": USUAL,
    "sorts": frozenset(KNOWN),
    "groups": frozenset({"energy"}),
    "filters": {"energy": frozenset({"gas", "heat"}), "tag": None},
}


@pytest.fixture(scope="module")
def house(template):
    for house in open_house(template, "fleet_test_desk_sheet"):
        now = dt.datetime.now(dt.UTC)
        with house.database.sessions("owner").begin() as session:
            for number, town in (("A", "Kermelo"), ("B", "Ailleurs")):
                point = metered(session, f"S-{number}", at=now - AGO).point
                holder = session.scalars(select(Shareholder).where(Shareholder.name == town)).one()
                hold(session, point.building, holder, start=(now - 2 * AGO).date())
                for days in (2, 3):
                    day = now.date() - dt.timedelta(days=days)
                    told = {"hours_measured": 24, "hours_expected": 24, "reason": "measured"}
                    session.add(DailyEnergy(point_id=point.id, day=day, kwh=Decimal(50), **told))
                register_point(session, point.building, name="=1+1", energy="gas")
            register_device(session, serial="EN-STOCK")
            point = session.scalars(select(MeteringPoint).where(MeteringPoint.energy == "gas")).first()
            told = {"state": "open", "severity": "warning", "facts": {}, "began_at": now, "opened_at": now}
            session.add(Alert(kind="gap", subject=f"point {point.id}", point_id=point.id, **told))
        yield house


def cells(page, column=0):
    return [row.find_all(["td", "th"])[column].get_text(strip=True) for row in page.html.find("tbody").find_all("tr")]


def test_points_with_and_without_a_device_and_devices_without_a_point_stand_in_one_table(house):
    page = house.person("operator").get("/sheet?columns=point,serial")
    assert "5 lignes" in page.text
    assert sorted(cells(page, 2)) == ["EN-STOCK", "S-A", "S-B", "pas de capteur", "pas de capteur"]
    bare = house.person("operator").get("/sheet?columns=point,serial&served=bare")
    assert cells(bare, 2) == ["pas de capteur"] * 2
    spare = house.person("operator").get("/sheet?columns=serial&served=spare")
    assert cells(spare, 1) == ["EN-STOCK"]


def test_the_address_is_the_view_and_each_filter_goes_by_itself(house):
    operator = house.person("operator")
    page = operator.get("/sheet?columns=building,energy,alerts&energy=gas&alert=open&group=shareholder&q=ecole")
    assert "1 ligne" in page.text
    assert "collectivité" in page.html.find("select", attrs={"name": "group"}).get_text().lower()
    less = page.click(href="columns=building", index=None, description="Alertes : avec une alerte ouverte")
    assert "2 lignes" in less.text
    again = operator.get(less.request.path_qs)
    assert cells(again) == cells(less)


def test_a_municipality_sees_its_rows_and_no_buttons(house):
    page = house.person("shareholder").get("/sheet?columns=point,serial")
    assert set(cells(page, 1)) == {"S-A", "pas de capteur"}
    assert page.html.find(class_="many-actions") is None
    form = house.person("shareholder").get("/sheet").text
    assert "S-B" not in form
    assert "Ailleurs" not in form


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_holds_what_the_screen_shows(house, kind):
    sent = house.person("operator").get(
        f"/sheet.{kind}?columns=building,point,recent&energy=gas&energy=electricity&sort=-point"
    )
    assert f".{kind}" in sent.headers["Content-Disposition"]
    if kind == "csv":
        rows = list(csv.reader(io.StringIO(sent.body.decode("utf-8-sig")), delimiter=";"))
        assert rows[0] == ["Bâtiment", "Point", "30 derniers jours (kWh)"]
        assert len(rows) == 5
        assert {row[1] for row in rows[1:] if "1+1" in row[1]} == {"'=1+1"}
        assert {row[2] for row in rows[1:]} == {"100,000000", ""}
    else:
        with zipfile.ZipFile(io.BytesIO(sent.body)) as book:
            texts = book.read("xl/sharedStrings.xml").decode()
            assert "=1+1" in texts
            assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


def test_what_a_spreadsheet_would_run_stays_text():
    text = as_csv(["a"], [["=cmd()"], ["+1"], ["-1"], ["@x"], [Decimal("-1.5")], [None]]).decode("utf-8-sig")
    assert text.split("\r\n")[1:-1] == ["'=cmd()", "'+1", "'-1", "'@x", "-1,5", '""']
    with zipfile.ZipFile(io.BytesIO(as_xlsx("t", ["a"], [["=cmd()"], ["http://x"]]))) as book:
        assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()


def test_many_rows_are_tagged_after_a_trial_that_changes_nothing(house):
    operator = house.person("operator")
    page = operator.get("/sheet?columns=point,serial,tags")
    form = page.forms["many"]
    form["everything"] = True
    ask = submit_to(form, "/sheet/many/tag")
    form = ask.forms["form"]
    form["tag"] = "  À Visiter "
    trial = form.submit("step", value="try")
    assert "4 lignes seraient traitées, 1 laissée" in " ".join(trial.text.split()).replace("<strong>", "").replace(
        "</strong>", ""
    )
    assert house.scalar(select(func.count()).select_from(PointTag)) == 0
    form = trial.forms["form"]
    done = form.submit("step", value="do").follow()
    assert "lignes traitées : 4" in done.text
    assert house.scalar(select(func.count()).where(PointTag.tag == "à visiter")) == 4
    assert "4 lignes" in operator.get("/sheet", {"tag": "à visiter"}).text
    form = operator.get("/sheet", {"tag": "à visiter", "energy": "gas"}).forms["many"]
    form["everything"] = True
    form = submit_to(form, "/sheet/many/untag").forms["form"]
    form["tag"] = "à visiter"
    form.submit("step", value="try").forms["form"].submit("step", value="do")
    assert house.scalar(select(func.count()).where(PointTag.tag == "à visiter")) == 2


def test_maintenance_and_assignment_of_the_rows_that_were_ticked(house):
    operator = house.person("operator")
    form = operator.get("/sheet?columns=point,alerts&energy=gas&alert=open").forms["many"]
    form["row"] = True
    form = submit_to(form, "/sheet/many/maintenance").forms["form"]
    form["start"], form["end"], form["reason"] = "2026-03-02T08:00", "2026-03-01T08:00", "Travaux"
    refused = form.submit("step", value="try", status=422)
    assert "après avoir commencé" in refused.text
    form = refused.forms["form"]
    form["end"] = "2026-03-03T08:00"
    form.submit("step", value="try").forms["form"].submit("step", value="do")
    assert house.scalar(select(func.count()).select_from(MaintenanceWindow)) == 1
    form = operator.get("/sheet?columns=point,alerts&energy=gas").forms["many"]
    form["everything"] = True
    form = submit_to(form, "/sheet/many/assign").forms["form"]
    form["person"].select(text="Technician")
    form.submit("step", value="try").forms["form"].submit("step", value="do")
    assert house.scalar(select(Alert.assignee).where(Alert.kind == "gap")) == "Technician"


def submit_to(form, address):
    form.action = address
    return form.submit()


def test_a_technician_cannot_act_on_many(house):
    technician = house.person("technician")
    token = technician.get("/sheet").html.find("input", attrs={"name": "csrf_token"})["value"]
    technician.post("/sheet/many/tag", {"csrf_token": token, "everything": "1", "step": "do", "tag": "x"}, status=403)


def test_a_view_is_kept_shared_written_over_and_forgotten(house):
    operator = house.person("operator")
    address = "/sheet?columns=point&energy=gas"
    form = operator.get(address).click("Garder cette vue").forms["form"]
    form["name"], form["shared"] = "Le gaz", True
    kept = form.submit(status=303).follow()
    assert parse_qs(urlsplit(kept.request.path_qs).query)["energy"] == ["gas"]
    assert "Le gaz" in house.person("operator").get("/sheet").text
    for other in ("technician", "shareholder"):
        assert "Le gaz" not in house.person(other).get("/sheet").text
    form = operator.get("/sheet?columns=serial").click("Garder cette vue").forms["form"]
    form["name"] = "Le gaz"
    form.submit(status=303)
    page = operator.get("/sheet")
    assert page.text.count("Le gaz") == 1
    view = operator.get(
        "/sheet?" + page.html.find("a", class_="chip", string=lambda s: s and "Le gaz" in s)["href"].split("?")[1]
    )
    view.forms[next(name for name, form in view.forms.items() if "forget" in form.action)].submit(status=303)
    assert "Le gaz" not in operator.get("/sheet").text


@given(
    st.lists(
        st.sampled_from([("energy", "gas"), ("energy", "heat"), ("tag", "a & b"), ("q", "é=&"), ("group", "energy")])
    ),
    st.sampled_from(["building", "-point", "energy"]),
    st.sampled_from(["building", "energy,point", "point"]),
)
def test_an_address_read_again_is_the_same_view(pairs, sort, columns):
    asked = read([*pairs, ("sort", sort), ("columns", columns)], **TOLD)
    assert read(asked.pairs(), **TOLD) == asked


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["columns", "sort", "q", "page", "group", "energy", "tag", "x"]), st.text(max_size=20)
        )
    )
)
def test_no_address_breaks_the_sheet(pairs):
    asked = read(pairs, **TOLD)
    assert asked.columns
    assert asked.sort in KNOWN
    assert asked.page >= 0


def test_nonsense_in_an_address_shows_the_sheet(house):
    for query in ("page=999999", "columns=x,y", "sort=-nothing", "energy=x", "q=%25%27", "group=x", "page=0"):
        house.person("operator").get(f"/sheet?{query}", status=200)


@given(st.lists(st.one_of(st.none(), st.decimals(-10, 1_000_000, places=3)), max_size=40))
def test_the_small_line_stays_in_its_box_and_breaks_at_gaps(days):
    drawn = pieces(days)
    runs = sum(1 for n, kwh in enumerate(days) if kwh is not None and (n == 0 or days[n - 1] is None))
    assert len(drawn) == runs
    for piece in drawn:
        for spot in piece.split():
            x, y = map(float, spot.split(","))
            assert -1 <= x <= WIDTH + 1
            assert 0 <= y <= HEIGHT


def test_search_finds_by_any_part_without_accents_and_only_what_one_may_see(house):
    operator = house.person("operator")
    page = operator.get("/search?q=ECOLE s-a")
    assert "École S-A" in page.html.find("main").get_text()
    assert page.html.find("mark")
    assert "EN-STOCK" in operator.get("/search/short?q=stock").html.get_text()
    assert "Rien de ce nom" in house.person("shareholder").get("/search/short?q=S-B").text
    assert "École S-B" not in house.person("shareholder").get("/search?q=ecole").text
    for odd in ("", "%", "_", "'", "\\", "x" * 5000, "<b>"):
        operator.get("/search", {"q": odd}, status=200)


def test_the_history_of_an_object_says_who_changed_what(house):
    operator = house.person("operator")
    device = house.scalar(select(Device.id).where(Device.serial == "EN-STOCK"))
    page = operator.get(f"/devices/{device}")
    with house.database.sessions("owner").begin() as session:
        session.get_one(Device, device).state = "in_van"
    history = page.click("Historique")
    assert "in_van" in history.text
    assert "stocked" in history.text
    assert "Historique" not in house.person("technician").get(f"/devices/{device}").text
    house.person("technician").get(f"/history/devices.device/{device}", status=403)
    operator.get("/history/fleet.account/1", status=200)
    assert "argon2" not in operator.get("/history/fleet.account/1").text
    for nothing in ("fleet.web_session/1", "nothing.there/1", "devices.device/999999"):
        operator.get(f"/history/{nothing}", status=404)


def test_the_first_page_of_a_large_fleet_counts_and_leads_to_the_sheet(house, monkeypatch):
    monkeypatch.setattr("fleet.overview.views.MOST_POINTS", 3)
    page = house.person("operator").get("/")
    assert "4 points : c'est trop pour cette page" in page.html.get_text()
    assert "5 lignes" in page.click("Les filtrer").text


def test_the_map_lists_every_site_and_places_those_whose_position_is_known(house):
    operator = house.person("operator")
    with house.database.sessions("owner").begin() as session:
        session.scalars(select(Site).where(Site.name == "École S-A")).one().latitude = Decimal("47.75")
        session.scalars(select(Site).where(Site.name == "École S-A")).one().longitude = Decimal("-3.36")
    page = operator.get("/sites").click("Les voir sur une carte")
    assert "2 sites, dont 1 placé" in " ".join(page.html.get_text().split())
    placed = json.loads(page.html.find("script", id="map-sites").string)
    assert [site["at"] for site in placed] == [[47.75, -3.36]]
    assert "École S-B" not in house.person("shareholder").get("/sites/map").text
