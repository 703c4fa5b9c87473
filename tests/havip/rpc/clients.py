"""Requests as the cloud's SDKs put them on the wire (6-cloud-api, 5.3), signed by code of the tests' own.

Each client is a function from a key, an action and its parameters to what it sends. Spaces, stars, parentheses and plus signs
are written by each in its own way; the signature covers the same text for all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus
from xml.etree import ElementTree as ET

from django.test import Client

HOST = "127.0.0.1:18999"
VPC = "2016-04-28"
ECS = "2014-05-26"
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Key:
    """An access key as a client has it."""

    id: str
    secret: str


@dataclass(frozen=True)
class Reply:
    """An answer: its HTTP status, and its body as plain values, whether it was JSON or XML."""

    status: int
    body: dict[str, Any]
    headers: Mapping[str, str]

    @property
    def code(self) -> str:
        """The error's code; an empty text for an accepted request."""
        return str(self.body.get("Code", ""))


@dataclass(frozen=True)
class Sent:
    """One request, every byte of it."""

    method: str
    query: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def to(self, client: Client, *, address: str = "192.0.2.1", secure: bool = False) -> Reply:
        """Send it to the console in this process, and read the answer."""
        headers = dict(self.headers)
        response = client.generic(
            self.method,
            f"/?{self.query}" if self.query else "/",
            self.body,
            content_type=headers.pop("content-type", ""),
            headers={"host": HOST, **headers},
            REMOTE_ADDR=address,
            secure=secure,
        )
        return read_reply(response)


def read_reply(response: Any) -> Reply:
    """Return what an answer says. Anything but a well-formed body is an error."""
    body: dict[str, Any] = {}
    if response.headers.get("Content-Type", "").startswith("application/json"):
        body = json.loads(response.content or b"{}")
    elif response.headers.get("Content-Type", "").startswith("text/xml"):
        root = ET.fromstring(response.content)  # the console's own answer
        body = {"root": root.tag, **{child.tag: child.text or "" for child in root}}
    return Reply(response.status_code, body, response.headers)


# --- Signing, written down once more from the documents -------------------------------------------------------


def rfc3986(text: str) -> str:
    return quote(text, safe="-_.~")


def sign_parameters(method: str, parameters: Mapping[str, str], secret: str) -> str:
    """HMAC-SHA1 over all parameters."""
    canonical = "&".join(f"{rfc3986(k)}={rfc3986(v)}" for k, v in sorted(parameters.items()))
    text = "&".join((method, rfc3986("/"), rfc3986(canonical)))
    return base64.b64encode(
        hmac.new(f"{secret}&".encode(), text.encode(), hashlib.sha1).digest()
    ).decode()


