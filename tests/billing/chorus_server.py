"""Chorus Pro on this machine: answers in the documented shapes, and goes wrong in every way the real one does."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from billing.chorus.access import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SECRET, PASSWORD = "secret-de-piste", "mot de passe"
ACCOUNT = base64.b64encode(f"TECH_1@cpro.fr:{PASSWORD}".encode()).decode()


class ChorusServer:
    """What it was sent, what it knows, and what goes wrong next (path, then a fault that takes the handler)."""

    def __init__(self) -> None:
        """Know nothing."""
        self.asked: list[str] = []
        self.tokens = 0
        self.valid_tokens: set[str] = set()
        self.token_seconds = 3600
        self.fluxes: dict[str, dict[str, Any]] = {}
        """By flux number: name of the file, its state, its errors."""
        self.invoices: dict[str, dict[str, Any]] = {}
        """By invoice number: what the search and the history say."""
        self.gross: dict[str, float] = {}
        """What the file of an invoice number says: the server does not read PDFs."""
        self.structures: dict[str, dict[str, Any]] = {}
        self.wrong: list[tuple[str, Callable[[Any], tuple[int, Any, dict[str, str]] | None]]] = []
        self.url = ""

    @property
    def access(self) -> Access:
        """Return how to reach it."""
        return Access(
            f"{self.url}/api/oauth/token", f"{self.url}/cpro", "application", SECRET, "TECH_1@cpro.fr", PASSWORD
        )

    @property
    def deposits(self) -> int:
        """How many files were taken."""
        return len(self.fluxes)

    def integrate(self) -> None:
        """Do what the portal does some minutes after a deposit: what is sound becomes an invoice, once a number."""
        for flux, held in self.fluxes.items():
            if held["state"] == "IN_INTEGRE" or held["state"] == "IN_REJETE":
                continue
            number = held["name"].removesuffix(".pdf")
            if number in self.invoices:
                held["errors"] = [{"numeroDP": number, "libelleErreurDP": "Facture en doublon (D-CPP-006)"}]
            if held["errors"]:
                held["state"] = "IN_REJETE"
                continue
            held["state"] = "IN_INTEGRE"
            self.invoices[number] = {
                "identifiantFactureCPP": 8316845 + len(self.invoices),
                "numeroFacture": number,
                "numeroFluxDepot": flux,
                "montantTTC": self.gross.get(number, 443.48),
                "dateDepot": "2026-01-21",
                "history": [],
            }
            self.say(number, "DEPOSEE", "2026-01-21 10:00")

    def say(self, number: str, code: str, at: str, comment: str = "") -> None:
        """Let an invoice pass to another status."""
        known = self.invoices[number]
        known["statut"], known["commentaireEtatCourant"] = code, comment
        row = {"histoStatutId": len(known["history"]) + 1, "histoStatutCode": code, "histoStatutDatePassage": at}
        known["history"].insert(0, row | ({"histoStatutCommentaire": comment} if comment else {}))

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, Any, dict[str, str]]:
        """Return status, JSON and headers."""
        self.asked.append(path)
        for place, (wanted, fault) in enumerate(self.wrong):
            if path.endswith(wanted):
                del self.wrong[place]
                if (answered := fault(lambda: self._truth(path, headers, body))) is not None:
                    return answered
                break
        return self._truth(path, headers, body)

    def _truth(self, path: str, headers: Any, body: bytes) -> tuple[int, Any, dict[str, str]]:
        if path == "/api/oauth/token":
            return self._token(body)
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.valid_tokens:
            return 401, {"error": "invalid_token"}, {}
        if headers.get("cpro-account") != ACCOUNT:
            return 403, {"libelle": "Compte technique inconnu"}, {}
        told = json.loads(body)
        done = {
            "/cpro/factures/v1/deposer/flux": self._deposit,
            "/cpro/transverses/v1/consulterCRDetaille": self._report,
            "/cpro/factures/v1/rechercher/fournisseur": self._search,
            "/cpro/factures/v1/consulter/historique": self._history,
            "/cpro/structures/v1/rechercher": self._structures,
            "/cpro/structures/v1/consulter": self._structure,
            "/cpro/structures/v1/rechercher/services": self._services,
            "/cpro/structures/v1/consulter/service": self._service,
        }.get(path)
        if done is None:
            return 404, {"libelle": "inconnu"}, {}
        return 200, {"codeRetour": 0, "libelle": "GCU_MSG_01_000"} | done(told), {}

    def _token(self, body: bytes) -> tuple[int, Any, dict[str, str]]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if form.get("client_secret") != SECRET or form.get("grant_type") != "client_credentials":
            return 400, {"error": "invalid_client"}, {}
        self.tokens += 1
        token = f"jeton-{self.tokens}"
        self.valid_tokens = {token}
        return 200, {"access_token": token, "token_type": "Bearer", "expires_in": self.token_seconds}, {}

    def _deposit(self, told: dict[str, Any]) -> dict[str, Any]:
        if told["syntaxeFlux"] != "IN_DP_E2_CII_FACTURX" or told["avecSignature"] is not False:
            return {"codeRetour": 20003, "libelle": "Syntaxe de flux inconnue"}
        if not base64.b64decode(told["fichierFlux"], validate=True).startswith(b"%PDF"):
            return {"codeRetour": 20004, "libelle": "Le fichier n'est pas un PDF"}
        flux = f"CPP{len(self.fluxes) + 425903:019d}"
        self.fluxes[flux] = {
            "name": told["nomFichier"],
            "state": "IN_DEPOT_PORTAIL_EN_ATTENTE_TRAITEMENT_SE_CPP",
            "errors": [],
        }
        return {"numeroFluxDepot": flux, "dateDepot": "2026-01-21", "syntaxeFlux": told["syntaxeFlux"]}

    def _report(self, told: dict[str, Any]) -> dict[str, Any]:
        held = self.fluxes.get(told["numeroFluxDepot"])
        if held is None:
            return {"codeRetour": 20006, "libelle": "Flux inconnu"}
        return {"etatCourantDepotFlux": held["state"], "listeErreurDP": held["errors"], "nomFichier": held["name"]}

    def _search(self, told: dict[str, Any]) -> dict[str, Any]:
        # As the real one, it also finds numbers that begin alike.
        return {
            "listeFactures": [one for number, one in self.invoices.items() if number.startswith(told["numeroFacture"])]
        }

    def _history(self, told: dict[str, Any]) -> dict[str, Any]:
        for known in self.invoices.values():
            if known["identifiantFactureCPP"] == told["idFacture"]:
                return {
                    "idFacture": told["idFacture"],
                    "numeroFacture": known["numeroFacture"],
                    "statutCourantCode": known["statut"],
                    "historiquesDesStatuts": {"histoStatut": known["history"]},
                }
        return {"codeRetour": 20007, "libelle": "Facture inconnue"}

    def _structures(self, told: dict[str, Any]) -> dict[str, Any]:
        siret = told["structure"]["identifiantStructure"]
        known = self.structures.get(siret)
        return {
            "listeStructures": [
                {"idStructureCPP": known["id"], "identifiantStructure": siret, "designationStructure": known["name"]}
            ]
            if known
            else []
        }

    def _by_id(self, number: int) -> dict[str, Any]:
        return next(one for one in self.structures.values() if one["id"] == number)

    def _structure(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"parametres": self._by_id(told["idStructureCPP"])["rules"]}

    def _services(self, told: dict[str, Any]) -> dict[str, Any]:
        return {
            "listeServices": [
                {"idService": place, "codeService": code, "libelleService": code.title(), "estActif": active}
                for place, (code, active, _) in enumerate(self._by_id(told["idStructure"])["services"])
            ]
        }

    def _service(self, told: dict[str, Any]) -> dict[str, Any]:
        return {"parametres": {"numeroEngagement": self._by_id(told["idStructure"])["services"][told["idService"]][2]}}


def says(status: int, body: Any = None, **headers: str) -> Callable[[Any], tuple[int, Any, dict[str, str]]]:
    """Return a fault that answers so and does nothing."""
    return lambda _truth: (status, {} if body is None else body, {k.replace("_", "-"): v for k, v in headers.items()})


def does_and_says(status: int) -> Callable[[Any], tuple[int, Any, dict[str, str]]]:
    """Return a fault that carries out what was asked, and answers as if it had not."""

    def fault(truth: Any) -> tuple[int, Any, dict[str, str]]:
        truth()
        return status, {}, {}

    return fault


def does_and_is_slow(seconds: float) -> Callable[[Any], tuple[int, Any, dict[str, str]]]:
    """Return a fault that carries out what was asked and takes its time to say so."""

    def fault(truth: Any) -> tuple[int, Any, dict[str, str]]:
        answered: tuple[int, Any, dict[str, str]] = truth()
        time.sleep(seconds)
        return answered

    return fault


@contextmanager
def chorus_server() -> Iterator[ChorusServer]:
    """Serve on a free port of loopback."""
    portal = ChorusServer()
    one_at_a_time = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            with one_at_a_time:
                status, told, headers = portal.answer(self.path, self.headers, body)
            content = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                # Who asked has hung up.
                self.close_connection = True

        def log_message(self, *_told: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    portal.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield portal
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
