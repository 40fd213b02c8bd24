"""Pages of makers' codecs: which there are, one and what it is for, a new one tried before it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.httpexceptions import HTTPSeeOther
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from wtforms.validators import NumberRange

from devices.codecs.meanings import of_kept, read_lines, written
from devices.codecs.models import Codec, CodecUse
from devices.codecs.pasted import WAYS, bytes_of
from devices.codecs.register import add_codec, attach, explain
from devices.codecs.runner import LONGEST, read_source, shared_runner
from devices.codecs.trial import SERIAL, Tried, demand_a_codec, try_on
from devices.decode.answer import decimals
from devices.dialects.quantities import WORDS, Quantity, kept_in
from devices.dialects.uplink import Undecoded
from devices.inventory.models import DeviceModel
from foundation.forms import (
    EntryForm,
    choice_field,
    file_field,
    number_field,
    pasted_field,
    submit,
    text_field,
)
from foundation.messages import N_
from foundation.pages import NUMBER, found, page_of
from foundation.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.request import Request
    from pyramid.response import Response

MEANINGS = 8_000
"""Characters of the explanations of a codec's fields."""
LINES_HELP = N_("Un champ par ligne, par exemple « total = energy_index Wh ». Les autres gardent ce que dit leur nom.")


class CodecForm(EntryForm):
    """A codec as its maker publishes it, what its fields mean, and bytes to try it on."""

    maker = text_field(N_("Fabricant"))
    name = text_field(N_("Nom"), help_text=N_("Celui du capteur ou de la gamme."))
    version = text_field(N_("Version"), help_text=N_("Celle du fichier, ou sa date."))
    licence = text_field(N_("Licence"), help_text=N_("Telle que la nomme le fabricant : MIT, propriétaire…"))
    file = file_field(N_("Fichier .js"), required=False)
    source = pasted_field(
        N_("Ou le texte du codec"),
        LONGEST,
        required=False,
        rows=10,
        help_text=N_("Il doit avoir une fonction decodeUplink (LoRa Alliance TS013)."),
    )
    meanings = pasted_field(N_("Ce que veulent dire ses champs"), MEANINGS, required=False, help_text=LINES_HELP)
    payload = pasted_field(
        N_("Octets d'essai"), 2_000, required=False, rows=2, help_text=N_("Ceux d'une vraie trame du capteur.")
    )
    way = choice_field(N_("Écrits en"))
    f_port = number_field(N_("Port de la trame"), required=False)


class MeaningsForm(EntryForm):
    """What the fields of a codec mean."""

    meanings = pasted_field(N_("Ce que veulent dire ses champs"), MEANINGS, required=False, help_text=LINES_HELP)


class ModelForm(EntryForm):
    """Which model of device a codec is for."""

    model_id = choice_field(N_("Modèle de capteur"))


def _crumbs(request: Request) -> list[tuple[str, str]]:
    _ = request.language.translate
    return [(_(N_("Parc")), request.route_path("devices")), (_(N_("Codecs")), request.route_path("codecs"))]


def codecs(request: Request) -> dict[str, Any]:
    """List the codecs and the models each reads."""
    query = select(Codec).options(selectinload(Codec.uses).selectinload(CodecUse.model))
    served = request.dbsession.scalar(select(func.count()).select_from(CodecUse))
    return {"page": page_of(request, query.order_by(Codec.maker, Codec.name, Codec.id)), "served": served}


