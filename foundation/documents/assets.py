"""What a document may ask for while it is rendered: names of a dictionary, and nothing else whatever the address.

Hostile text cannot reach the network or the disk through a document, because no scheme but `asset:` is known
(CVE-2025-68616: redirects are off too), and an unknown name stops the rendering.
"""

from __future__ import annotations

from email.message import EmailMessage
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import BaseHandler
from urllib.response import addinfourl

from weasyprint.urls import URLFetcher

from foundation.documents.templates import read_data
from foundation.errors import Refusal
from foundation.look.assets import FONTS
from foundation.look.tokens import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from urllib.request import Request

_MEDIA_TYPES = {
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".png": "image/png",
    ".jpg": "image/jpeg",
}


class _Assets(BaseHandler):
    """Answers `asset:NAME`, for urllib's opener."""

    def __init__(self, given: Mapping[str, bytes]) -> None:
        self.given = given

    def asset_open(self, request: Request) -> addinfourl:
        """Return the bytes of the asset a request names."""
        name = request.full_url.removeprefix("asset:")
        content = self.given.get(name)
        if content is None:
            content = _house_asset(name)
        headers = EmailMessage()
        headers["Content-Type"] = _MEDIA_TYPES.get("." + name.rpartition(".")[2], "application/octet-stream")
        return addinfourl(BytesIO(content), headers, request.full_url, 200)


def asset_fetcher(given: Mapping[str, bytes]) -> URLFetcher:
    """Return a fetcher that knows the house's fonts and style sheets and the `given` assets, by name."""
    fetcher = URLFetcher(allowed_protocols={"asset"}, allow_redirects=False, fail_on_errors=True)
    fetcher.add_handler(_Assets(given))
    return fetcher


def _house_asset(name: str) -> bytes:
    if "/" in name or "\\" in name or name.startswith("."):
        raise URLError(f"no asset has the name {name!r}")
    if name.endswith(".ttf"):
        return _font(name)
    if name == "tokens.css":
        return _paper_tokens()
    if name.endswith((".css", ".svg")):
        return read_data(name)
    raise URLError(f"no asset has the name {name!r}")


def _paper_tokens() -> bytes:
    """Return the tokens as paper has them: light, without the media query that only screens understand."""
    properties = (f"--{name}: {value};" for name, value in tokens("light").items())
    return f":root {{ {' '.join(properties)} }}".encode()


def _font(name: str) -> bytes:
    try:
        return (FONTS / name).read_bytes()
    except OSError:
        sentence = f"La police {name} manque : lancez « npm ci » (scripts/demo et scripts/test le font)."
        raise Refusal(sentence) from None
