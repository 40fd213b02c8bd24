"""Typed settings, demanded per process: what one needs and lacks stops its start with a sentence that names it.

They are read from the section [app:main] of an ini file; an environment variable of the table below goes before the
file. Secrets and addresses that hold a password come from the environment and are never shown.
"""

from __future__ import annotations

import base64
import configparser
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit

from baseline.weather.services.calls import Services
from billing.chorus.access import Access
from foundation.errors import Refusal
from foundation.mail.headers import ADDRESS
from foundation.mail.smtp import Relay, relay_of

if TYPE_CHECKING:
    from devices.dialects.listening import Listening

SECTION = "app:main"
LANGUAGES = ("fr", "en")
MAX_INGEST_PROCESSES = 64


class Mode(StrEnum):
    """What the installation is for; only production forbids setting the clock (truth 13)."""

    PRODUCTION = "production"
    DEMONSTRATION = "demonstration"
    TEST = "test"

    @property
    def clock_settable(self) -> bool:
        """Whether another day than the machine's may be believed."""
        return self is not Mode.PRODUCTION


@dataclass(frozen=True, slots=True)
class Listen:
    """Where the web server listens; port 0 lets the system choose one."""

    host: str
    port: int


Parser = Callable[[str], Any]


def _url(*schemes: str) -> Parser:
    def parse(text: str) -> str:
        if urlsplit(text).scheme.partition("+")[0] not in schemes:
            raise ValueError
        return text

    return parse


def _listen(text: str) -> Listen:
    host, _, port = text.rpartition(":")
    if not host or not 0 <= int(port) <= 65535:
        raise ValueError
    return Listen(host.strip("[]"), int(port))


def _secret(text: str) -> str:
    if len(text) < 32:
        raise ValueError
    return text


def _seed(text: str) -> str:
    if len(base64.b64decode(text, validate=True)) != 32:
        raise ValueError
    return text


def _smtp_url(text: str) -> str:
    relay_of(text, "")
    return text


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text):
        raise ValueError
    return text


def _listening(text: str) -> Listening:
    from devices.dialects.listening import Listening  # noqa: PLC0415 - dialects are dear to load, and ingest's alone

    try:
        return Listening.parse(text)
    except Refusal:
        raise ValueError(text) from None


def _key(text: str) -> str:
    # It stands in a header: one line of visible signs.
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError
    return text


def _processes(text: str) -> int:
    if not 1 <= int(text) <= MAX_INGEST_PROCESSES:
        raise ValueError(text)
    return int(text)


SECOND_FACTOR = {
    "optional": frozenset[str](),
    "operators": frozenset({"operator"}),
    "everyone": frozenset({"operator", "technician", "shareholder", "guest"}),
}
"""Who must have one, by what the setting says."""


def _second_factor(text: str) -> frozenset[str]:
    if text not in SECOND_FACTOR:
        raise ValueError(text)
    return SECOND_FACTOR[text]


def _languages(text: str) -> tuple[str, ...]:
    languages = tuple(text.split())
    if not languages or not set(languages) <= set(LANGUAGES):
        raise ValueError
    return languages


@dataclass(frozen=True, slots=True)
class _Source:
    """Where one setting is written, how it is read, and what to write there."""

    key: str
    variable: str
    parse: Parser
    expected: str
    default: str = ""
    optional: bool = False
    """Without it a process starts all the same, with None, and says what it cannot do."""
    environment_only: bool = False
    """It is never read from the file: a credential of somebody else's service."""


