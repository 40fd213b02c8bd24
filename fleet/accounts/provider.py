"""A provider of identities by OpenID Connect, as ProConnect is one: code flow, state, nonce, PKCE, signed userinfo.

OpenID Connect Core 1.0 § 3.1; RFC 7636 (PKCE, S256); RFC 9207 (iss). ProConnect: userinfo is a signed JWT (§ 5.3.2),
`sub` never changes, `siret` says for which public body the person comes, `acr` how surely they were known.
"""

from __future__ import annotations

import hmac
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import httpx
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet.settings import WebSettings

SCOPE = "openid given_name usual_name email uid siret"
ALGORITHMS = ("RS256", "ES256")
"""What may sign: never "none", never a secret shared with the provider (RFC 8725 § 3.1)."""
TIMEOUT = 5.0
LARGEST_ANSWER = 200_000
"""Bytes."""
KEPT_FOR = 3600.0
"""Seconds its description and keys are believed."""
KEYS_AT_MOST_EVERY = 60.0
LASTS = 600.0
"""Seconds between leaving for the provider and coming back."""
LEEWAY = 60
"""Seconds two clocks may differ."""


class Untrusted(Exception):  # noqa: N818 - as a refusal: an answer that is not believed
    """What came back from the provider proves nobody; says why for the journal, never for the visitor."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says somebody is."""

    issuer: str
    subject: str
    email: str
    siret: str
    strong: bool
    """Whether the provider itself asked for a second proof."""
    id_token: str = field(repr=False)


