"""The table of settings: where each is written, how it is read, and what to write there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from fleet.setting_values import (
    MAX_INGEST_PROCESSES,
    Mode,
    Parser,
    address_of,
    key_of,
    languages_of,
    listen_of,
    listening_of,
    processes_of,
    second_factor_of,
    secret_of,
    seed_of,
    smtp_url_of,
    url_of,
)


@dataclass(frozen=True, slots=True)
class Source:
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


_database = url_of("postgresql", "postgres")
_AN_ADDRESS = "une adresse postgresql://utilisateur:motdepasse@hôte/base"
_ADMINISTRATOR = Source("database.administrator_url", "DATABASE_URL", _database, _AN_ADDRESS)
_OWNER = Source("database.owner_url", "FLEET_DATABASE_OWNER_URL", _database, _AN_ADDRESS)
_WEB = Source("database.web_url", "FLEET_DATABASE_WEB_URL", _database, _AN_ADDRESS)
_WORKER = Source("database.worker_url", "FLEET_DATABASE_WORKER_URL", _database, _AN_ADDRESS)
_INGEST = Source("database.ingest_url", "FLEET_DATABASE_INGEST_URL", _database, _AN_ADDRESS)
SOURCES = {
    "administrator_url": _ADMINISTRATOR,
    "owner_url": _OWNER,
    "web_url": _WEB,
    "worker_url": _WORKER,
    "ingest_url": _INGEST,
    "owner.database_url": _OWNER,
    "web.database_url": _WEB,
    "worker.database_url": _WORKER,
    "ingest.database_url": _INGEST,
    "mqtt_url": Source(
        "mqtt.url", "MQTT_URL", url_of("mqtt", "mqtts"), "une adresse mqtt://utilisateur:motdepasse@hôte:port"
    ),
    "provisioning_url": Source(
        "mqtt.provisioning_url",
        "FLEET_PROVISIONING_MQTT_URL",
        url_of("mqtt", "mqtts"),
        "une adresse mqtt://utilisateur:motdepasse@hôte:port",
        optional=True,
    ),
    "mqtt_listen": Source(
        "mqtt.listen", "FLEET_MQTT_LISTEN", listen_of, "une adresse et un port, par exemple 0.0.0.0:8883", optional=True
    ),
    "mqtt_certificate": Source(
        "mqtt.certificate", "FLEET_MQTT_CERTIFICATE", Path, "le fichier PEM du certificat", optional=True
    ),
    "mqtt_key": Source("mqtt.key", "FLEET_MQTT_KEY", Path, "le fichier PEM de sa clé", optional=True),
    "broker_url": Source(
        "broker.url", "BROKER_URL", url_of("redis", "rediss", "amqp", "amqps"), "une adresse redis+socket:// ou amqp://"
    ),
    "secret": Source("web.secret", "FLEET_WEB_SECRET", secret_of, "au moins 32 caractères tirés au hasard"),
    "listen": Source("web.listen", "FLEET_WEB_LISTEN", listen_of, "une adresse et un port, par exemple 127.0.0.1:6543"),
    "url": Source("web.url", "FLEET_WEB_URL", url_of("http", "https"), "l'adresse que l'on écrit dans un navigateur"),
    "smtp_url": Source(
        "mail.smtp_url",
        "FLEET_SMTP_URL",
        smtp_url_of,
        "une adresse smtp://utilisateur:motdepasse@hôte:port?starttls ou smtps:// (jamais de mot de passe en clair)",
        optional=True,
    ),
    "mail_sender": Source(
        "mail.sender", "FLEET_MAIL_SENDER", address_of, "l'adresse électronique qui signe les lettres", optional=True
    ),
    "signing_key": Source(
        "evidence.signing_key",
        "FLEET_SIGNING_KEY",
        seed_of,
        "32 octets tirés au hasard, en base64 (fleet billing new-key)",
    ),
    "dpclim_url": Source(
        "weather.dpclim_url",
        "FLEET_DPCLIM_URL",
        url_of("http", "https"),
        "l'adresse de l'API DPClim de Météo-France, jusqu'à /v1",
        optional=True,
    ),
    "dpclim_key": Source(
        "weather.dpclim_key", "FLEET_DPCLIM_KEY", key_of, "la clé (apikey) du portail de Météo-France", optional=True
    ),
    "weather_files_url": Source(
        "weather.files_url",
        "FLEET_WEATHER_FILES_URL",
        url_of("http", "https"),
        "l'adresse des fichiers ouverts de Météo-France, jusqu'à /BASE",
        optional=True,
    ),
    "open_meteo_url": Source(
        "weather.open_meteo_url",
        "FLEET_OPEN_METEO_URL",
        url_of("http", "https"),
        "l'adresse de l'archive d'Open-Meteo, jusqu'à /v1/archive",
        optional=True,
    ),
    "enedis_folder": Source(
        "sources.enedis_folder",
        "FLEET_ENEDIS_FOLDER",
        Path,
        "le dossier où arrivent les fichiers d'Enedis",
        optional=True,
    ),
    "enedis_keys": Source(
        "sources.enedis_keys",
        "FLEET_ENEDIS_KEYS",
        Path,
        "le fichier des clés de déchiffrement d'Enedis, lisible du seul worker",
        optional=True,
        environment_only=True,
    ),
    "chorus_api_url": Source(
        "chorus.api_url",
        "FLEET_CHORUS_API_URL",
        url_of("http", "https"),
        "l'adresse de l'API de Chorus Pro, jusqu'à /cpro",
        optional=True,
        environment_only=True,
    ),
    "chorus_token_url": Source(
        "chorus.token_url",
        "FLEET_CHORUS_TOKEN_URL",
        url_of("http", "https"),
        "l'adresse des jetons de PISTE, jusqu'à /api/oauth/token",
        optional=True,
        environment_only=True,
    ),
    "chorus_client_id": Source(
        "chorus.client_id",
        "FLEET_CHORUS_CLIENT_ID",
        key_of,
        "l'identifiant de l'application PISTE",
        optional=True,
        environment_only=True,
    ),
    "chorus_client_secret": Source(
        "chorus.client_secret",
        "FLEET_CHORUS_CLIENT_SECRET",
        key_of,
        "le secret de l'application PISTE",
        optional=True,
        environment_only=True,
    ),
    "chorus_login": Source(
        "chorus.login",
        "FLEET_CHORUS_LOGIN",
        key_of,
        "le compte technique de Chorus Pro",
        optional=True,
        environment_only=True,
    ),
    "chorus_password": Source(
        "chorus.password",
        "FLEET_CHORUS_PASSWORD",
        str,
        "le mot de passe du compte technique de Chorus Pro",
        optional=True,
        environment_only=True,
    ),
    "mode": Source("mode", "FLEET_MODE", Mode, "production, demonstration ou test"),
    "listening": Source(
        "ingest.dialects",
        "FLEET_INGEST_DIALECTS",
        listening_of,
        "all, ou des formats séparés par des blancs, chacun suivi de son préfixe s'il en a un : « spl"
        " zigbee2mqtt=ecoles/+ » (« fleet devices decode --help » les nomme)",
        default="all",
    ),
    "ingest_processes": Source(
        "ingest.processes",
        "FLEET_INGEST_PROCESSES",
        processes_of,
        f"un nombre de 1 à {MAX_INGEST_PROCESSES}",
        default="1",
    ),
    "second_factor": Source(
        "accounts.second_factor",
        "FLEET_SECOND_FACTOR",
        second_factor_of,
        "optional, operators ou everyone",
        optional=True,
    ),
    "oidc_issuer": Source(
        "oidc.issuer",
        "FLEET_OIDC_ISSUER",
        url_of("http", "https"),
        "l'adresse du fournisseur d'identité, celle qui précède /.well-known/openid-configuration",
        optional=True,
    ),
    "oidc_client_id": Source(
        "oidc.client_id",
        "FLEET_OIDC_CLIENT_ID",
        key_of,
        "l'identifiant que le fournisseur a donné à cette installation",
        optional=True,
    ),
    "oidc_client_secret": Source(
        "oidc.client_secret",
        "FLEET_OIDC_CLIENT_SECRET",
        key_of,
        "le secret que le fournisseur a donné à cette installation",
        optional=True,
    ),
    "oidc_name": Source("oidc.name", "FLEET_OIDC_NAME", str, "le nom du fournisseur d'identité", default="ProConnect"),
    "oidc_acr": Source("oidc.acr", "FLEET_OIDC_ACR", str, "le niveau demandé (acr_values)", default="eidas1"),
    "tiles_url": Source(
        "web.tiles_url",
        "FLEET_TILES_URL",
        url_of("http", "https"),
        "l'adresse des tuiles de la carte, avec {z}, {x} et {y}",
        optional=True,
    ),
    "tiles_credit": Source(
        "web.tiles_credit", "FLEET_TILES_CREDIT", str, "ce que demande qui fait la carte", default="© IGN"
    ),
    "languages": Source("languages", "FLEET_LANGUAGES", languages_of, "fr, en, ou les deux : « fr en »"),
}
