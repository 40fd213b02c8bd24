"""How long pages take on a large fleet, beside an empty page of the same application in the same run.

The application is called in this process, without network or proxy: what is measured is everything between the request
and the last byte of the answer. Pages take turns, so that a neighbour on the machine slows all alike.
"""

from __future__ import annotations

import datetime as dt
import secrets
import statistics
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from webob import Request

from billing.invoices.models import Invoice
from billing.invoices.register import issue
from billing.pack.keys import sign_with, signer_in_use
from billing.pack.signing import signer_of
from contracts.parties.models import Shareholder
from contracts.sites.models import Holding
from fleet.accounts.register import create_account
from fleet.bench.drafts import TODAY, ready_drafts
from fleet.bench.fleet_of_points import large_fleet
from fleet.bench.invoices import SEED
from foundation.tenancy import engine_for, session_factory

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

INVOICES = 50
WARM_UP = 2
EMPTY = "empty"


class Browser:
    """Somebody signed in, calling the application without a network."""

    def __init__(self, app: Any, url: str, email: str, password: str) -> None:
        self._app, self._url, self._cookie = app, url, ""
        page = self.get("/sign-in")
        token = page.text.split('name="csrf_token" value="')[1].split('"')[0]
        sent = {"csrf_token": token, "email": email, "password": password}
        answer = self._send(Request.blank("/sign-in", base_url=url, POST=sent))
        if answer.status_int != 303:
            message = "the bench could not sign in"
            raise RuntimeError(message)

    def get(self, path: str) -> Any:
        """Open a page; an answer that is none is an error."""
        answer = self._send(Request.blank(path, base_url=self._url))
        if answer.status_int != 200:
            message = f"{path}: {answer.status}"
            raise RuntimeError(message)
        return answer

    def _send(self, request: Request) -> Any:
        if self._cookie:
            request.headers["Cookie"] = self._cookie
        request.environ["REMOTE_ADDR"] = "127.0.0.1"
        answer = request.get_response(self._app)
        if "Set-Cookie" in answer.headers:
            self._cookie = answer.headers["Set-Cookie"].split(";")[0]
        return answer


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is, and how often each page is opened."""

    points: int
    readings: int
    rounds: int


def bench_pages(app: Any, owner_url: str, url: str, size: Size, tell: Callable[[str], None]) -> dict[str, Any]:
    """Fill a fleet, open each page in turn and return the 95th percentile of each in milliseconds."""
    now = dt.datetime.now(dt.UTC)
    engine = engine_for(owner_url)
    sessions = session_factory(engine)
    with large_fleet(owner_url, size.points, size.readings, now, tell) as building:
        with sessions.begin() as session:
            settlement, invoice, report = _billed(session)
            operator, mayor, password = _people(session, building)
        desk, town_hall = (Browser(app, url, email, password) for email in (operator, mayor))
        pages = {
            EMPTY: (desk, "/verify"),
            "overview": (desk, "/"),
            "big_table": (desk, "/sheet"),
            "big_table_filtered": (desk, "/sheet?energy=gas&use=mairie&q=batiment&alert=open"),
            "big_table_grouped": (desk, "/sheet?group=shareholder&energy=electricity&sort=-area"),
            "building": (desk, f"/buildings/{building}"),
            "carpet_plot": (desk, f"/reports/{report}"),
            "invoices": (desk, "/invoices"),
            "invoice": (desk, f"/invoices/{invoice}"),
            "settlement": (desk, f"/settlements/{settlement}"),
            "alerts": (desk, "/alerts"),
            "search": (desk, "/search?q=compteur 1"),
            "search_short": (desk, "/search/short?q=batiment"),
            "map": (desk, "/sites/map"),
            "municipality_home": (town_hall, "/"),
        }
        taken: dict[str, list[float]] = {name: [] for name in pages}
        for turn in range(WARM_UP + size.rounds):
            for name, (person, path) in pages.items():
                began = time.perf_counter()
                person.get(path)
                if turn >= WARM_UP:
                    taken[name].append(1000 * (time.perf_counter() - began))
    engine.dispose()
    p95 = {name: round(_p95(times), 1) for name, times in taken.items()}
    return {
        **asdict(size),
        "p95_ms": p95,
        "median_ms": {name: round(statistics.median(times), 1) for name, times in taken.items()},
        "slowest": max((name for name in p95 if name != EMPTY), key=p95.__getitem__),
        "empty_ms": p95[EMPTY],
    }


def _p95(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, round(0.95 * len(times)))]


def _billed(session: Session) -> tuple[int, int, int]:
    """Issue invoices and return the numbers of a settlement, of its invoice and of the report behind it."""
    sign_with(signer_of(SEED))
    signer_in_use(session, TODAY)
    ids = ready_drafts(session, INVOICES)
    for number in ids:
        issue(session, session.get_one(Invoice, number), today=TODAY)
    first = session.get_one(Invoice, ids[0])
    return first.settlement_id, first.id, first.settlement.lines[0].report_id


def _people(session: Session, building: int) -> tuple[str, str, str]:
    """Open an account at the SPL and one at the town that holds `building`; return their addresses and password."""
    holder = session.scalar(select(Holding.shareholder_id).where(Holding.building_id == building))
    town = session.get_one(Shareholder, holder)
    mark, password = secrets.token_hex(4), secrets.token_urlsafe(24)
    emails = [f"{who}-{mark}@banc.example" for who in ("spl", "mairie")]
    create_account(session, email=emails[0], name="Banc", role="operator", password=password)
    create_account(session, email=emails[1], name="Banc", role="shareholder", password=password, shareholder=town)
    return emails[0], emails[1], password
