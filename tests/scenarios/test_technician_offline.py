"""A technician's day on a phone: visits downloaded, an installation offline, the browser closed, back online."""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from devices.ingest.publish import publish_readings
from tests.devices.field_house import NEW, PASSWORD, open_field, visit_for
from tests.scenarios.house import scalar, wait_until
from tests.scenarios.test_in_a_browser import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Playwright

    from tests.databases import Database
    from tests.scenarios.house import House

expect.set_options(timeout=30_000)
TR005 = f"LW:D0:70B3D54990000000:{NEW.upper()}:AABB1122:S123"


@pytest.fixture
def playwright() -> Iterator[Playwright]:
    """Yield the driver of browsers."""
    with sync_playwright() as playwright:
        yield playwright


def phone(playwright: Playwright, folder: Path) -> tuple[BrowserContext, Page, list[str]]:
    """Open the browser of the phone whose storage is `folder`; return what its console complains of, too."""
    chromium = os.environ.get("FLEET_CHROMIUM") or shutil.which("chromium")
    assert chromium, "Chromium is not installed: run the tests with scripts/test, which brings it"
    context = playwright.chromium.launch_persistent_context(
        folder,
        executable_path=chromium,
        args=FLAGS,
        locale="fr-FR",
        viewport={"width": 390, "height": 844},
        has_touch=True,
        is_mobile=True,
    )
    complaints: list[str] = []
    page = context.pages[0] if context.pages else context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if "Content Security Policy" in message.text else None,
    )
    return context, page, complaints


