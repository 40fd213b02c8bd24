"""Typed settings, demanded per process: what one needs and lacks stops its start with a sentence that names it.

They are read from the section [app:main] of an ini file; an environment variable of the table below goes before the
file. Secrets and addresses that hold a password come from the environment and are never shown.
"""

from __future__ import annotations

import configparser
import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload
from urllib.parse import urlsplit

from baseline.weather.services.calls import Services
from billing.chorus.access import Access
from fleet.setting_table import SOURCES, Source
from fleet.setting_values import Listen, Mode
from foundation.errors import Refusal
from foundation.mail.smtp import Relay, relay_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from devices.dialects.listening import Listening

SECTION = "app:main"


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
    enedis_folder: Path | None = None
    """Where files of Enedis are dropped; without it nobody looks for any."""
    enedis_keys: Path | None = None
    """The file of the keys they are encrypted with; read when needed, so that a key may be added meanwhile."""
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
        if missing := [SOURCES[name].variable for name, value in told.items() if not value]:
            raise Refusal(
                "Chorus Pro est réglé à moitié : il manque {variables} ; donnez-les, ou retirez toutes les autres.",
                variables=", ".join(missing),
            )
        access = Access(**{name.removeprefix("chorus_"): value for name, value in told.items()})
        if access.real and self.mode is not Mode.PRODUCTION:
            raise Refusal(
                "{variable} est le vrai Chorus Pro et ce serveur n'est pas en production : donnez la qualification.",
                variable=SOURCES["chorus_api_url"].variable,
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
    mode: Mode = _value(SOURCES["mode"], ini, _written_in(ini), environ)
    return mode


def ingest_processes(ini: Path, environ: Mapping[str, str]) -> int:
    """Return how many ingest processes share the messages."""
    number: int = _value(SOURCES["ingest_processes"], ini, _written_in(ini), environ)
    return number


def mqtt_outside(ini: Path, environ: Mapping[str, str]) -> tuple[Listen, Path, Path] | None:
    """Return where the private broker listens with TLS, its certificate and its key; None where it does not.

    Raises:
        Refusal: one of the three is given and another is not.

    """
    written = _written_in(ini)
    listen, certificate, key = (
        _value(SOURCES[name], ini, written, environ) for name in ("mqtt_listen", "mqtt_certificate", "mqtt_key")
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
    return frozenset(source.variable for source in SOURCES.values())


def _sources_of(process: str) -> dict[str, Source]:
    names = [field.name for field in fields(_PROCESSES[process])]
    return {name: SOURCES.get(f"{process}.{name}") or SOURCES[name] for name in names}


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


def _value(source: Source, ini: Path, written: Mapping[str, str], environ: Mapping[str, str]) -> Any:
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
