"""A person at a desk, without the pictures: opens pages, fills in forms, follows where they lead."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

import requests
from bs4 import BeautifulSoup, Tag

PATIENCE = 120.0


@dataclass
class Person:
    """Someone signed in, or not yet."""

    url: str
    http: requests.Session = field(default_factory=requests.Session)

    def get(self, path: str, status: int = 200) -> requests.Response:
        """Open a page and demand its status."""
        response = self.http.get(urljoin(self.url, path), timeout=60)
        assert response.status_code == status, f"GET {path}: {response.status_code}\n{words(response)}"
        return response

    def submit(
        self, path: str, form: str = "form", *, files: dict[str, Any] | None = None, status: int = 303, **fields: object
    ) -> requests.Response:
        """Open `path`, fill the form with id `form` and send it; demand the status of the answer."""
        page = soup(self.get(path))
        found = page.find("form", id=form)
        assert isinstance(found, Tag), f"{path} has no form {form!r}: {[f.get('id') for f in page.find_all('form')]}"
        data = {**filled_in(found), **{name: str(value) for name, value in fields.items() if value is not None}}
        unknown = set(fields) - set(names(found))
        assert not unknown, f"{path}: the form has no field {sorted(unknown)}, only {names(found)}"
        response = self.http.post(
            urljoin(urljoin(self.url, path), str(found.get("action") or path)),
            data=data,
            files=files,
            allow_redirects=False,
            timeout=120,
        )
        assert response.status_code == status, f"POST {path} ({form}): {response.status_code}\n{words(response)}"
        return response

    def make(self, path: str, form: str = "form", *, files: dict[str, Any] | None = None, **fields: object) -> int:
        """Fill in a form and return the id of what it made, from where it leads."""
        location = self.submit(path, form, files=files, **fields).headers["Location"]
        match = re.search(r"/(\d+)(?:[?#].*)?$", location)
        assert match, f"POST {path} led to {location}"
        return int(match[1])

    def refused(self, path: str, form: str = "form", *, files: dict[str, Any] | None = None, **fields: object) -> str:
        """Fill in a form that must be refused, and return the sentence."""
        return refusal(self.submit(path, form, files=files, status=422, **fields))

    def sign_in(self, email: str, password: str) -> Person:
        """Sign in through the page everybody signs in with."""
        self.submit("/sign-in", email=email, password=password)
        return self

    def wait_for_job(self, job_id: int, state: str = "done") -> None:
        """Look at the page of a job until it has ended, and demand how."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            page = soup(self.get(f"/jobs/{job_id}"))
            shown = page.find(attrs={"data-state": True})
            assert isinstance(shown, Tag), page.get_text(" ", strip=True)
            if shown["data-state"] in {"done", "failed", "cancelled"}:
                assert shown["data-state"] == state, page.get_text(" ", strip=True)
                return
            time.sleep(0.2)
        raise AssertionError(f"job {job_id} did not end within {PATIENCE:.0f} s")


def soup(response: requests.Response) -> BeautifulSoup:
    """Return the page."""
    return BeautifulSoup(response.text, "html.parser")


def words(response: requests.Response) -> str:
    """Return what a person reads of an answer."""
    return soup(response).get_text(" ", strip=True)[:2000]


def refusal(response: requests.Response) -> str:
    """Return the sentence that refuses."""
    found = soup(response).find(class_="refusal")
    assert found is not None, words(response)
    return found.get_text(" ", strip=True)


def names(form: Tag) -> list[str]:
    """Return the names of the fields of a form."""
    return [str(one["name"]) for one in form.find_all(["input", "select", "textarea"]) if one.get("name")]


def filled_in(form: Tag) -> dict[str, str]:
    """Return what a browser would send of a form nobody touched."""
    data = {}
    for one in form.find_all(["input", "select", "textarea"]):
        name = one.get("name")
        if not name or one.get("type") in {"file", "submit"}:
            continue
        if one.get("type") in {"checkbox", "radio"} and not one.has_attr("checked"):
            continue
        if one.name == "select":
            chosen = one.find("option", selected=True) or one.find("option")
            data[str(name)] = str(chosen.get("value", "")) if isinstance(chosen, Tag) else ""
        else:
            data[str(name)] = str(one.get("value", "")) if one.name == "input" else one.get_text()
    return data