@dataclass
class Provider:
    """The provider of this installation; everything it says of itself is read from its discovery document."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    acr: str
    base_url: str
    _kept: dict[str, tuple[float, Any]] = field(default_factory=dict, repr=False)

    @property
    def return_address(self) -> str:
        """Where the provider sends people back to."""
        return f"{self.base_url}/sign-in/return"

    def begin(self) -> tuple[str, dict[str, Any]]:
        """Return the address to go to, and what the browser's session keeps to know the answer by."""
        kept = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.return_address,
            "scope": SCOPE,
            "acr_values": self.acr,
            "state": kept["state"],
            "nonce": kept["nonce"],
            "code_challenge": create_s256_code_challenge(kept["verifier"]),
            "code_challenge_method": "S256",
        }
        return f"{self._said('authorization_endpoint')}?{urlencode(query)}", kept | {"at": int(time.time())}

    def finish(self, answer: Mapping[str, str], kept: Mapping[str, Any]) -> Identity:
        """Return whom the provider's `answer` proves.

        Raises:
            Untrusted: it is no answer to what this browser asked, or anything in it is not as it must be.

        """
        self._check_answer(answer, kept)
        tokens = self._post(
            self._said("token_endpoint"),
            {
                "grant_type": "authorization_code",
                "code": answer["code"],
                "redirect_uri": self.return_address,
                "client_id": self.client_id,
                "client_secret": self.client_secret,
                "code_verifier": kept["verifier"],
            },
        )
        id_token, access_token = str(tokens.get("id_token", "")), str(tokens.get("access_token", ""))
        claims = self._verified(id_token, nonce=str(kept["nonce"]), access_token=access_token)
        if claims.get("acr") != self.acr:
            raise Untrusted("acr")
        told = self._userinfo(access_token)
        if not hmac.compare_digest(str(told.get("sub", "")), str(claims["sub"])):
            raise Untrusted("sub of userinfo")
        return Identity(
            issuer=self.issuer,
            subject=str(claims["sub"]),
            email=str(told.get("email", "")).strip().lower(),
            siret="".join(str(told.get("siret", "")).split()),
            strong="mfa" in (claims.get("amr") or ()),
            id_token=id_token,
        )

    def _check_answer(self, answer: Mapping[str, str], kept: Mapping[str, Any]) -> None:
        state = str(kept.get("state", ""))
        if not state or not hmac.compare_digest(answer.get("state", "").encode(), state.encode()):
            raise Untrusted("state")
        if not 0 <= time.time() - int(kept.get("at", 0)) <= LASTS:
            raise Untrusted("too late")
        if answer.get("iss", self.issuer) != self.issuer:
            raise Untrusted("iss")
        if "error" in answer:
            raise Untrusted(f"error {answer['error'][:60]}")
        if not answer.get("code"):
            raise Untrusted("code")

    def address_of_leaving(self, id_token: str) -> str | None:
        """Return where the session at the provider ends too, or None where that cannot be found out now."""
        try:
            address = self._said("end_session_endpoint")
        except Untrusted:
            return None
        query = {
            "id_token_hint": id_token,
            "state": secrets.token_urlsafe(16),
            "post_logout_redirect_uri": f"{self.base_url}/sign-in",
        }
        return f"{address}?{urlencode(query)}"

    def _verified(self, token: str, *, nonce: str = "", access_token: str = "") -> dict[str, Any]:
        """Return the claims of a token signed by the provider, for us, now."""
        decoded = self._decoded(token)
        options = {
            "iss": {"essential": True, "value": self.issuer},
            "aud": {"essential": True, "value": self.client_id},
            "sub": {"essential": True},
            "exp": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        params = {"nonce": nonce, "client_id": self.client_id, "access_token": access_token}
        claims = CodeIDToken(decoded.claims, decoded.header, options, params)
        try:
            claims.validate(leeway=LEEWAY)
        except (JoseError, ValueError) as error:
            raise Untrusted(f"id_token: {error}") from None
        return dict(decoded.claims)

    def _userinfo(self, access_token: str) -> dict[str, Any]:
        response = self._ask("GET", self._said("userinfo_endpoint"), token=access_token)
        if not response.headers.get("Content-Type", "").startswith("application/jwt"):
            raise Untrusted("userinfo is not signed")
        claims = self._decoded(response.text).claims
        audience = claims.get("aud", self.client_id)
        if claims.get("iss", self.issuer) != self.issuer:
            raise Untrusted("iss of userinfo")
        if self.client_id not in (audience if isinstance(audience, list) else [audience]):
            raise Untrusted("aud of userinfo")
        if "exp" in claims and float(claims["exp"]) < time.time() - LEEWAY:
            raise Untrusted("userinfo expired")
        return claims

    def _decoded(self, token: str) -> jwt.Token:
        try:
            try:
                return jwt.decode(token, self._keys(), algorithms=ALGORITHMS)
            except ValueError:
                # A key we do not know yet: the provider may have changed it.
                return jwt.decode(token, self._keys(KEYS_AT_MOST_EVERY), algorithms=ALGORITHMS)
        except (JoseError, ValueError, TypeError) as error:
            raise Untrusted(f"signature: {type(error).__name__}") from None

    def _keys(self, younger_than: float = KEPT_FOR) -> KeySet:
        return KeySet.import_key_set(self._get(self._said("jwks_uri"), younger_than))

    def _said(self, what: str) -> str:
        """Return one thing the provider's discovery document says."""
        document = self._get(f"{self.issuer}/.well-known/openid-configuration", KEPT_FOR)
        if document.get("issuer") != self.issuer or not isinstance(document.get(what), str):
            raise Untrusted(f"discovery: {what}")
        return str(document[what])

    def _get(self, address: str, younger_than: float) -> Any:
        at, kept = self._kept.get(address, (0.0, None))
        if kept is None or time.monotonic() - at > younger_than:
            kept = self._json(self._ask("GET", address))
            self._kept[address] = (time.monotonic(), kept)
        return kept

    def _post(self, address: str, form: dict[str, str]) -> Any:
        return self._json(self._ask("POST", address, form=form))

    @staticmethod
    def _json(response: httpx.Response) -> Any:
        try:
            found = response.json()
        except ValueError:
            raise Untrusted("not JSON") from None
        if not isinstance(found, dict):
            raise Untrusted("not an object")
        return found

    @staticmethod
    def _ask(method: str, address: str, *, form: dict[str, str] | None = None, token: str = "") -> httpx.Response:
        """Return the provider's answer; what redirects, fails, is late or is too long is not believed."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            with httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client:
                response = client.request(method, address, data=form, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Untrusted(f"unreachable: {type(error).__name__}") from None
        if response.status_code != httpx.codes.OK or len(response.content) > LARGEST_ANSWER:
            raise Untrusted(f"answer {response.status_code}")
        return response


def provider_of(settings: WebSettings) -> Provider | None:
    """Return the provider of this installation; None where it is not set, and nobody signs in by one."""
    if not (settings.oidc_issuer and settings.oidc_client_id and settings.oidc_client_secret):
        return None
    return Provider(
        issuer=settings.oidc_issuer.rstrip("/"),
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        name=settings.oidc_name,
        acr=settings.oidc_acr,
        base_url=settings.url.rstrip("/"),
    )
