"""The web application on a database of a test module, with one account a role."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import webtest

from contracts.parties.register import register_shareholder
from fleet.accounts.register import create_account
from fleet.setting_values import Listen, Mode
from fleet.settings import WebSettings
from fleet.web.app import make_app
from tests import databases

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.databases import Database

PASSWORD = "une phrase pour entrer"
HOST = "spl.example"
PEOPLE = {
    "operator": "claire@spl.example",
    "technician": "tom@spl.example",
    "shareholder": "maire@kermelo.example",
    "stranger": "maire@ailleurs.example",
}


@dataclass
class WebHouse:
    """The application and its database."""

    app: object
    database: Database

    def visitor(self) -> webtest.TestApp:
        """Return a browser nobody has signed in with yet."""
        return webtest.TestApp(self.app, extra_environ={"HTTP_HOST": HOST, "REMOTE_ADDR": "192.0.2.1"})

    def person(self, who: str) -> webtest.TestApp:
        """Return a browser in which `who` of `PEOPLE` is signed in."""
        return self.signed_in(PEOPLE[who])

    def signed_in(self, email: str) -> webtest.TestApp:
        """Return a browser in which the account of `email` is signed in."""
        browser = self.visitor()
        form = browser.get("/sign-in").forms["form"]
        form["email"], form["password"] = email, PASSWORD
        form.submit(status=303)
        return browser

    def scalar(self, query: object) -> object:
        """Return one value, read as the owner, who sees all rows."""
        with self.database.sessions("owner")() as session:
            return session.scalar(query)


def open_house(template: str, name: str) -> Iterator[WebHouse]:
    """Yield a house on a copy of `template` called `name`, with an account for each of `PEOPLE`."""
    databases.drop(name)
    database = databases.copy(template, name)
    with database.sessions("owner").begin() as session:
        towns = {
            who: register_shareholder(
                session, name=name, siren=siren, street="1 place de la Mairie", postcode="56000", city=name
            )
            for who, name, siren in (("shareholder", "Kermelo", "200000016"), ("stranger", "Ailleurs", "200000024"))
        }
        for who, email in PEOPLE.items():
            create_account(
                session,
                email=email,
                name=who.capitalize(),
                role="shareholder" if who in towns else who,
                password=PASSWORD,
                shareholder=towns.get(who),
            )
    settings = WebSettings(
        database_url=database.web,
        broker_url="redis+socket:///nonexistent/redis.sock",
        secret="s" * 40,
        listen=Listen("127.0.0.1", 0),
        url=f"http://{HOST}",
        mode=Mode.TEST,
        languages=("fr", "en"),
    )
    app = make_app(settings)
    yield WebHouse(app, database)
    app.registry["sessions"].kw["bind"].dispose()
    database.close()