_database = _url("postgresql", "postgres")
_AN_ADDRESS = "une adresse postgresql://utilisateur:motdepasse@hôte/base"
_ADMINISTRATOR = _Source("database.administrator_url", "DATABASE_URL", _database, _AN_ADDRESS)
_OWNER = _Source("database.owner_url", "FLEET_DATABASE_OWNER_URL", _database, _AN_ADDRESS)
_WEB = _Source("database.web_url", "FLEET_DATABASE_WEB_URL", _database, _AN_ADDRESS)
_WORKER = _Source("database.worker_url", "FLEET_DATABASE_WORKER_URL", _database, _AN_ADDRESS)
_INGEST = _Source("database.ingest_url", "FLEET_DATABASE_INGEST_URL", _database, _AN_ADDRESS)
_SOURCES = {
    "administrator_url": _ADMINISTRATOR,
    "owner_url": _OWNER,
    "web_url": _WEB,
    "worker_url": _WORKER,
    "ingest_url": _INGEST,
    "owner.database_url": _OWNER,
    "web.database_url": _WEB,
    "worker.database_url": _WORKER,
    "ingest.database_url": _INGEST,
    "mqtt_url": _Source(
        "mqtt.url", "MQTT_URL", _url("mqtt", "mqtts"), "une adresse mqtt://utilisateur:motdepasse@hôte:port"
    ),
    "provisioning_url": _Source(
        "mqtt.provisioning_url",
        "FLEET_PROVISIONING_MQTT_URL",
        _url("mqtt", "mqtts"),
        "une adresse mqtt://utilisateur:motdepasse@hôte:port",
        optional=True,
    ),
    "mqtt_listen": _Source(
        "mqtt.listen", "FLEET_MQTT_LISTEN", _listen, "une adresse et un port, par exemple 0.0.0.0:8883", optional=True
    ),
    "mqtt_certificate": _Source(
        "mqtt.certificate", "FLEET_MQTT_CERTIFICATE", Path, "le fichier PEM du certificat", optional=True
    ),
    "mqtt_key": _Source("mqtt.key", "FLEET_MQTT_KEY", Path, "le fichier PEM de sa clé", optional=True),
    "broker_url": _Source(
        "broker.url", "BROKER_URL", _url("redis", "rediss", "amqp", "amqps"), "une adresse redis+socket:// ou amqp://"
    ),
    "secret": _Source("web.secret", "FLEET_WEB_SECRET", _secret, "au moins 32 caractères tirés au hasard"),
    "listen": _Source("web.listen", "FLEET_WEB_LISTEN", _listen, "une adresse et un port, par exemple 127.0.0.1:6543"),
    "url": _Source("web.url", "FLEET_WEB_URL", _url("http", "https"), "l'adresse que l'on écrit dans un navigateur"),
    "smtp_url": _Source(
        "mail.smtp_url",
        "FLEET_SMTP_URL",
        _smtp_url,
        "une adresse smtp://utilisateur:motdepasse@hôte:port?starttls ou smtps:// (jamais de mot de passe en clair)",
        optional=True,
    ),
    "mail_sender": _Source(
        "mail.sender", "FLEET_MAIL_SENDER", _address, "l'adresse électronique qui signe les lettres", optional=True
    ),
    "signing_key": _Source(
        "evidence.signing_key",
        "FLEET_SIGNING_KEY",
        _seed,
        "32 octets tirés au hasard, en base64 (fleet billing new-key)",
    ),
    "dpclim_url": _Source(
        "weather.dpclim_url",
        "FLEET_DPCLIM_URL",
        _url("http", "https"),
        "l'adresse de l'API DPClim de Météo-France, jusqu'à /v1",
        optional=True,
    ),
    "dpclim_key": _Source(
        "weather.dpclim_key", "FLEET_DPCLIM_KEY", _key, "la clé (apikey) du portail de Météo-France", optional=True
    ),
    "weather_files_url": _Source(
        "weather.files_url",
        "FLEET_WEATHER_FILES_URL",
        _url("http", "https"),
        "l'adresse des fichiers ouverts de Météo-France, jusqu'à /BASE",
        optional=True,
    ),
    "open_meteo_url": _Source(
        "weather.open_meteo_url",
        "FLEET_OPEN_METEO_URL",
        _url("http", "https"),
        "l'adresse de l'archive d'Open-Meteo, jusqu'à /v1/archive",
        optional=True,
    ),
    "chorus_api_url": _Source(
        "chorus.api_url",
        "FLEET_CHORUS_API_URL",
        _url("http", "https"),
        "l'adresse de l'API de Chorus Pro, jusqu'à /cpro",
        optional=True,
        environment_only=True,
    ),
    "chorus_token_url": _Source(
        "chorus.token_url",
        "FLEET_CHORUS_TOKEN_URL",
        _url("http", "https"),
        "l'adresse des jetons de PISTE, jusqu'à /api/oauth/token",
        optional=True,
        environment_only=True,
    ),
    "chorus_client_id": _Source(
        "chorus.client_id",
        "FLEET_CHORUS_CLIENT_ID",
        _key,
        "l'identifiant de l'application PISTE",
        optional=True,
        environment_only=True,
    ),
    "chorus_client_secret": _Source(
        "chorus.client_secret",
        "FLEET_CHORUS_CLIENT_SECRET",
        _key,
        "le secret de l'application PISTE",
        optional=True,
        environment_only=True,
    ),
    "chorus_login": _Source(
        "chorus.login",
        "FLEET_CHORUS_LOGIN",
        _key,
        "le compte technique de Chorus Pro",
        optional=True,
        environment_only=True,
    ),
    "chorus_password": _Source(
        "chorus.password",
        "FLEET_CHORUS_PASSWORD",
        str,
        "le mot de passe du compte technique de Chorus Pro",
        optional=True,
        environment_only=True,
    ),
    "mode": _Source("mode", "FLEET_MODE", Mode, "production, demonstration ou test"),
    "listening": _Source(
        "ingest.dialects",
        "FLEET_INGEST_DIALECTS",
        _listening,
        "all, ou des formats séparés par des blancs, chacun suivi de son préfixe s'il en a un : « spl"
        " zigbee2mqtt=ecoles/+ » (« fleet devices decode --help » les nomme)",
        default="all",
    ),
    "ingest_processes": _Source(
        "ingest.processes",
        "FLEET_INGEST_PROCESSES",
        _processes,
        f"un nombre de 1 à {MAX_INGEST_PROCESSES}",
        default="1",
    ),
    "second_factor": _Source(
        "accounts.second_factor",
        "FLEET_SECOND_FACTOR",
        _second_factor,
        "optional, operators ou everyone",
        optional=True,
    ),
    "oidc_issuer": _Source(
        "oidc.issuer",
        "FLEET_OIDC_ISSUER",
        _url("http", "https"),
        "l'adresse du fournisseur d'identité, celle qui précède /.well-known/openid-configuration",
        optional=True,
    ),
    "oidc_client_id": _Source(
        "oidc.client_id",
        "FLEET_OIDC_CLIENT_ID",
        _key,
        "l'identifiant que le fournisseur a donné à cette installation",
        optional=True,
    ),
    "oidc_client_secret": _Source(
        "oidc.client_secret",
        "FLEET_OIDC_CLIENT_SECRET",
        _key,
        "le secret que le fournisseur a donné à cette installation",
        optional=True,
    ),
    "oidc_name": _Source("oidc.name", "FLEET_OIDC_NAME", str, "le nom du fournisseur d'identité", default="ProConnect"),
    "oidc_acr": _Source("oidc.acr", "FLEET_OIDC_ACR", str, "le niveau demandé (acr_values)", default="eidas1"),
    "tiles_url": _Source(
        "web.tiles_url",
        "FLEET_TILES_URL",
        _url("http", "https"),
        "l'adresse des tuiles de la carte, avec {z}, {x} et {y}",
        optional=True,
    ),
    "tiles_credit": _Source(
        "web.tiles_credit", "FLEET_TILES_CREDIT", str, "ce que demande qui fait la carte", default="© IGN"
    ),
    "languages": _Source("languages", "FLEET_LANGUAGES", _languages, "fr, en, ou les deux : « fr en »"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AdministratorSettings:
    """What making the database and its roles needs: who may, and how each role will sign in."""

    administrator_url: str = field(repr=False)
    owner_url: str = field(repr=False)
    web_url: str = field(repr=False)
    worker_url: str = field(repr=False)
    ingest_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Process:
    """What every process of ours needs."""

    database_url: str = field(repr=False)
    mode: Mode

    @property
    def clock_settable(self) -> bool:
        """Whether another day than the machine's may be believed."""
        return self.mode.clock_settable


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerSettings(_Process):
    """What migrations need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings(_Process):
    """What the web process needs."""

    broker_url: str = field(repr=False)
    provisioning_url: str | None = field(default=None, repr=False)
    """The MQTT broker's administrator, who makes accounts for devices; without it they are made by hand."""
    secret: str = field(repr=False)
    listen: Listen
    url: str
    languages: tuple[str, ...]
    tiles_url: str | None = None
    """Where the ground of the map comes from; without it marks stand on a blank one."""
    tiles_credit: str = ""
    chorus_api_url: str | None = None
    """Only whether, and where, the worker deposits: the web process knows no credential of it."""
    second_factor: frozenset[str] | None = None
    """Roles that must have one; None where nothing is set."""
    oidc_issuer: str | None = None
    """The provider of identities; without it, or without what it gave us, nobody signs in by it."""
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = field(default=None, repr=False)
    oidc_name: str = "ProConnect"
    oidc_acr: str = "eidas1"

    @property
    def host(self) -> str:
        """The name readers type."""
        return urlsplit(self.url).hostname or ""

    def demands_second_factor(self, role: str) -> bool:
        """Whether `role` may not sign in without one: the SPL's people in production, unless something else is set."""
        if self.second_factor is None:
            return self.mode is Mode.PRODUCTION and role == "operator"
        return role in self.second_factor


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings(_Process):
    """What the worker and its schedule need; `url` is what its letters and documents point to."""

    broker_url: str = field(repr=False)
    provisioning_url: str | None = field(repr=False)
    url: str
    languages: tuple[str, ...]
    signing_key: str = field(repr=False)
    smtp_url: str | None = field(repr=False)
    mail_sender: str | None
    dpclim_url: str | None = None
    dpclim_key: str | None = field(default=None, repr=False)
    weather_files_url: str | None = None
    open_meteo_url: str | None = None
    chorus_api_url: str | None = None
    chorus_token_url: str | None = None
    chorus_client_id: str | None = field(default=None, repr=False)
    chorus_client_secret: str | None = field(default=None, repr=False)
    chorus_login: str | None = field(default=None, repr=False)
    chorus_password: str | None = field(default=None, repr=False)

    @property
    def chorus(self) -> Access | None:
        """Where Chorus Pro is and who signs in; None where nothing is said of it.

        Refuses what is said by half, and the real portal anywhere but in production: what a demonstration or a test
        invents must never reach a public body.
        """
        told = {name: getattr(self, name) or "" for name in _CHORUS}
        if not any(told.values()):
            return None
        if missing := [_SOURCES[name].variable for name, value in told.items() if not value]:
            raise Refusal(
                "Chorus Pro est réglé à moitié : il manque {variables} ; donnez-les, ou retirez toutes les autres.",
                variables=", ".join(missing),
            )
        access = Access(**{name.removeprefix("chorus_"): value for name, value in told.items()})
        if access.real and self.mode is not Mode.PRODUCTION:
            raise Refusal(
                "{variable} est le vrai Chorus Pro et ce serveur n'est pas en production : donnez la qualification.",
                variable=_SOURCES["chorus_api_url"].variable,
            )
        return access

    @property
    def weather(self) -> Services:
        """Where weather services are; those without an address, and DPClim without a key, are not asked."""
        return Services(
            (self.dpclim_url or "").rstrip("/") or None,
            self.dpclim_key,
            (self.weather_files_url or "").rstrip("/") or None,
            self.open_meteo_url,
        )

    @property
    def relay(self) -> Relay | None:
        """Where letters are handed over; None where no server is set, and they wait."""
        if self.smtp_url is None or self.mail_sender is None:
            return None
        return relay_of(self.smtp_url, self.mail_sender)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings(_Process):
    """What the ingest process needs."""

    mqtt_url: str = field(repr=False)
    listening: Listening


_CHORUS = (
    "chorus_api_url",
    "chorus_token_url",
    "chorus_client_id",
    "chorus_client_secret",
    "chorus_login",
    "chorus_password",
)
_PROCESSES: dict[str, type[Any]] = {
    "administrator": AdministratorSettings,
    "owner": OwnerSettings,
    "web": WebSettings,
    "worker": WorkerSettings,
    "ingest": IngestSettings,
}


def ini_path(environ: Mapping[str, str]) -> Path:
    """Return the ini file to read: `FLEET_INI`, or development.ini where the command runs."""
    return Path(environ.get("FLEET_INI", "development.ini"))


@overload
def settings_for(
    process: Literal["administrator"], ini: Path | None = None, environ: Mapping[str, str] | None = None
) -> AdministratorSettings: ...
@overload
def settings_for(
    process: Literal["owner"], ini: Path | None = None, environ: Mapping[str, str] | None = None
) -> OwnerSettings: ...
@overload
def settings_for(
    process: Literal["web"], ini: Path | None = None, environ: Mapping[str, str] | None = None
) -> WebSettings: ...
@overload
def settings_for(
    process: Literal["worker"], ini: Path | None = None, environ: Mapping[str, str] | None = None
) -> WorkerSettings: ...
@overload
def settings_for(
    process: Literal["ingest"], ini: Path | None = None, environ: Mapping[str, str] | None = None
) -> IngestSettings: ...
def settings_for(process: str, ini: Path | None = None, environ: Mapping[str, str] | None = None) -> Any:
    """Return the settings of `process`, complete and typed, from `ini` and `environ` or from where the command runs.

    Raises:
        Refusal: the file cannot be read, or one setting is missing or wrong; the sentence names it.

    """
    environ = os.environ if environ is None else environ
    ini = ini or ini_path(environ)
    written = _written_in(ini)
    return _PROCESSES[process](
        **{name: _value(source, ini, written, environ) for name, source in _sources_of(process).items()}
    )


def mode_of(ini: Path, environ: Mapping[str, str]) -> Mode:
    """Return what this installation is for, whatever the process."""
    mode: Mode = _value(_SOURCES["mode"], ini, _written_in(ini), environ)
    return mode


def ingest_processes(ini: Path, environ: Mapping[str, str]) -> int:
    """Return how many ingest processes share the messages."""
    number: int = _value(_SOURCES["ingest_processes"], ini, _written_in(ini), environ)
    return number


def mqtt_outside(ini: Path, environ: Mapping[str, str]) -> tuple[Listen, Path, Path] | None:
    """Return where the private broker listens with TLS, its certificate and its key; None where it does not.

    Raises:
        Refusal: one of the three is given and another is not.

    """
    written = _written_in(ini)
    listen, certificate, key = (
        _value(_SOURCES[name], ini, written, environ) for name in ("mqtt_listen", "mqtt_certificate", "mqtt_key")
    )
    if listen is None and certificate is None and key is None:
        return None
    if listen is None or certificate is None or key is None:
        raise Refusal(
            "Pour que le courtier MQTT privé écoute en TLS, donnez les trois réglages mqtt.listen, mqtt.certificate et"
            " mqtt.key, ou aucun."
        )
    return listen, certificate, key


def variables_of(process: str) -> tuple[str, ...]:
    """Return the environment variables `process` reads, so that it can be given these and no other secret."""
    return tuple(source.variable for source in _sources_of(process).values())


def all_variables() -> frozenset[str]:
    """Return every environment variable some process reads."""
    return frozenset(source.variable for source in _SOURCES.values())


def _sources_of(process: str) -> dict[str, _Source]:
    names = [field.name for field in fields(_PROCESSES[process])]
    return {name: _SOURCES.get(f"{process}.{name}") or _SOURCES[name] for name in names}


def _written_in(ini: Path) -> Mapping[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(ini.read_text("utf-8"))
    except OSError:
        raise Refusal(
            "Le fichier de réglages « {ini} » ne se lit pas ; lancez la commande là où il se trouve, ou donnez "
            "son chemin dans la variable FLEET_INI.",
            ini=ini,
        ) from None
    except (configparser.Error, UnicodeDecodeError) as error:
        raise Refusal(
            "Le fichier de réglages « {ini} » est mal écrit ({error}) ; corrigez-le.", ini=ini, error=error
        ) from None
    if not parser.has_section(SECTION):
        raise Refusal(
            "Le fichier de réglages « {ini} » n'a pas de partie [{SECTION}] ; ajoutez-la.", ini=ini, SECTION=SECTION
        )
    return parser[SECTION]


def _value(source: _Source, ini: Path, written: Mapping[str, str], environ: Mapping[str, str]) -> Any:
    from_file = "" if source.environment_only else written.get(source.key, "")
    text = environ.get(source.variable, "") or from_file or source.default
    if not text and source.optional:
        return None
    if not text:
        raise Refusal(
            "Il manque le réglage {key} : écrivez-le dans « {ini} » ou donnez la variable {variable} ; il faut "
            "{expected}.",
            key=source.key,
            ini=ini,
            variable=source.variable,
            expected=source.expected,
        )
    try:
        return source.parse(text)
    except ValueError:
        where = f"la variable {source.variable}" if environ.get(source.variable) else f"« {ini} »"
        raise Refusal(
            "Le réglage {key}, donné par {where}, n'est pas ce qui est attendu ; il faut {expected}.",
            key=source.key,
            where=where,
            expected=source.expected,
        ) from None
