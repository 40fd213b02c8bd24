"""axe-core finds nothing serious on any page, by day, and on a dozen of them by night (RGAA 4.1, WCAG 2.1 AA)."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import waitress
from playwright.sync_api import Browser, Page, sync_playwright

from tests.fleet.test_web_pages import AWAY, FILES, PARTS, addresses, tell_the_story
from tests.scenarios.test_in_a_browser import FLAGS
from tests.webhouse import HOST, open_house

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.webhouse import WebHouse

AXE = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
RUN = """tags => axe.run(document, {runOnly: tags, resultTypes: ["violations"]}).then(found => found.violations
  .filter(one => ["serious", "critical"].includes(one.impact))
  .flatMap(one => one.nodes.map(node => `${one.id} ${node.target.join(" ")}: ${node.html.slice(0, 120)}
    ${(node.any[0] || {}).message || ""}`)))"""
NIGHT = {
    "home",
    "building",
    "point",
    "alert",
    "invoice",
    "settlement",
    "plan",
    "report",
    "search",
    "site",
    "jobs",
    "sheet",
}


@pytest.fixture(scope="module")
def house(template: str) -> Iterator[WebHouse]:
    for house in open_house(template, "fleet_test_accessibility"):
        house.ids = tell_the_story(house.database)  # type: ignore[attr-defined] # as the pages' own house
        yield house


@pytest.fixture(scope="module")
def browser(house: WebHouse) -> Iterator[Browser]:
    """Yield a Chromium to which the application is `HOST`."""
    chromium = os.environ.get("FLEET_CHROMIUM") or shutil.which("chromium")
    assert chromium, "Chromium is not installed: run the tests with scripts/test, which brings it"
    server = waitress.create_server(house.app, host="127.0.0.1", port=0)
    threading.Thread(target=server.run, daemon=True).start()
    rule = f"--host-resolver-rules=MAP {HOST} 127.0.0.1:{server.effective_port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=[*FLAGS, rule])
        yield browser
        browser.close()
    server.close()


def opened(browser: Browser, house: WebHouse, theme: Any) -> Page:
    """Return a page of a browser in which the operator is signed in, with axe in every document."""
    context = browser.new_context(locale="fr-FR", color_scheme=theme, reduced_motion="reduce", bypass_csp=True)
    cookie = house.person("operator").cookies["fleet"]
    context.add_cookies([{"name": "fleet", "value": cookie, "domain": HOST, "path": "/"}])
    context.add_init_script(path=AXE)
    return context.new_page()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_reports_nothing_serious_on_any_page(house: WebHouse, browser: Browser, theme: str) -> None:
    pages = {
        route: address
        for route, address in addresses(house).items()
        if route not in AWAY | PARTS | set(FILES) and (theme == "light" or route in NIGHT)
    }
    assert len(pages) >= 12
    page, found = opened(browser, house, theme), []
    for route, address in pages.items():
        answer = page.goto(f"http://{HOST}{address}", wait_until="domcontentloaded")
        assert answer is not None
        assert answer.status == 200, (route, address)
        found += [f"{route} {address}: {one}" for one in page.evaluate(RUN, TAGS)]
    assert not found, "\n".join(found)
