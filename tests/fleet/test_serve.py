"""Behind a proxy each reader keeps an address of its own; without one nobody may claim another's."""

from __future__ import annotations

import contextlib
import socket
import threading
from types import SimpleNamespace
from urllib.request import Request, urlopen

import pytest
import waitress
from waitress.channel import HTTPChannel

from fleet.setting_values import Listen
from fleet.web.serve import _behind_a_proxy
from fleet.web.unread import UnreadRequest

LISTEN = Listen("127.0.0.1", 0)


def test_what_never_reaches_the_application_is_answered_in_french(monkeypatch):
    monkeypatch.setattr(HTTPChannel, "error_task_class", UnreadRequest)
    server = waitress.create_server(echo, host=LISTEN.host, port=0, max_request_body_size=100, ident=None)
    serving = threading.Thread(target=run, args=(server,), daemon=True)
    serving.start()
    try:
        for sent, status, words in (
            (b"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", b"413", "dépasse 32 Mo"),
            (b"GET / HTTP/1.1\r\nHost: a\r\n b\r\nBad Header\r\n\r\n", b"400", "mal écrite"),
            (b"GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", b"501", "codage"),
        ):
            with socket.create_connection((LISTEN.host, server.effective_port), timeout=10) as client:
                client.sendall(sent)
                answer = b"".join(iter(lambda: client.recv(4096), b""))
            assert answer.split(b" ", 2)[1] == status
            assert words in answer.decode()
            assert b"waitress" not in answer
    finally:
        server.close()
        serving.join(5)


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