def sign_headers(
    method: str,
    parameters: Mapping[str, str],
    headers: Mapping[str, str],
    body: bytes,
    key: Key,
) -> str:
    """Return the Authorization header that covers these headers, HMAC-SHA256."""
    names = sorted(name.lower() for name in headers)
    request = "\n".join(
        (
            method,
            "/",
            "&".join(f"{rfc3986(k)}={rfc3986(v)}" for k, v in sorted(parameters.items())),
            *(f"{name}:{headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )
    text = f"ACS3-HMAC-SHA256\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = hmac.new(key.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
    return (
        f"ACS3-HMAC-SHA256 Credential={key.id},SignedHeaders={';'.join(names)},"
        f"Signature={signature}"
    )


# --- Clients --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Wish:
    """What a client is asked to send."""

    key: Key
    action: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    version: str = VPC
    at: datetime | None = None
    nonce: str = ""
    format: str = "JSON"

    @property
    def time(self) -> str:
        return (self.at or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def once(self) -> str:
        return self.nonce or uuid.uuid4().hex


def _plus(parameters: Mapping[str, str]) -> str:
    """`+` for a space, `%2A` for a star: Python's urlencode."""
    return "&".join(f"{quote_plus(k)}={quote_plus(v, safe='~')}" for k, v in parameters.items())


def _component(parameters: Mapping[str, str]) -> str:
    """`%20` for a space, and `*`, `(`, `)`, `!` as they are: what JavaScript's URL makes of a query."""
    return "&".join(f"{quote(k)}={quote(v, safe='~*()!')}" for k, v in parameters.items())


def _escaped(parameters: Mapping[str, str]) -> str:
    return "&".join(f"{rfc3986(k)}={rfc3986(v)}" for k, v in parameters.items())


def _in_headers(wish: Wish, more: Mapping[str, str], query: str) -> Sent:
    signed = {
        "host": HOST,
        "x-acs-version": wish.version,
        "x-acs-action": wish.action,
        "x-acs-date": wish.time,
        "x-acs-signature-nonce": wish.once,
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-credentials-provider": "static_ak",
        **more,
    }
    authorization = sign_headers("POST", wish.parameters, signed, b"", wish.key)
    unsigned = {"accept-encoding": "identity", "authorization": authorization}
    return Sent("POST", query, {**signed, **unsigned})


def new_python(wish: Wish) -> Sent:
    """`alibabacloud_vpc20160428`: everything in the query of a POST without a body, signed in its headers."""
    more = {
        "accept": "application/json",
        "user-agent": "AlibabaCloud (Linux; x86_64) Python/3.11.7 Core/0.4.3 TeaDSL/2",
    }
    return _in_headers(wish, more, _plus(wish.parameters))


def new_node(wish: Wish) -> Sent:
    """`@alicloud/vpc20160428`: the same with other escapes, and fewer headers signed."""
    return _in_headers(wish, {}, _component(wish.parameters))


def _common(wish: Wish) -> dict[str, str]:
    common = {
        "Version": wish.version,
        "Action": wish.action,
        "Timestamp": wish.time,
        "SignatureMethod": "HMAC-SHA1",
        "SignatureVersion": "1.0",
        "SignatureNonce": wish.once,
        "AccessKeyId": wish.key.id,
    }
    return {**common, "Format": wish.format} if wish.format else common


def _in_parameters(method: str, wish: Wish, more: Mapping[str, str]) -> dict[str, str]:
    parameters = {**wish.parameters, **_common(wish), **more}
    return {**parameters, "Signature": sign_parameters(method, parameters, wish.key.secret)}


def old_python(wish: Wish) -> Sent:
    """`aliyun-python-sdk-core`: everything in the query of a POST, with an empty SignatureType."""
    parameters = _in_parameters("POST", wish, {"SignatureType": ""})
    headers = {
        "x-acs-action": wish.action,
        "x-acs-version": wish.version,
        "x-sdk-invoke-type": "normal",
        "x-sdk-client": "python/2.0.0",
    }
    return Sent("POST", _escaped(parameters), headers)


def old_python_body(wish: Wish) -> Sent:
    """Its CommonRequest with body parameters: those in a form, the others in the query."""
    parameters = _in_parameters("POST", wish, {"SignatureType": ""})
    return _divided(wish, parameters, _plus, {"content-md5": "bm90IGNoZWNrZWQ="})


def pop_core_get(wish: Wish) -> Sent:
    """`@alicloud/pop-core`: everything in the query of a GET."""
    return Sent("GET", _escaped(_in_parameters("GET", wish, {})))


def pop_core_post(wish: Wish) -> Sent:
    """The same client's POST: everything in a form."""
    body = _escaped(_in_parameters("POST", wish, {})).encode()
    return Sent("POST", "", {"content-type": FORM}, body)


def tea_rpc(wish: Wish) -> Sent:
    """Go's tea-rpc, which Terraform uses: common parameters in the query, the action's own in a form."""
    parameters = _in_parameters("POST", wish, {})
    headers = {"x-acs-action": wish.action, "x-acs-version": wish.version}
    return _divided(wish, parameters, _escaped, headers)


def _divided(
    wish: Wish,
    parameters: Mapping[str, str],
    write: Callable[[Mapping[str, str]], str],
    headers: Mapping[str, str],
) -> Sent:
    common = {name: value for name, value in parameters.items() if name not in wish.parameters}
    body = write(wish.parameters).encode()
    return Sent("POST", _escaped(common), {"content-type": FORM, **headers}, body)


def cli_head(wish: Wish) -> Sent:
    """Nobody's SDK: a HEAD, which one action takes."""
    return Sent("HEAD", _escaped(_in_parameters("HEAD", wish, {})))


CLIENTS: dict[str, Callable[[Wish], Sent]] = {
    "new Python": new_python,
    "new Node": new_node,
    "old Python": old_python,
    "old Python with a body": old_python_body,
    "pop-core GET": pop_core_get,
    "pop-core POST": pop_core_post,
    "Go tea-rpc": tea_rpc,
}
IN_HEADERS = ("new Python", "new Node")


def with_header(sent: Sent, name: str, value: str) -> Sent:
    """Return the request with one header changed."""
    return replace(sent, headers={**sent.headers, name: value})
