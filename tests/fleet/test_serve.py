"""Behind a proxy each reader keeps an address of its own; without one nobody may claim another's."""

from __future__ import annotations

import contextlib
import threading
from types import SimpleNamespace
from urllib.request import Request, urlopen

import pytest
import waitress

from fleet.settings import Listen
from fleet.web.serve import _behind_a_proxy

LISTEN = Listen("127.0.0.1", 0)


def echo(environ, start_response):
    start_response("200 OK", [])
    return [environ["REMOTE_ADDR"].encode()]


def run(server):
    # Closed from the test's thread, it may lose its socket in the middle of waiting on it.
    with contextlib.suppress(OSError, ValueError):
        server.run()


@pytest.mark.parametrize(
    ("url", "address"), [("https://spl.example", b"203.0.113.9"), ("http://127.0.0.1", b"127.0.0.1")]
)
def test_the_address_of_a_reader(url, address):
    server = waitress.create_server(
        echo,
        host=LISTEN.host,
        port=0,
        clear_untrusted_proxy_headers=True,
        **_behind_a_proxy(SimpleNamespace(url=url, listen=LISTEN)),
    )
    serving = threading.Thread(target=run, args=(server,), daemon=True)
    serving.start()
    asked = Request(f"http://127.0.0.1:{server.effective_port}/", headers={"X-Forwarded-For": "203.0.113.9"})
    try:
        with urlopen(asked, timeout=10) as answer:
            assert answer.read() == address
    finally:
        server.close()
        serving.join(5)