def photo() -> dict[str, object]:
    """Return a photo as a camera makes it: larger than it need be, with its place hidden inside."""
    picture = Image.effect_noise((1800, 1200), 40).convert("RGB")
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (47.0, 36.0, 0.0), 3: "W", 4: (3.0, 6.0, 0.0)})
    written = io.BytesIO()
    picture.save(written, "JPEG", exif=exif)
    return {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": written.getvalue()}


def step(page: Page, question: str) -> None:
    """Wait for a question of the wizard."""
    expect(page.locator(f"section[data-question='{question}']")).to_be_visible()


def following(page: Page) -> None:
    page.get_by_role("button", name="Suivant").click()


@pytest.mark.timeout(300)
def test_an_installation_without_a_network_is_commissioned_when_the_sensor_speaks(  # noqa: PLR0915 - one day, told whole
    house: House, database: Database, playwright: Playwright, tmp_path: Path
) -> None:
    with database.sessions("owner").begin() as session:
        field = open_field(session, sign_in=True)
        visit, _tasks = visit_for(session, field, {"kind": "install"}, today=dt.datetime.now(dt.UTC).date())
        number = visit.id
    house.start("web", "worker", "ingest")

    # At the desk, with a network.
    context, page, complaints = phone(playwright, tmp_path / "phone")
    page.goto(f"{house.url}/field/")
    page.get_by_role("button", name="Télécharger mes visites").click()
    sign_in(page)
    page.get_by_role("button", name="Télécharger mes visites").click()
    expect(page.get_by_role("link", name="École de Kermelo")).to_be_visible()
    page.wait_for_function("navigator.serviceWorker.ready.then((one) => Boolean(one.active))")
    page.wait_for_function("async () => (await caches.match('/field/')) !== undefined")

    # In the basement, without.
    context.set_offline(True)
    page.reload()
    page.get_by_role("link", name="École de Kermelo").click()
    expect(page.get_by_text("1234 puis A")).to_be_visible()
    page.get_by_role("button", name="Commencer la visite").click()
    expect(page.get_by_text("Consultez le dossier amiante du site avant de commencer")).to_be_visible()
    page.get_by_label("J'ai consulté le dossier amiante du site").check()
    page.get_by_role("button", name="Commencer la visite").click()
    page.get_by_role("link", name="Poser un capteur").click()
    step(page, "device")
    box = page.get_by_label("Numéro de série, DevEUI ou code de l'étiquette")
    for wrong, why in (
        ("https://exemple.fr", "adresse web"),
        ("14500000000001", "14 chiffres"),
        ("LW:D2:70B3D54990000000:X", "version D2"),
        ("inconnu-1", "n'est pas des nôtres"),
        ("70B3D5499F000003", "déclaré perdu"),
        ("70B3D5499F000004", "réformé"),
        ("70B3D5499F000005", "autre collectivité"),
        ("70B3D5499F000006", "déjà posé"),
    ):
        box.fill(wrong)
        following(page)
        expect(page.locator("p.refusal[role='alert']")).to_contain_text(why)
    box.fill(TR005)
    following(page)
    step(page, "meter")
    page.get_by_label("Numéro de série du compteur").fill("C-0042")
    page.get_by_label("PRM ou PCE").fill("14500000000009")
    following(page)
    expect(page.locator("p.refusal[role='alert']")).to_contain_text("n'est pas celui du point")
    page.get_by_label("PRM ou PCE").fill("14500000000001")
    following(page)
    step(page, "before")
    take(page, "before")
    step(page, "dial")
    page.get_by_label("Index au cadran").fill("12 345,6")
    following(page)
    expect(page.locator("p.refusal[role='alert']")).to_contain_text("Photographiez le cadran")
    take(page, "dial")
    step(page, "after")

    # The browser is closed in the middle of it, and opened again: nothing is lost.
    context.close()
    context, page, more = phone(playwright, tmp_path / "phone")
    context.set_offline(True)
    page.goto(f"{house.url}/field/")
    page.get_by_role("link", name="École de Kermelo").click()
    page.get_by_role("link", name="Poser un capteur").click()
    step(page, "after")
    take(page, "after")
    step(page, "check")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.locator(".card .badge.good")).to_have_text("✓fait")
    context.close()
    assert scalar(database, "SELECT count(*) FROM devices.submission") == 0

    # Home again: the session is over, the password is asked for; what was done is sent once.
    context, page, last = phone(playwright, tmp_path / "phone")
    context.set_offline(True)
    page.goto(f"{house.url}/field/#/queue")
    expect(page.get_by_text("Non : 2 en attente")).to_be_visible()
    context.set_offline(False)
    page.get_by_role("link", name="Se connecter").click()
    sign_in(page)
    page.get_by_role("link", name="Envois").click()
    expect(page.get_by_text("Oui : rien n'attend")).to_be_visible(timeout=30_000)
    assert scalar(database, "SELECT string_agg(kind || ' ' || state, ', ' ORDER BY id) FROM devices.submission") == (
        "start applied, install applied"
    )
    assert scalar(database, "SELECT count(*) FROM devices.field_photo WHERE latitude BETWEEN 47.5 AND 47.7") == 3
    assert scalar(database, "SELECT max(width) FROM devices.field_photo") == 1280
    assert scalar(database, "SELECT state FROM devices.device WHERE serial = :serial", serial=NEW) == "installed"
    expect(page.get_by_text("essai à confirmer")).to_be_visible(timeout=30_000)

    # The sensor speaks: the test completes itself, here and on the phone.
    began = scalar(database, "SELECT began_at FROM devices.commissioning_test")
    now = dt.datetime.now(dt.UTC)
    first = max(began, now - dt.timedelta(seconds=1)) + dt.timedelta(milliseconds=5)
    readings = [(first, Decimal("12345.6")), (first + dt.timedelta(seconds=60), Decimal("12345.7"))]
    assert publish_readings(house.sensors_url, NEW, "index", readings) == 2
    decided = "SELECT state FROM devices.commissioning_test"
    wait_until(lambda: scalar(database, decided) in {"passed", "reserve"}, f"{house.log_of('worker')}")
    assert scalar(database, "SELECT state FROM devices.device WHERE serial = :serial", serial=NEW) == "commissioned"
    expect(page.get_by_text("essai réussi")).to_be_visible(timeout=45_000)

    # The site signs; the report is printed.
    page.goto(f"{house.url}/field/#/visit/{number}")
    page.get_by_role("button", name="Terminer et faire signer").click()
    page.get_by_label("Nom et fonction").fill("Anne Le Goff, directrice")
    pad = page.locator("canvas.signature").bounding_box()
    assert pad
    page.mouse.move(pad["x"] + 20, pad["y"] + 20)
    page.mouse.down()
    page.mouse.move(pad["x"] + 200, pad["y"] + 60, steps=5)
    page.mouse.up()
    page.get_by_role("button", name="Terminer la visite").click()
    wait_until(lambda: scalar(database, "SELECT count(*) FROM devices.visit_document") == 1, house.log_of("worker"))
    context.close()
    assert complaints + more + last == []


def sign_in(page: Page) -> None:
    """Fill in the sign-in page."""
    page.get_by_label("Adresse électronique").fill("tom@terrain.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.locator("form#form").get_by_role("button").click()


def take(page: Page, kind: str) -> None:
    """Take a photo and go on."""
    page.set_input_files(f"input[data-kind='{kind}']", photo())  # type: ignore[arg-type] # as the driver takes a file
    expect(page.locator(".photos img")).to_have_count(1)
    following(page)
