"""The application on the phone: its files, and the doors it downloads and sends through (JSON, no page)."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import TYPE_CHECKING, Any

from pyramid.csrf import get_csrf_token
from pyramid.httpexceptions import HTTPBadRequest, HTTPConflict, HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from zope.sqlalchemy import mark_changed

from devices.field.application.shell import File, file, page, worker
from devices.field.application.shell import words as words_of
from devices.field.downloads import answer_for, make_download, progress, standing
from devices.field.photos import LARGEST, keep_photo
from devices.field.submissions import Envelope, OtherContentError, PhotosMissingError, receive
from foundation.actors import Role
from foundation.errors import Refusal
from foundation.look.language import language_of
from foundation.permissions import Permission, allows

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.request import Request

LONGEST = 300_000
"""Bytes of one submission: a signature is the longest thing it says."""
MOST_KEYS = 200
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:;"
    " font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of this page alone: the reader of bar codes is WebAssembly, which 'wasm-unsafe-eval' lets run and no text."""
DEVICES = "camera=(self), geolocation=(self), microphone=(), payment=()"
MANIFEST = {
    "name": "Visites de terrain",
    "short_name": "Visites",
    "lang": "fr",
    "start_url": "/field/",
    "scope": "/field/",
    "display": "standalone",
    "orientation": "portrait",
    "background_color": "#FFFFFF",
    "theme_color": "#0A5A78",
    "icons": [
        {"src": "/field/shell/icon.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        {"src": "/field/shell/icon-192.png", "sizes": "192x192", "type": "image/png", "purpose": "any"},
        {"src": "/field/shell/icon-512.png", "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
    ],
}


def _sent(request: Request, ready: File) -> Response:
    """Answer with a file, packed where the browser takes it; its name never changes, so it is asked for each time."""
    response = Response(content_type=ready.media_type, charset="utf-8" if ready.media_type != "image/png" else None)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    response.body = ready.packed if packed else ready.content
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    response.headers["Cache-Control"] = "no-cache"
    response.conditional_response = True
    response.md5_etag(ready.content)
    return response


def application(request: Request) -> Response:
    """Send the page; it says nothing of anybody."""
    response = _sent(request, page())
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Permissions-Policy"] = DEVICES
    return response


def shell_file(request: Request) -> Response:
    """Send one of its files."""
    ready = file(request.matchdict["name"])
    if ready is None:
        raise HTTPNotFound
    return _sent(request, ready)


def service_worker(request: Request) -> Response:
    """Send what keeps the application on the phone."""
    return _sent(request, worker(tuple(request.registry["settings"].languages)))


def words(request: Request) -> Response:
    """Send its sentences in a language."""
    code = request.matchdict["language"]
    if code not in request.registry["settings"].languages:
        raise HTTPNotFound
    return _sent(request, words_of(language_of(code)))


def manifest(_request: Request) -> Response:
    """Say how the application is installed."""
    return Response(json.dumps(MANIFEST).encode(), content_type="application/manifest+json", charset="utf-8")


def state(request: Request) -> dict[str, Any]:
    """Say who is signed in and may work, with what a phone needs to send; nobody where nobody is."""
    actor = request.actor
    if actor.role is Role.PUBLIC:
        _leave_cookie(request)
    if actor.role is Role.PUBLIC or not allows(actor.role, Permission.WORK_IN_FIELD):
        return {"account": None, "role": actor.role.value, "language": request.language.code}
    return {
        "account": {"id": actor.account_id, "name": actor.name},
        "csrf": get_csrf_token(request),
        "now": request.now.isoformat(),
        "language": request.language.code,
    }


def _leave_cookie(request: Request) -> None:
    """Set no cookie: an answer that comes late would undo the token of a sign-in page opened meanwhile."""
    request.add_response_callback(lambda _request, response: response.headers.pop("Set-Cookie", None))


def told(request: Request) -> dict[str, Any]:
    """Return the JSON object that was sent; 400 for anything else."""
    body = _body(request, LONGEST)
    if b"\\u0000" in body:
        raise HTTPBadRequest
    try:
        value = json.loads(body, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise HTTPBadRequest from None
    if not isinstance(value, dict):
        raise HTTPBadRequest
    return value


def _body(request: Request, most: int) -> bytes:
    """Return what was sent; 400 where it is longer than `most` or does not say how long it is."""
    length = request.content_length
    if length is None or length > most:
        raise HTTPBadRequest
    content: bytes = request.body_file_raw.read(length)
    return content


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def download(request: Request) -> dict[str, Any]:
    """Give the phone what its technician needs."""
    previous = told(request).get("previous")
    signed_in_for = dt.timedelta(seconds=max(0, time.time() - request.session.created))

    def act() -> dict[str, Any]:
        return make_download(
            request.dbsession,
            actor=request.actor,
            phone=request.user_agent or "",
            signed_in_at=request.now - signed_in_for,
            now=request.now,
            today=request.today,
            previous=previous if isinstance(previous, str) else "",
        )

    return _answered(request, act)


def look_at_standing(request: Request) -> dict[str, str]:
    """Say whether a phone may keep what it carries; asked with its secret, signed in or not."""
    asked = told(request)
    if request.actor.role is Role.PUBLIC:
        _leave_cookie(request)
    token = asked.get("token")
    if not isinstance(token, str):
        raise HTTPBadRequest
    forgotten = asked.get("forgotten") is True
    # A function writes that the phone forgot; of what it does, the session knows nothing.
    mark_changed(request.dbsession, transaction_manager=request.tm)
    return {"standing": standing(request.dbsession, token, now=request.now, forgotten=forgotten)}


def photo(request: Request) -> dict[str, Any]:
    """Take in one photo of a submission that follows."""
    content, query = _body(request, LARGEST), request.GET

    def act() -> dict[str, Any]:
        kept = keep_photo(
            request.dbsession,
            content,
            key=query.get("key", ""),
            kind=query.get("kind", ""),
            sha256=query.get("sha256", ""),
            account_id=request.actor.account_id,
            taken_at=min(request.now, _instant(query.get("taken_at"))),
            latitude=_degrees(query.get("latitude"), 90),
            longitude=_degrees(query.get("longitude"), 180),
        )
        return {"kept": kept.sent_sha256}

    return _answered(request, act)


def submission(request: Request) -> dict[str, Any]:
    """Take in one thing that was done, once."""
    sent = told(request)
    item = sent.get("item")
    if not isinstance(item, dict) or not isinstance(item.get("said"), dict):
        raise HTTPBadRequest
    place = item.get("place")

    def act() -> dict[str, Any]:
        envelope = Envelope(
            key=str(item.get("key")),
            kind=str(item.get("kind")),
            visit_id=_number(item.get("visit")),
            task_id=_number(item.get("task")),
            done_at=_instant(item.get("done_at")),
            based_on=_instant(item.get("based_on")),
            app_version=str(item.get("version", "")),
            place=place if isinstance(place, dict) else None,
            said=item["said"],
        )
        row = receive(
            request.dbsession,
            envelope,
            actor=request.actor,
            sent_at=_instant(sent.get("sent_at")),
            now=request.now,
        )
        return answer_for(row, request.language.translate)

    try:
        return _answered(request, act)
    except PhotosMissingError:
        request.response.status_int = 409
        return {"state": "photos_missing"}
    except OtherContentError:
        raise HTTPConflict from None


def became(request: Request) -> dict[str, Any]:
    """Say what became of what was sent, by its keys."""
    keys = told(request).get("keys")
    if not isinstance(keys, list) or len(keys) > MOST_KEYS or not all(isinstance(key, str) for key in keys):
        raise HTTPBadRequest
    return progress(request.dbsession, keys, actor=request.actor, translate=request.language.translate)


def _answered(request: Request, act: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return what `act` returns, or the sentence that refuses it (422)."""
    try:
        return act()
    except Refusal as refusal:
        request.tm.doom()
        request.response.status_int = 422
        return {"state": "refused", "sentence": refusal.said_in(request.language.translate)}


def _instant(written: object) -> dt.datetime:
    """Return an instant with its offset; 400 for anything else."""
    try:
        value = dt.datetime.fromisoformat(str(written))
    except ValueError:
        raise HTTPBadRequest from None
    if value.tzinfo is None or not 2000 <= value.year <= 2199:
        raise HTTPBadRequest
    return value.astimezone(dt.UTC)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else None


def _degrees(written: str | None, most: int) -> float | None:
    try:
        value = float(written or "")
    except ValueError:
        return None
    return round(value, 6) if abs(value) <= most else None


def includeme(config: Configurator) -> None:
    """Register files and doors."""
    work, anybody = Permission.WORK_IN_FIELD, NO_PERMISSION_REQUIRED
    for route, pattern, view, permission, method, renderer in (
        ("field", "/field/", application, anybody, "GET", None),
        ("field_worker", "/field/worker.js", service_worker, anybody, "GET", None),
        ("field_manifest", "/field/manifest.json", manifest, anybody, "GET", None),
        ("field_words", "/field/words-{language:[a-z]{2}}.json", words, anybody, "GET", None),
        ("field_file", "/field/shell/{name}", shell_file, anybody, "GET", None),
        ("field_state", "/field/state.json", state, anybody, "GET", "json"),
        ("field_download", "/field/download", download, work, "POST", "json"),
        ("field_photo", "/field/photos", photo, work, "POST", "json"),
        ("field_submission", "/field/submissions", submission, work, "POST", "json"),
        ("field_progress", "/field/progress", became, work, "POST", "json"),
    ):
        config.add_route(route, pattern)
        config.add_view(view, route_name=route, renderer=renderer, permission=permission, request_method=method)
    # A phone nobody is signed in on any more has no token of a form; it shows its own secret instead.
    config.add_route("field_standing", "/field/standing")
    config.add_view(
        look_at_standing,
        route_name="field_standing",
        renderer="json",
        permission=anybody,
        request_method="POST",
        require_csrf=False,
    )
