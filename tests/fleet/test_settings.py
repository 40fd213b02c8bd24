"""What a process needs and lacks stops its start with a sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from fleet.setting_values import Listen, Mode
from fleet.settings import all_variables, settings_for, variables_of
from foundation.errors import Refusal

COMPLETE = {
    "DATABASE_URL": "postgresql://admin:a@localhost/postgres",
    "FLEET_DATABASE_OWNER_URL": "postgresql://fleet_owner:o@localhost/fleet",
    "FLEET_DATABASE_WEB_URL": "postgresql://fleet_web:w@localhost/fleet",
    "FLEET_DATABASE_WORKER_URL": "postgresql://fleet_worker:k@localhost/fleet",
    "FLEET_DATABASE_INGEST_URL": "postgresql://fleet_ingest:i@localhost/fleet",
    "MQTT_URL": "mqtt://ingest:m@localhost:1883",
    "BROKER_URL": "redis+socket:///tmp/redis.sock",
    "FLEET_WEB_SECRET": "s" * 64,
    "FLEET_SIGNING_KEY": "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "FLEET_WEB_URL": "https://energie.example",
}
PROCESSES = ("administrator", "owner", "web", "worker", "ingest")


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    path = tmp_path / "site.ini"
    path.write_text("[app:main]\nmode = demonstration\nlanguages = fr en\nweb.listen = 127.0.0.1:6543\n")
    return path


def test_each_process_gets_its_own_address_and_typed_values(ini):
    web = settings_for("web", ini, COMPLETE)
    assert web.database_url == COMPLETE["FLEET_DATABASE_WEB_URL"]
    assert web.listen == Listen("127.0.0.1", 6543)
    assert web.languages == ("fr", "en")
    assert web.mode is Mode.DEMONSTRATION
    assert settings_for("ingest", ini, COMPLETE).database_url == COMPLETE["FLEET_DATABASE_INGEST_URL"]


def test_the_environment_goes_before_the_file(ini):
    assert settings_for("web", ini, COMPLETE | {"FLEET_WEB_LISTEN": "[::1]:80"}).listen == Listen("::1", 80)
    assert settings_for("web", ini, COMPLETE | {"FLEET_MODE": "production"}).mode is Mode.PRODUCTION


@pytest.mark.parametrize("process", PROCESSES)
def test_whatever_is_missing_is_named_with_its_variable(process, ini):
    for variable in variables_of(process):
        if variable in COMPLETE:
            without = {name: value for name, value in COMPLETE.items() if name != variable}
            with pytest.raises(Refusal, match=rf"Il manque le réglage [a-z._]+ .*{variable}"):
                settings_for(process, ini, without)


@pytest.mark.parametrize(
    ("variable", "wrong"),
    [
        ("FLEET_DATABASE_WEB_URL", "mysql://root@localhost/fleet"),
        ("BROKER_URL", "localhost:6379"),
        ("FLEET_WEB_SECRET", "courte"),
        ("FLEET_WEB_LISTEN", "8080"),
        ("FLEET_WEB_LISTEN", "127.0.0.1:soixante"),
        ("FLEET_WEB_LISTEN", "127.0.0.1:70000"),
        ("FLEET_WEB_URL", "energie.example"),
        ("FLEET_MODE", "maintenance"),
        ("FLEET_LANGUAGES", "fr de"),
    ],
)
def test_what_is_wrong_is_named_and_never_shown(variable, wrong, ini):
    with pytest.raises(Refusal, match=variable) as refused:
        settings_for("web", ini, COMPLETE | {variable: wrong})
    assert wrong not in refused.value.sentence


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(Refusal, match=r"absent\.ini"):
        settings_for("web", tmp_path / "absent.ini", COMPLETE)
    broken = tmp_path / "broken.ini"
    broken.write_text("mode = production\n")
    with pytest.raises(Refusal, match=r"broken\.ini"):
        settings_for("web", broken, COMPLETE)
    other = tmp_path / "other.ini"
    other.write_text("[server:main]\nport = 1\n")
    with pytest.raises(Refusal, match=r"\[app:main\]"):
        settings_for("web", other, COMPLETE)


@pytest.mark.parametrize("process", PROCESSES)
def test_no_secret_is_ever_shown(process, ini):
    shown = repr(settings_for(process, ini, COMPLETE))
    for name in (
        "DATABASE_URL",
        "FLEET_DATABASE_WEB_URL",
        "MQTT_URL",
        "BROKER_URL",
        "FLEET_WEB_SECRET",
        "FLEET_SIGNING_KEY",
    ):
        assert COMPLETE[name] not in shown


def test_the_web_knows_nobody_elses_address():
    assert "DATABASE_URL" not in variables_of("web")
    assert "FLEET_DATABASE_OWNER_URL" not in variables_of("web")
    assert set(variables_of("web")) < all_variables()


def test_production_allows_no_other_clock_than_the_machines(ini):
    assert settings_for("worker", ini, COMPLETE).clock_settable
    assert not settings_for("worker", ini, COMPLETE | {"FLEET_MODE": "production"}).clock_settable


@pytest.mark.parametrize("name", ["development.ini", "production.ini"])
def test_the_files_of_this_repository_hold_no_secret_and_lack_nothing_else(name):
    path = Path(__file__).parents[2] / name
    assert "://" not in path.read_text().replace("http://127.0.0.1", "")
    for process in PROCESSES:
        settings_for(process, path, COMPLETE)


CHORUS = {
    "FLEET_CHORUS_API_URL": "https://sandbox-api.piste.gouv.fr/cpro",
    "FLEET_CHORUS_TOKEN_URL": "https://sandbox-oauth.piste.gouv.fr/api/oauth/token",
    "FLEET_CHORUS_CLIENT_ID": "application",
    "FLEET_CHORUS_CLIENT_SECRET": "secret-de-piste",
    "FLEET_CHORUS_LOGIN": "TECH_1@cpro.fr",
    "FLEET_CHORUS_PASSWORD": "un mot de passe",
}


def test_chorus_pro_is_off_until_the_environment_gives_all_of_it(ini):
    assert settings_for("worker", ini, COMPLETE).chorus is None
    given = settings_for("worker", ini, COMPLETE | CHORUS)
    assert given.chorus.api_url == CHORUS["FLEET_CHORUS_API_URL"]
    for name in ("CLIENT_SECRET", "PASSWORD"):
        assert CHORUS[f"FLEET_CHORUS_{name}"] not in repr(given) + repr(given.chorus)
    for variable in CHORUS:
        without = {name: value for name, value in CHORUS.items() if name != variable}
        with pytest.raises(Refusal, match=rf"à moitié : il manque {variable} "):
            _ = settings_for("worker", ini, COMPLETE | without).chorus
    assert "FLEET_CHORUS_CLIENT_SECRET" not in variables_of("web")


def test_credentials_of_chorus_pro_in_a_file_are_not_read(tmp_path):
    path = tmp_path / "site.ini"
    path.write_text("[app:main]\nmode = test\nlanguages = fr\nchorus.client_secret = secret\nchorus.password = p\n")
    assert settings_for("worker", path, COMPLETE).chorus is None


def test_the_real_portal_is_for_production_alone(ini):
    real = COMPLETE | CHORUS | {"FLEET_CHORUS_API_URL": "https://api.piste.gouv.fr/cpro"}
    with pytest.raises(Refusal, match="pas en production"):
        _ = settings_for("worker", ini, real).chorus
    assert settings_for("worker", ini, real | {"FLEET_MODE": "production"}).chorus.real