def new_codec(request: Request) -> dict[str, Any] | Response:
    """Try a codec on bytes, then keep it."""
    _ = request.language.translate
    form = CodecForm(request.POST)
    form.way.choices = {way: _(WAYS[way]) for way in ("hex", "base64")}
    form.f_port.validators = [*form.f_port.validators, NumberRange(0, 255, _(N_("Un port va de 0 à 255.")))]
    sent = form.file.data
    if getattr(sent, "filename", ""):
        content = sent.file.read(LONGEST + 1)
        # Shown in the field below, so that it is kept with the next press of a button.
        form.source.data = content.decode("utf-8", "replace")
    else:
        content = (form.source.data or "").replace("\r\n", "\n").encode()
    trying = "try" in request.POST
    tried: Tried | None = None

    def attempt() -> Tried:
        source = read_source(content, form.name.data)
        data = bytes_of(form.payload.data or "", form.way.data, "payload")
        port = None if form.f_port.data is None else int(form.f_port.data)
        uplink = Undecoded(SERIAL, data, port, request.now)
        return try_on(shared_runner(), source, read_lines(form.meanings.data or ""), uplink)

    def act() -> Codec:
        demand_a_codec(shared_runner(), read_source(content, form.name.data), request.now)
        return add_codec(
            request.dbsession,
            maker=form.maker.data,
            name=form.name.data,
            version=form.version.data,
            licence=form.licence.data,
            source=content,
            meanings=form.meanings.data or "",
        )

    if request.method == "POST" and trying:
        tried = submit(request, form, attempt)
    elif request.method == "POST":
        kept = submit(request, form, act)
        if kept:
            return HTTPSeeOther(request.route_path("codec", id=kept.id))
    return {
        "form": form,
        "tried": tried,
        "words": WORDS,
        "decimals": decimals,
        "quantities": _quantities(),
        "crumbs": _crumbs(request),
    }


def codec(request: Request) -> dict[str, Any]:
    """Show one: its source, what its fields mean, the models it reads."""
    one = found(request, Codec)
    return {
        "codec": one,
        "source": one.source.content.decode("utf-8", "replace"),
        "meanings": of_kept(one.meanings),
        "words": WORDS,
        "quantities": _quantities(),
        "models_form": _models_form(request),
        "meanings_form": MeaningsForm(meanings=written(of_kept(one.meanings))),
        "crumbs": _crumbs(request),
    }


def explained(request: Request) -> dict[str, Any] | Response:
    """Say what the fields mean."""
    one = found(request, Codec)
    form = MeaningsForm(request.POST)
    if submit(request, form, lambda: explain(request.dbsession, one, form.meanings.data or "")):
        return HTTPSeeOther(request.route_path("codec", id=one.id))
    return codec(request) | {"meanings_form": form}


def attached(request: Request) -> dict[str, Any] | Response:
    """Attach it to a model."""
    one = found(request, Codec)
    form = _models_form(request)

    def act() -> CodecUse:
        return attach(request.dbsession, one, request.dbsession.get_one(DeviceModel, int(form.model_id.data)))

    if submit(request, form, act):
        return HTTPSeeOther(request.route_path("codec", id=one.id))
    return codec(request) | {"models_form": form}


def _models_form(request: Request) -> ModelForm:
    form = ModelForm(request.POST)
    models = request.dbsession.scalars(select(DeviceModel).order_by(DeviceModel.maker, DeviceModel.name))
    form.model_id.choices = {str(model.id): model.title for model in models}
    return form


def _quantities() -> list[tuple[str, str, str]]:
    """Return each quantity's code, words and unit."""
    return [(one.value, WORDS[one], kept_in(one)) for one in Quantity]


def includeme(config: Configurator) -> None:
    """Register the pages."""
    here = "devices.codecs:templates/"
    for route, pattern, view, template, methods in (
        ("codecs", "/codecs", codecs, "codecs", "GET"),
        ("codec_new", "/codecs/new", new_codec, "codec_new", ("GET", "POST")),
        ("codec", f"/codecs/{NUMBER}", codec, "codec", "GET"),
        ("codec_meanings", f"/codecs/{NUMBER}/meanings", explained, "codec", "POST"),
        ("codec_models", f"/codecs/{NUMBER}/models", attached, "codec", "POST"),
    ):
        config.add_route(route, pattern)
        config.add_view(
            view,
            route_name=route,
            renderer=f"{here}{template}.jinja2",
            permission=Permission.MANAGE_MEASUREMENTS,
            request_method=methods,
        )
