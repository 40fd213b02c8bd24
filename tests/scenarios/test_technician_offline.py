"""A technician's day on a phone: visits downloaded, an installation offline, the browser closed, back online."""

from __future__ import annotations

import datetime as dt
import io
import os
import shutil
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
import segno
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from sqlalchemy import text

from devices.field.codes import read_code
from devices.ingest.publish import publish_readings
from foundation.errors import Refusal
from tests.devices.field_house import NEW, OTHER, PASSWORD, open_field, visit_for
from tests.scenarios.house import scalar, wait_until
from tests.scenarios.test_in_a_browser import FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Locator, Playwright

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


def code_box(page: Page) -> Locator:
    """Return where a code is typed."""
    return page.get_by_label("Numéro de série, DevEUI ou code de l'étiquette")


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
        works = {"kind": "install"}, {"kind": "swap", "point": field.second}
        visit, _tasks = visit_for(session, field, *works, today=dt.datetime.now(dt.UTC).date())
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
    box = code_box(page)
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

    # A sensor is replaced: the old one is faulty, the new one serves the same point.
    page.goto(f"{house.url}/field/#/visit/{number}")
    page.get_by_role("link", name="Remplacer le capteur").click()
    step(page, "old")
    box = code_box(page)
    box.fill(NEW)
    following(page)
    expect(page.locator("p.refusal[role='alert']")).to_contain_text("est posé 70b3d5499f000006")
    box.fill("70B3D5499F000006")
    following(page)
    step(page, "old_dial")
    page.get_by_label("Index au cadran").fill("500")
    take(page, "dial")
    step(page, "becomes")
    following(page)
    step(page, "device")
    box.fill(OTHER)
    following(page)
    step(page, "dial")
    page.get_by_label("Index au cadran").fill("499")
    following(page)
    expect(page.locator("p.refusal[role='alert']")).to_contain_text("plus petit")
    page.get_by_label("Index au cadran").fill("500,5")
    following(page)
    step(page, "after")
    take(page, "after")
    step(page, "check")
    page.get_by_role("button", name="Enregistrer").click()
    states = "SELECT string_agg(state, ' ' ORDER BY serial) FROM devices.device WHERE serial IN (:old, :new)"
    wait_until(
        lambda: scalar(database, states, new=OTHER, old="70b3d5499f000006") == "installed faulty", "it was not swapped"
    )

    # The site signs; the report is printed.
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


READ = """async (texts) => {
    const { readCode } = await import("/field/shell/codes.js");
    return texts.map((text) => { try { return readCode(text); } catch { return null; } });
}"""
DECODED = """async (drawn) => {
    const { codesIn } = await import("/field/shell/scan.js");
    return codesIn(await createImageBitmap(new Blob([Uint8Array.from(drawn)], { type: "image/png" })));
}"""
STORED = """async () => {
    const { openDB } = await import("/field/shell/idb.js");
    const db = await openDB("field", 1);
    const record = await db.get("records", "carried");
    const key = await db.get("key", "key");
    return { extractable: key.extractable, bytes: record ? Array.from(new Uint8Array(record.data)) : null };
}"""


@pytest.mark.timeout(300)
def test_a_phone_keeps_secrets_reads_codes_as_the_server_does_and_forgets_what_is_taken_back(
    house: House, database: Database, playwright: Playwright, tmp_path: Path
) -> None:
    with database.sessions("owner").begin() as session:
        field = open_field(session, sign_in=True)
        visit_for(session, field, {"kind": "install"}, today=dt.datetime.now(dt.UTC).date())
    house.start("web")
    context, page, complaints = phone(playwright, tmp_path / "phone")
    page.goto(f"{house.url}/sign-in?next=/field/")
    sign_in(page)
    page.get_by_role("button", name="Télécharger mes visites").click()
    expect(page.get_by_role("link", name="École de Kermelo")).to_be_visible()

    stored = page.evaluate(STORED)
    assert stored["extractable"] is False
    assert b"1234 puis A" not in bytes(stored["bytes"]), "what is carried is not readable where it is kept"

    texts = [TR005, "70-B3-D5-49-9F-00-00-01", "EM-0042", " x ", "LW:D2:A", "LW:D0:1:2:3", "https://a", "1" * 14, "a/b"]
    assert page.evaluate(READ, texts) == [serial_or_none(one) for one in texts]
    drawn = io.BytesIO()
    segno.make(TR005).save(drawn, kind="png", scale=5)
    assert page.evaluate(DECODED, list(drawn.getvalue())) == [TR005], "without a detector of the browser's own"

    # Zoe takes the phone while Tom's work waits: nothing of his is sent in her name.
    context.set_offline(True)
    page.get_by_role("link", name="Tournée").click()
    page.get_by_label("Numéro du capteur à prendre").fill(TR005)
    page.get_by_role("button", name="Prendre").click()
    expect(page.get_by_role("link", name="Envois 1")).to_be_visible()
    context.set_offline(False)
    page.goto("about:blank")
    context.clear_cookies()
    page.goto(f"{house.url}/sign-in?next=/field/")
    sign_in(page, "zoe")
    expect(page.get_by_text("Ce téléphone garde du travail de Tom").first).to_be_visible()
    assert scalar(database, "SELECT count(*) FROM devices.submission") == 0

    expect(page.get_by_text("Ce téléphone ne porte encore rien")).to_be_visible()
    assert page.evaluate(STORED)["bytes"] is None, "what Tom carried is not for Zoe"
    page.goto("about:blank")
    context.clear_cookies()
    page.goto(f"{house.url}/sign-in?next=/field/")
    sign_in(page)
    wait_until(lambda: scalar(database, "SELECT count(*) FROM devices.submission") == 1, "Tom's work was not sent")
    assert scalar(database, "SELECT kind || ' ' || state FROM devices.submission") == "load applied"
    assert scalar(database, "SELECT state FROM devices.device WHERE serial = :serial", serial=NEW) == "in_van"

    # The operator takes back what the phone carries: it forgets, and says so.
    page.get_by_role("button", name="Télécharger mes visites").click()
    expect(page.get_by_role("link", name="École de Kermelo")).to_be_visible()
    with database.sessions("owner").begin() as session:
        session.execute(text("UPDATE devices.field_download SET revoked_at = now(), revoked_by = 'Claire'"))
    page.reload()
    expect(page.get_by_text("Ce téléphone ne porte encore rien")).to_be_visible()
    assert page.evaluate(STORED)["bytes"] is None
    told = "SELECT count(*) FROM devices.field_download WHERE told_at IS NOT NULL"
    wait_until(lambda: scalar(database, told) == 1, "the phone did not say that it forgot")
    assert complaints == []
    context.close()


def serial_or_none(scanned: str) -> str | None:
    """Return what the server reads in a code."""
    try:
        return read_code(scanned).serial
    except Refusal:
        return None


def sign_in(page: Page, who: str = "tom") -> None:
    """Fill in the sign-in page."""
    page.get_by_label("Adresse électronique").fill(f"{who}@terrain.example")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.locator("form#form").get_by_role("button").click()


def take(page: Page, kind: str) -> None:
    """Take a photo and go on."""
    page.set_input_files(f"input[data-kind='{kind}']", photo())  # type: ignore[arg-type] # as the driver takes a file
    expect(page.locator(".photos img")).to_have_count(1)
    following(page)
