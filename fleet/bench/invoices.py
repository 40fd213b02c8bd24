"""How many ready drafts are issued a second and printed a minute, beside bare WeasyPrint on the same pages.

Issuing is timed on threads, each draft a transaction of its own. Printing is what the worker does, from the snapshot to
the stored original: checks, evidence, signature, PDF. Bare WeasyPrint gets the same HTML, made before, and the same PDF
variant, in the same processes; the two take turns, so that a neighbour on the machine slows both.
"""

from __future__ import annotations

import base64
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING, cast

from weasyprint import HTML

from billing.documents.invoice import page_of
from billing.invoices.models import Invoice
from billing.invoices.register import issue
from billing.invoices.rendering import render
from billing.pack.keys import sign_with, signer_in_use
from billing.pack.signing import signer_of
from fleet.bench.drafts import TODAY, ready_drafts
from foundation.documents.assets import asset_fetcher
from foundation.documents.render import VARIANT
from foundation.documents.templates import environment
from foundation.look.language import FRENCH
from foundation.tenancy import engine_for, session_factory

if TYPE_CHECKING:
    from billing.documents.snapshot import InvoiceSnapshot

ISSUERS = 4
PART = 5
"""Documents a process prints before the bare ones have their turn."""
# A key for figures that nobody keeps; not a secret.
SEED = base64.b64encode(bytes(32)).decode()


def bench_invoices(owner_url: str, worker_url: str, drafts: int, processes: int) -> dict[str, float]:
    """Issue and print `drafts` ready drafts and return the rates; `ratio` is ours to bare."""
    engine = engine_for(owner_url)
    with session_factory(engine).begin() as session:
        sign_with(signer_of(SEED))
        signer_in_use(session, TODAY)
        ids = ready_drafts(session, drafts)
    issuing = _issue_all(worker_url, list(ids))
    # Not forked: what renders must not share the parent's connections and threads.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(_print_one_twice, [(worker_url, ids[place % drafts]) for place in range(processes)]))
        parts = [(worker_url, ids[start : start + PART]) for start in range(0, drafts, PART)]
        timed = list(pool.map(_print_part, parts))
    engine.dispose()
    ours, bare = (sum(one[place] for one in timed) / processes for place in (0, 1))
    return {
        "drafts": drafts,
        "processes": processes,
        "issued_per_s": round(drafts / issuing, 1),
        "rendered_per_min": round(60 * drafts / ours, 1),
        "bare_per_min": round(60 * drafts / bare, 1),
        "ratio": round(bare / ours, 3),
    }


def _issue_all(url: str, waiting: list[int]) -> float:
    """Return the seconds it takes to issue all, each in its own transaction."""
    engine = engine_for(url)
    sessions = session_factory(engine)
    with sessions() as session:
        session.get(Invoice, waiting[0])

    def work() -> None:
        while waiting:
            try:
                invoice_id = waiting.pop()
            except IndexError:
                return
            with sessions.begin() as session:
                issue(session, session.get_one(Invoice, invoice_id), today=TODAY)

    threads = [threading.Thread(target=work) for _ in range(ISSUERS)]
    began = time.perf_counter()
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    seconds = time.perf_counter() - began
    engine.dispose()
    return seconds


def _print_one_twice(asked: tuple[str, int]) -> None:
    """Load and compile whatever the first document loads and compiles; nothing is kept."""
    sign_with(signer_of(SEED))
    engine = engine_for(asked[0])
    with session_factory(engine)() as session:
        invoice = session.get_one(Invoice, asked[1])
        _bare(_html(invoice))
        render(session, invoice, today=TODAY)
        session.rollback()
    engine.dispose()


def _print_part(asked: tuple[str, list[int]]) -> tuple[float, float]:
    """Return the seconds ours and bare WeasyPrint take for the documents `asked`, turn by turn."""
    url, ids = asked
    sign_with(signer_of(SEED))
    engine = engine_for(url)
    sessions = session_factory(engine)
    ours = bare = 0.0
    for invoice_id in ids:
        with sessions() as session:
            html = _html(session.get_one(Invoice, invoice_id))
        began = time.perf_counter()
        _bare(html)
        between = time.perf_counter()
        with sessions.begin() as session:
            render(session, session.get_one(Invoice, invoice_id), today=TODAY)
        bare += between - began
        ours += time.perf_counter() - between
    engine.dispose()
    return ours, bare


def _html(invoice: Invoice) -> str:
    page = page_of(cast("InvoiceSnapshot", invoice.snapshot), invoice.sha256 or "")
    return environment(FRENCH).get_template(page.template).render(page.context, title=page.facts.title)


def _bare(html: str) -> None:
    HTML(string=html, base_url="asset:", url_fetcher=asset_fetcher({})).write_pdf(pdf_variant=VARIANT)
