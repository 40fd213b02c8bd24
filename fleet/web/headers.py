"""Safety that every answer carries, and the one name this server answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pyramid.httpexceptions import HTTPBadRequest
from pyramid.tweens import INGRESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyramid.config import Configurator
    from pyramid.registry import Registry
    from pyramid.request import Request
    from pyramid.response import Response

    from fleet.settings import WebSettings

    Handler = Callable[[Request], Response]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SAFETY = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


def safety_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """Add the headers above; pages are never kept by a cache, except where a view says so itself."""
    headers = dict(SAFETY)
    headers["Content-Security-Policy"] = policy_for(registry["settings"])
    if registry["settings"].url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"

    def safety_tween(request: Request) -> Response:
        response = handler(request)
        for name, value in headers.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    return safety_tween


def policy_for(settings: WebSettings) -> str:
    """Return the policy, widened by what this installation has been told of and by nothing else."""
    policy = CONTENT_SECURITY_POLICY
    if settings.tiles_url:
        policy = policy.replace("img-src 'self' data:;", f"img-src 'self' data: {_origin(settings.tiles_url)};")
    if settings.oidc_issuer:
        # Signing out there is the redirect of a form, which browsers hold to this policy too.
        policy = policy.replace("form-action 'self'", f"form-action 'self' {_origin(settings.oidc_issuer)}")
    return policy


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def host_tween_factory(handler: Handler, registry: Registry) -> Handler:
    """Refuse a Host that is not ours, so that no link is built on a name somebody sent (hostile input 30)."""
    known = known_hosts(registry["settings"].url)

    def host_tween(request: Request) -> Response:
        if request.host not in known:
            return HTTPBadRequest("Ce serveur ne répond pas à ce nom.")
        if not is_readable(request):
            return HTTPBadRequest("Cette demande n'est pas écrite en UTF-8.")
        return handler(request)

    return host_tween


def is_readable(request: Request) -> bool:
    """Say whether path and query are UTF-8; whoever asked for them later would fail at the first byte."""
    try:
        _read = (request.path_info, request.GET)
    except UnicodeDecodeError:
        return False
    return True


def known_hosts(url: str) -> frozenset[str]:
    """Return the Host headers that mean `url`; on loopback its three names mean the same."""
    parts = urlsplit(url)
    names = LOOPBACK if parts.hostname in {"127.0.0.1", "localhost", "::1"} else (parts.hostname or "",)
    if parts.port is None:
        default = {"http": 80, "https": 443}[parts.scheme]
        return frozenset(name for plain in names for name in (plain, f"{plain}:{default}"))
    return frozenset(f"{name}:{parts.port}" for name in names)


def includeme(config: Configurator) -> None:
    """Put both tweens outermost: safety first, so that refusals and errors carry it too."""
    config.add_tween("fleet.web.headers.safety_tween_factory", under=INGRESS)
    config.add_tween("fleet.web.headers.host_tween_factory", under="fleet.web.headers.safety_tween_factory")
