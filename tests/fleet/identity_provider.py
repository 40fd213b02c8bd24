"""A provider of identities on loopback that behaves as ProConnect documents; each fault can be asked of it."""

from __future__ import annotations

import json
import threading
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

CLIENT, SECRET = "fleet", "un secret du fournisseur"


@dataclass
class FakeProvider:
    """Keys, codes given out, and how the next answers are to differ from the documented ones."""

    algorithm: str = "ES256"
    person: dict = field(default_factory=dict)
    id_token: dict = field(default_factory=dict)
    """Claims that differ."""
    userinfo: dict = field(default_factory=dict)
    unsigned: str = ""
    """"none", "secret" or "stranger": who signs in place of the provider."""
    plain_userinfo: bool = False
    codes: dict = field(default_factory=dict)
    ended: list = field(default_factory=list)

    def __post_init__(self):
        self.keys = {
            "RS256": RSAKey.generate_key(2048, {"kid": "r", "use": "sig", "alg": "RS256"}),
            "ES256": ECKey.generate_key("P-256", {"kid": "e", "use": "sig", "alg": "ES256"}),
        }
        self.stranger = ECKey.generate_key("P-256", {"kid": "e", "use": "sig", "alg": "ES256"})
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_args):
                """Say nothing."""

            def do_GET(self):
                provider.get(self)

            def do_POST(self):
                provider.post(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def issuer(self):
        """Its address."""
        return f"http://127.0.0.1:{self.server.server_port}/api/v2"

    def close(self):
        """End it."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def authorise(self, address):
        """Do what a person does at the provider: return the address it sends the browser back to."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        assert "siret" in asked["scope"].split()
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}&iss={self.issuer}"

    def get(self, request):
        """Answer discovery, keys and userinfo."""
        path = urlsplit(request.path).path.removeprefix("/api/v2")
        if path == "/.well-known/openid-configuration":
            ends = {
                "authorization": "authorize",
                "token": "token",
                "userinfo": "userinfo",
                "end_session": "session/end",
            }
            document = {f"{name}_endpoint": f"{self.issuer}/{place}" for name, place in ends.items()}
            answer(request, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/jwks", **document})
        elif path == "/jwks":
            answer(request, KeySet(list(self.keys.values())).as_dict(private=False))
        elif path == "/userinfo":
            claims = self.person | {"iss": self.issuer, "aud": CLIENT, "exp": int(time.time()) + 60} | self.userinfo
            if self.plain_userinfo:
                answer(request, claims)
            else:
                answer(request, self.sign(claims).encode(), "application/jwt")
        else:
            answer(request, {}, status=404)

    def post(self, request):
        """Give tokens for a code, once."""
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        asked = self.codes.pop(form["code"], None)  # a code is good once
        right = (
            asked is not None
            and (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
            and create_s256_code_challenge(form["code_verifier"]) == asked["code_challenge"]
            and form["redirect_uri"] == asked["redirect_uri"]
        )
        if not right:
            answer(request, {"error": "invalid_grant"}, status=400)
            return
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.person["sub"],
            "nonce": asked["nonce"],
            "acr": asked["acr_values"],
            "amr": ["pwd"],
            "iat": now,
            "exp": now + 60,
        } | self.id_token
        answer(request, {"access_token": "a" * 40, "token_type": "Bearer", "id_token": self.sign(claims)})

    def sign(self, claims):
        """Return a signed token, by whom the test says."""
        if self.unsigned == "none":
            parts = ({"alg": "none"}, claims)
            return ".".join(urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."
        if self.unsigned == "secret":
            return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(SECRET.ljust(32, "x")), algorithms=["HS256"])
        if self.unsigned == "stranger":
            return jwt.encode({"alg": "ES256", "kid": "e"}, claims, self.stranger, algorithms=["ES256"])
        key = self.keys[self.algorithm]
        return jwt.encode({"alg": self.algorithm, "kid": key.kid}, claims, key, algorithms=[self.algorithm])


def answer(request, content, media_type="application/json", status=200):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    request.send_response(status)
    request.send_header("Content-Type", media_type)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)
