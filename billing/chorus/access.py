"""Where Chorus Pro is and who signs in; known by the environment only, held in memory, shown nowhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

PRODUCTION = "api.piste.gouv.fr"


@dataclass(frozen=True, slots=True)
class Access:
    """Addresses of the token and of the API (up to /cpro), PISTE application, technical account."""

    token_url: str
    api_url: str
    client_id: str = field(repr=False)
    client_secret: str = field(repr=False)
    login: str = field(repr=False)
    password: str = field(repr=False)

    @property
    def real(self) -> bool:
        """Whether what is deposited reaches real public bodies."""
        return is_real(self.api_url)


def is_real(api_url: str) -> bool:
    """Say whether `api_url` is that of the portal itself, and not of its qualification or of this machine."""
    return (urlsplit(api_url).hostname or "") == PRODUCTION
