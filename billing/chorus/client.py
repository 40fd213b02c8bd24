"""Chorus Pro over PISTE: one call each for what this room asks, in the documented shapes.

Every call is a POST of JSON with the token of the PISTE application and the technical account; `codeRetour` other than
0 is a refusal even under HTTP 200. Who calls learns three things apart: the answer, that it may be asked again later
(and whether the request may have been carried out all the same), or that asking again is of no use.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import httpx

from billing.chorus.rules import DELETED, canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from billing.chorus.access import Access

FACTUR_X: Final = "IN_DP_E2_CII_FACTURX"
LARGEST_ANSWER: Final = 10_000_000
TIMEOUT: Final = 15.0
"""Seconds without a byte."""
DEADLINE: Final = 40.0
"""Seconds for a whole answer, less than the lease of the job that waits for it."""
EARLY: Final = 60.0
"""Seconds before its end a token is no longer used."""
PARIS: Final = ZoneInfo("Europe/Paris")


class NoAnswer(Exception):  # noqa: N818 - it says what happened
    """Try again later; `reached` where the request may have been carried out, `wait` where a pause is asked for."""

    def __init__(self, sentence: str, *, reached: bool = True, wait: float = 0.0) -> None:
        """Keep why."""
        super().__init__(sentence)
        self.sentence = sentence
        self.reached = reached
        self.wait = wait


class Denied(Exception):  # noqa: N818 - it says what happened
    """Refused, and it would be again; `access` where it is who asks, and not what, that is refused."""

    def __init__(self, sentence: str, *, access: bool = False) -> None:
        """Keep why."""
        super().__init__(sentence)
        self.sentence = sentence
        self.access = access


class Report(NamedTuple):
    """The report on a flux (compte rendu): its state and, by invoice number, why what it holds was refused."""

    state: str
    errors: tuple[tuple[str, str], ...]

    @property
    def reason(self) -> str:
        """All reasons in one line."""
        return " ; ".join(dict.fromkeys(sentence for _, sentence in self.errors if sentence))


class Found(NamedTuple):
    """An invoice the portal knows."""

    remote_id: int
    number: str
    flux: str
    gross: Decimal | None
    status: str
    status_at: dt.datetime | None
    deposited_on: dt.date | None
    comment: str


class Said(NamedTuple):
    """One status of an invoice's history."""

    code: str
    at: dt.datetime
    comment: str


class Service(NamedTuple):
    """A service of a structure that invoices may be addressed to."""

    code: str
    name: str
    active: bool
    commitment_required: bool


class Structure(NamedTuple):
    """What a public structure asks of invoices sent to it."""

    name: str
    service_code_required: bool
    commitment_required: bool
    one_of_both_required: bool
    payment_told: bool
    services: tuple[Service, ...]


