"""The page before a contract: a question, an answer, one picture, a PDF."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPNotFound, HTTPSeeOther
from sqlalchemy import select

from baseline.eligibility.study import Question, Study, study
from baseline.eligibility.tasks import PRINT
from baseline.eligibility.words import answer, detectable_chart, sentences
from baseline.plans.windows import latest_window
from baseline.plans.words import INTERVALS
from baseline.weather.models import Station
from devices.points.models import MeasurementBoundary
from foundation.attachments.models import Attachment
from foundation.files import download
from foundation.forms import EntryForm, choice_field, day_field, number_field, submit
from foundation.messages import N_
from foundation.pages import NUMBER, Fragment, found
from foundation.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response


class StudyForm(EntryForm):
    """A year of data and a saving hoped for."""

    station_id = choice_field(N_("Station météo"))
    start = day_field(N_("Premier jour des données"))
    end = day_field(N_("Fin des données"), help_text=N_("Le premier jour qui n'en fait plus partie."))
    target = number_field(
        N_("Économie espérée"), default=Decimal("0.15"), help_text=N_("Une fraction, par exemple 0,15.")
    )
    confidence = number_field(N_("Niveau de confiance"), default=Decimal("0.9"))
    interval = choice_field(N_("Intervalle qui compte"))


def eligibility(request: Request) -> dict[str, Any] | Response:
    """Answer for one boundary; asked again by the form, printed by the worker with `print`."""
    _ = request.language.translate
    boundary = found(request, MeasurementBoundary)
    start, end = latest_window(request.today)
    form = StudyForm(request.POST, data={"start": start, "end": end})
    stations = request.dbsession.scalars(select(Station).order_by(Station.name)).all()
    form.station_id.choices = {str(one.id): f"{one.name} ({one.code})" for one in stations}
    form.interval.choices = [(code, _(word)) for code, word in INTERVALS.items()]

    def act() -> Study:
        return study(
            request.dbsession,
            boundary,
            request.dbsession.get_one(Station, int(form.station_id.data)),
            Question(
                form.start.data,
                form.end.data,
                float(form.target.data),
                float(form.confidence.data),
                form.interval.data,
            ),
            today=request.today,
        )

    answered = submit(request, form, act) if request.method == "POST" else None
    if answered is not None and "print" in request.GET:
        return _printed(request, boundary, form)
    said = None if answered is None else answer(answered, request.language)
    return {
        "boundary": boundary,
        "form": form,
        "stations": stations,
        "study": answered,
        "answer": said,
        "chart": None if answered is None else detectable_chart(answered, request.language),
        "sentences": [] if answered is None else sentences(answered, request.language),
        "crumbs": [(boundary.name, request.route_path("boundary", id=boundary.id))],
    }


def _printed(request: Request, boundary: MeasurementBoundary, form: StudyForm) -> Response:
    params = {
        "boundary_id": boundary.id,
        "station_id": int(form.station_id.data),
        "start": form.start.data.isoformat(),
        "end": form.end.data.isoformat(),
        "target": str(form.target.data),
        "confidence": str(form.confidence.data),
        "interval": form.interval.data,
        "language": request.language.code,
    }
    title = request.language.translate(N_("Étude d'éligibilité : {boundary}")).format(boundary=boundary.name)
    job = request.ask(PRINT, title, {f"boundary-{boundary.id}": params})
    return HTTPSeeOther(request.route_path("job", id=job.id))


def study_file(request: Request) -> Response:
    """Serve a printed study."""
    original = found(request, Attachment)
    if not original.name.startswith("eligibilite-"):
        raise HTTPNotFound
    return download(original.name, original.content, original.media_type)


def of_boundary(_request: Request, boundary: MeasurementBoundary) -> Mapping[str, Any]:
    """Offer the study on the page of a boundary."""
    return {"boundary": boundary}


def includeme(config: Configurator) -> None:
    """Register the pages and the fragment."""
    here, manage = "baseline.eligibility:templates/", Permission.MANAGE_SAVINGS
    config.add_route("eligibility", f"/boundaries/{NUMBER}/eligibility")
    config.add_view(
        eligibility,
        route_name="eligibility",
        renderer=here + "eligibility.jinja2",
        permission=manage,
        request_method=("GET", "POST"),
    )
    config.add_route("study_file", f"/studies/{NUMBER}.pdf")
    config.add_view(study_file, route_name="study_file", permission=manage, request_method="GET")
    config.add_fragment(Fragment("boundary", "eligibility", 30, manage, here + "offer.jinja2", of_boundary))
