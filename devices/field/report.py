"""The report of a visit: what was done, read and photographed, signed on the spot; printed once, kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from contracts.parties.models import Company
from devices.field.models import CommissioningTest, Photo, Submission, Visit, VisitDocument
from devices.field.sayings import HIGH, WIDE
from devices.field.words import PHOTOS, PLACES, STEPS, TESTS
from foundation.attachments.store import keep
from foundation.canonical import canonical_sha256
from foundation.documents.render import DocumentFacts, render_pdf
from foundation.errors import Refusal
from foundation.look.language import FRENCH
from foundation.mail.headers import ADDRESS
from foundation.mail.register import post
from foundation.messages import N_

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

PRINT = "devices.print_visit"
WORKS = ("install", "swap", "meter", "removal", "undo")
FACTS = (
    ("serial", N_("Capteur")),
    ("old", N_("Capteur déposé")),
    ("old_dial", N_("Index à la dépose")),
    ("dial", N_("Index au cadran")),
    ("meter_serial", N_("Numéro du compteur")),
    ("identifier", N_("PRM ou PCE lu")),
    ("pulse_weight", N_("Poids d'impulsion")),
    ("ct_ratio", N_("Rapport de TC")),
    ("gap_minutes", N_("Minutes sans capteur")),
    ("dial_unreadable", N_("Cadran non lu")),
    ("old_dial_unreadable", N_("Cadran non lu à la dépose")),
    ("reason", N_("Raison")),
    ("waste", N_("Déchet électronique (DEEE)")),
    ("remark", N_("Remarque")),
)
"""What was said of a work, as the report names it."""


def make_report(session: Session, visit_id: int, *, now: dt.datetime, url: str = "") -> VisitDocument:
    """Print the report of a closed visit and keep it, once; who signed is written to, with the address of the page."""
    visit = session.get_one(Visit, visit_id, with_for_update=True)
    known = session.get(VisitDocument, visit_id)
    if known is not None:
        return known
    if visit.state != "closed" or visit.closed_at is None:
        raise Refusal("Cette visite n'est pas terminée ; son rapport s'imprime quand elle est signée.")
    pdf = print_report(session, visit)
    holders = {_holder(visit, task) for task in visit.tasks}
    attachment = keep(
        session,
        pdf,
        name=f"visite-{visit.id}.pdf",
        media_type="application/pdf",
        shareholder_id=holders.pop() if len(holders) == 1 else None,
    )
    document = VisitDocument(visit_id=visit.id, attachment=attachment, made_at=now)
    session.add(document)
    session.flush()
    if ADDRESS.fullmatch(visit.keeper_email):
        post(
            session,
            to=visit.keeper_email,
            subject=f"Rapport de visite : {visit.site.name}",
            body=f"Le rapport de la visite du {FRENCH.date(visit.planned_on)} à {visit.site.name} est prêt :\n"
            f"{url}/visits/{visit.id}\n\nEmpreinte du document (SHA-256) : {attachment.sha256}\n",
            key=f"visit-{visit.id}",
        )
    return document


def _holder(visit: Visit, task: Any) -> int | None:
    rows = task.point.building.holdings
    return next((one.shareholder_id for one in rows if one.period.contains(visit.planned_on)), None)


def print_report(session: Session, visit: Visit) -> bytes:
    """Return the report as PDF: the same visit gives the same bytes."""
    zone = ZoneInfo(visit.site.timezone)
    rows = session.scalars(
        select(Submission)
        .where(Submission.visit_id == visit.id, Submission.state == "applied")
        .order_by(Submission.done_at, Submission.id)
    ).all()
    works = [row for row in rows if row.kind in WORKS]
    keys = [row.key for row in works]
    photos = session.scalars(select(Photo).where(Photo.submission_key.in_(keys)).order_by(Photo.id)).all()
    tests = {
        test.submission_id: test
        for test in session.scalars(
            select(CommissioningTest).where(CommissioningTest.submission_id.in_([row.id for row in works]))
        )
    }
    assets = {f"photo-{photo.id}.jpg": photo.attachment.content for photo in photos}
    if visit.signature:
        assets["signature.svg"] = signature_svg(visit.signature)
    company = session.get(Company, 1)
    context = {
        "visit": visit,
        "company": company.name if company else "",
        "began": FRENCH.moment(visit.started_at, zone) if visit.started_at else "",
        "ended": FRENCH.moment(visit.closed_at, zone) if visit.closed_at else "",
        "works": [_work(row, photos, tests.get(row.id), zone) for row in works],
        "proof": proof_of(rows),
        "signed": bool(visit.signature),
    }
    facts = DocumentFacts(
        title=f"Rapport de visite - {visit.site.name}",
        author=company.name if company else "SPL",
        instant=visit.closed_at or visit.created_at,
    )
    return render_pdf("visit.html.jinja2", context, facts, assets=assets)


def proof_of(rows: Sequence[Submission]) -> str:
    """Return the SHA-256 over what the phone sent, step by step: a later change of any of it shows."""
    return canonical_sha256([[row.key, row.digest] for row in rows])


def _work(row: Submission, photos: Sequence[Photo], test: CommissioningTest | None, zone: ZoneInfo) -> dict[str, Any]:
    said = row.said | {name: value for name, value in row.outcome.items() if value is not None}
    if row.device is not None:
        said["serial"] = row.device.serial
    return {
        "title": STEPS[row.kind],
        "point": f"{row.point.building.name}, {row.point.name}" if row.point else "",
        "at": FRENCH.moment(row.done_at, zone),
        "by": row.by,
        "facts": [(word, str(said[name])) for name, word in FACTS if said.get(name)],
        "gap": said.get("gap_estimated_kwh"),
        "test": TESTS[test.state] if test is not None else "",
        "photos": [
            {"asset": f"photo-{one.id}.jpg", "kind": PHOTOS[one.kind], "at": FRENCH.moment(one.taken_at, zone)}
            for one in photos
            if one.submission_key == row.key
        ],
    }


def signature_svg(strokes: Sequence[Sequence[Sequence[int]]]) -> bytes:
    """Return the strokes of a finger as a drawing; they are numbers, checked when they came."""
    lines = "".join(f'<polyline points="{" ".join(f"{int(x)},{int(y)}" for x, y in stroke)}"/>' for stroke in strokes)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}"><g fill="none" stroke="#15202B"'
        f' stroke-width="6" stroke-linecap="round" stroke-linejoin="round">{lines}</g></svg>'
    ).encode()


def places_of(visit: Visit) -> list[str]:
    """Return where the tasks of a visit are done, in words, each once."""
    return sorted({PLACES[task.place] for task in visit.tasks if task.place})