class Chorus:
    """Chorus Pro as seen from one process: its token and its pauses are kept in memory."""

    def __init__(self, access: Access) -> None:
        """Know the way; nothing is asked yet."""
        self.access = access
        self._token = ""
        self._token_until = 0.0
        self._silent_until = 0.0

    def deposit(self, name: str, content: bytes) -> tuple[str, dt.date | None]:
        """Deposit a Factur-X; return its flux number and the day the portal says (deposerFluxFacture)."""
        told = self._call(
            "/factures/v1/deposer/flux",
            {
                "fichierFlux": base64.b64encode(content).decode(),
                "nomFichier": name,
                "syntaxeFlux": FACTUR_X,
                "avecSignature": False,
            },
        )
        flux = _text(told.get("numeroFluxDepot"))
        if not flux:
            # It said yes and gave no number: whoever asks next asks by the invoice's number.
            raise NoAnswer("Chorus Pro n'a pas donné de numéro de flux")
        instant = _instant(told.get("dateDepot"))
        return flux, instant.astimezone(PARIS).date() if instant else None

    def report(self, flux: str) -> Report:
        """Return the report on a flux (consulterCRDetaille)."""
        told = self._call("/transverses/v1/consulterCRDetaille", {"numeroFluxDepot": flux, "syntaxeFlux": FACTUR_X})
        errors = [
            (_text(one.get("numeroDP")), _text(one.get("libelleErreurDP"))) for one in _rows(told.get("listeErreurDP"))
        ] + [
            ("", " ".join(filter(None, (_text(one.get("codeErreur")), _text(one.get("libelleErreur"))))))
            for one in _rows(told.get("listeErreurTechnique"))
        ]
        return Report(canonical(_text(told.get("etatCourantDepotFlux"))), tuple(errors))

    def find(self, *, number: str) -> list[Found]:
        """Return the invoices of ours the portal knows under `number` (rechercherFactureParFournisseur)."""
        told = self._call(
            "/factures/v1/rechercher/fournisseur",
            {
                "numeroFacture": number,
                "rechercheFactureParFournisseur": {"pageResultatDemandee": 1, "nbResultatsParPage": 50},
            },
        )
        found = []
        for one in _rows(told.get("listeFactures")):
            # The search may find numbers that only begin alike; what was deleted is no invoice any more.
            if canonical(_text(one.get("statut"))) == DELETED:
                continue
            if _text(one.get("numeroFacture")) == number and isinstance(one.get("identifiantFactureCPP"), int):
                deposited = _instant(one.get("dateDepot"))
                found.append(
                    Found(
                        one["identifiantFactureCPP"],
                        number,
                        _text(one.get("numeroFluxDepot")),
                        _money(one.get("montantTTC")),
                        canonical(_text(one.get("statut"))),
                        _instant(one.get("dateHeureEtatCourant")),
                        deposited.astimezone(PARIS).date() if deposited else None,
                        _text(one.get("commentaireEtatCourant")),
                    )
                )
        return found

    def history(self, remote_id: int) -> tuple[str, list[Said]]:
        """Return the status of an invoice and all it went through (consulterHistoriqueFacture)."""
        told = self._call("/factures/v1/consulter/historique", {"idFacture": remote_id})
        listed = told.get("historiquesDesStatuts")
        rows = listed.get("histoStatut") if isinstance(listed, dict) else listed
        said = []
        for one in _rows(rows):
            at = _instant(one.get("histoStatutDatePassage"))
            code = canonical(_text(one.get("histoStatutCode")))
            if at is not None and code:
                said.append(Said(code, at, _text(one.get("histoStatutCommentaire"))))
        said.sort(key=lambda one: one.at)
        return canonical(_text(told.get("statutCourantCode"))), said

    def structure(self, siret: str) -> Structure | None:
        """Return what the structure of `siret` asks and its services; None where the portal does not know it."""
        told = self._call(
            "/structures/v1/rechercher",
            {"structure": {"identifiantStructure": siret, "typeIdentifiantStructure": "SIRET"}},
        )
        listed = [one for one in _rows(told.get("listeStructures")) if isinstance(one.get("idStructureCPP"), int)]
        if not listed:
            return None
        number = listed[0]["idStructureCPP"]
        detail = self._call("/structures/v1/consulter", {"idStructureCPP": number, "codeLangue": "fr"})
        rules = detail.get("parametres") or {}
        services = self._call("/structures/v1/rechercher/services", {"idStructure": number})
        return Structure(
            name=_text(listed[0].get("designationStructure")),
            service_code_required=rules.get("codeServiceDoitEtreRenseigne") is True,
            commitment_required=rules.get("numeroEJDoitEtreRenseigne") is True,
            one_of_both_required=rules.get("gestionNumeroEJOuCodeService") is True,
            payment_told=rules.get("statutMiseEnPaiementNestPasRemonte") is not True,
            services=tuple(
                self._service(number, one)
                for one in _rows(services.get("listeServices"))
                if _text(one.get("codeService"))
            ),
        )

    def _service(self, structure: int, listed: Mapping[str, Any]) -> Service:
        active = listed.get("estActif") is not False
        demanded = False
        if active:
            detail = self._call(
                "/structures/v1/consulter/service", {"idStructure": structure, "idService": listed.get("idService")}
            )
            demanded = (detail.get("parametres") or {}).get("numeroEngagement") is True
        return Service(_text(listed.get("codeService")), _text(listed.get("libelleService")), active, demanded)

    def _call(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Post `body`; a token that ran out meanwhile is renewed once."""
        for renewed in (False, True):
            status, told = self._exchange(
                self.access.api_url.rstrip("/") + path,
                content=json.dumps(body).encode(),
                headers={
                    "Authorization": f"Bearer {self._bearer()}",
                    "cpro-account": base64.b64encode(f"{self.access.login}:{self.access.password}".encode()).decode(),
                    "Content-Type": "application/json;charset=utf-8",
                },
            )
            if status == httpx.codes.UNAUTHORIZED and not renewed:
                self._token = ""
                continue
            break
        return _accepted(status, told)

    def _bearer(self) -> str:
        if self._token and time.monotonic() < self._token_until - EARLY:
            return self._token
        try:
            status, told = self._exchange(
                self.access.token_url,
                data={
                    "grant_type": "client_credentials",
                    "client_id": self.access.client_id,
                    "client_secret": self.access.client_secret,
                    "scope": "openid",
                },
            )
        except NoAnswer as no:
            raise NoAnswer(f"PISTE : {no.sentence}", reached=False, wait=no.wait) from None
        token = _text(told.get("access_token"))
        if status != httpx.codes.OK or not token:
            if status >= httpx.codes.INTERNAL_SERVER_ERROR:
                raise NoAnswer(f"PISTE est en panne ({status})", reached=False)
            # PISTE says 400 invalid_client for a secret that is wrong.
            raise Denied(
                f"PISTE refuse l'application ({status}) : vérifiez FLEET_CHORUS_CLIENT_ID et _SECRET", access=True
            )
        seconds = told.get("expires_in")
        self._token = token
        self._token_until = time.monotonic() + (float(seconds) if isinstance(seconds, int | float) else 300.0)
        return token

    def _exchange(self, url: str, **request: Any) -> tuple[int, Mapping[str, Any]]:
        """Make one request and return its status and its JSON, an empty one where there is none."""
        if (silent := self._silent_until - time.monotonic()) > 0:
            raise NoAnswer("Chorus Pro a demandé d'attendre", reached=False, wait=silent)
        began = time.monotonic()
        parts, size = [], 0
        try:
            # A redirection is no answer: it would carry the token to somebody else.
            with (
                httpx.Client(timeout=TIMEOUT, follow_redirects=False, trust_env=False) as client,
                client.stream("POST", url, **request) as response,
            ):
                for part in response.iter_bytes():
                    parts.append(part)
                    size += len(part)
                    if size > LARGEST_ANSWER or time.monotonic() - began > DEADLINE:
                        raise NoAnswer("la réponse est trop lente ou trop grande")
                status, headers = response.status_code, response.headers
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NoAnswer(f"Chorus Pro est injoignable ({type(error).__name__})", reached=False) from None
        except httpx.HTTPError as error:
            raise NoAnswer(f"Chorus Pro n'a pas répondu ({type(error).__name__})") from None
        if status in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE}:
            wait = _seconds(headers.get("Retry-After", ""))
            self._silent_until = time.monotonic() + wait
            # 429 is the gateway's, which forwarded nothing; 503 may come from behind it.
            reached = status == httpx.codes.SERVICE_UNAVAILABLE
            raise NoAnswer(f"Chorus Pro demande d'attendre ({status})", reached=reached, wait=wait)
        return status, _json(b"".join(parts))


def _accepted(status: int, told: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return `told` where the portal carried out what was asked."""
    said = _text(told.get("libelle")) or _text(told.get("message"))
    if status in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        raise Denied(
            f"Chorus Pro refuse le compte technique ({status}) : vérifiez FLEET_CHORUS_LOGIN, _PASSWORD et"
            " l'abonnement de l'application PISTE",
            access=True,
        )
    if status >= httpx.codes.INTERNAL_SERVER_ERROR or status == httpx.codes.REQUEST_TIMEOUT:
        raise NoAnswer(f"Chorus Pro est en panne ({status})")
    if status != httpx.codes.OK:
        raise Denied(f"Chorus Pro refuse ({status}) : {said}" if said else f"Chorus Pro refuse ({status})")
    if "codeRetour" not in told:
        raise NoAnswer("Chorus Pro a répondu autre chose que ce qui est documenté")
    if told["codeRetour"] != 0:
        raise Denied(f"{said or 'sans motif'} (code {told['codeRetour']})")
    return told


def _seconds(written: str) -> float:
    """Return the seconds of Retry-After, a minute where it gives none; never more than an hour."""
    return float(min(int(written), 3600)) if written.isascii() and written.isdigit() and len(written) < 9 else 60.0


def _json(content: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(content, parse_float=Decimal)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _rows(told: object) -> list[Mapping[str, Any]]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def _text(told: object) -> str:
    """Return one line of text, bounded; what is no text is none."""
    return " ".join(told.replace("\x00", "").split())[:1000] if isinstance(told, str) else ""


def _money(told: object) -> Decimal | None:
    try:
        return Decimal(str(told)).quantize(Decimal("0.01")) if told is not None else None
    except InvalidOperation:
        return None


def _instant(told: object) -> dt.datetime | None:
    """Return the instant of "2026-01-20", "2026-01-20 11:08" or ISO with an offset; without one it is of Paris."""
    if isinstance(told, int) and not isinstance(told, bool):
        return dt.datetime.fromtimestamp(told / 1000, dt.UTC) if 0 < told < 4_102_444_800_000 else None
    try:
        read = dt.datetime.fromisoformat(_text(told))
    except ValueError:
        return None
    return read.astimezone(dt.UTC) if read.tzinfo else read.replace(tzinfo=PARIS).astimezone(dt.UTC)
