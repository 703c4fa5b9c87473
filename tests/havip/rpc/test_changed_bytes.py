"""Whatever byte of a signed request is changed on its way, it is not carried out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from django.test import Client
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from havip.rpc.models import UsedNonce
from havip.rpc.requests import METHODS
from tests.havip.rpc.clients import CLIENTS, Key, Sent, Wish
from tests.havip.rpc.conftest import Calls

pytestmark = pytest.mark.django_db
PARAMETERS = {
    "Name": "测试 a*b~c+d",
    "Tag.1.Key": "k1",
    "Tag.1.Value": "",
    "Filter.1.Key": "HaVipId",
    "Filter.1.Value.1": "havip-1",
}
# What a changed request may be answered with: the signature, or something that it needs, is wrong.
CODES = {
    "IncompleteSignature",
    "InvalidAccessKeyId.NotFound",
    "InvalidParameter",
    "InvalidParameter.Format",
    "InvalidTimeStamp.Expired",
    "InvalidTimeStamp.Format",
    "MissingAccessKeyId",
    "MissingAction",
    "MissingSignatureNonce",
    "MissingTimestamp",
    "MissingVersion",
    "SignatureDoesNotMatch",
    "UnsupportedHTTPMethod",
}
Part = Callable[[Sent], list[Sent]]
UNSIGNED = {"accept-encoding", "content-type", "content-md5", "x-sdk-client", "x-sdk-invoke-type"}


def flipped(raw: bytes, position: int, bit: int) -> bytes:
    """Return the bytes with one bit turned over, kept within what a server lets through (no control characters)."""
    place = position % len(raw)
    changed = raw[place] ^ (1 << bit)
    assume(0x20 < changed < 0x7F)
    return raw[:place] + bytes([changed]) + raw[place + 1 :]


def same_parameters(left: bytes, right: bytes) -> bool:
    """Tell whether two texts say the same, such as %2f and %2F."""
    read = [
        sorted(parse_qsl(each.decode("latin-1"), keep_blank_values=True, encoding="latin-1"))
        for each in (left, right)
    ]
    return read[0] == read[1]


@st.composite
def changes(draw: st.DrawFn, sent: Sent) -> Sent:
    """Change one byte of the method, the query, a signed header or the body."""
    in_headers = "authorization" in sent.headers
    signed = [name for name in sent.headers if in_headers and name not in UNSIGNED]
    parts = ["method", *(["query"] if sent.query else []), *(["body"] if sent.body else [])]
    part = draw(st.sampled_from([*parts, *signed]))
    position, bit = draw(st.integers(0, 5000)), draw(st.integers(0, 6))
    if part == "method":
        others = [*METHODS, "PUT", "DELETE", "PATCH", "OPTIONS"]
        return replace(sent, method=draw(st.sampled_from([m for m in others if m != sent.method])))
    if part in ("query", "body"):
        raw = sent.query.encode() if part == "query" else sent.body
        changed = flipped(raw, position, bit)
        assume(not same_parameters(raw, changed))
        # A fragment is no part of what is sent.
        assume(b"#" not in changed)
        return replace(sent, **{part: changed.decode() if part == "query" else changed})
    value = flipped(sent.headers[part].encode(), position, bit).decode()
    return replace(sent, headers={**sent.headers, part: value})


@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.slow
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_changed_byte(
    name: str, key: Key, echo: Calls, client: Client, data: st.DataObject
) -> None:
    sent = data.draw(changes(CLIENTS[name](Wish(key, "Echo", PARAMETERS))))
    reply = sent.to(client)
    assert not echo, "it was carried out"
    assert not UsedNonce.objects.exists()
    if sent.method == "HEAD":
        assert reply.status >= 400
    else:
        assert reply.code in CODES, reply


@pytest.mark.parametrize("name", CLIENTS)
def test_every_parameter_counts(name: str, key: Key, echo: Calls, client: Client) -> None:
    """A parameter that is added, left out or emptied is a change too."""
    sent = CLIENTS[name](Wish(key, "Echo", PARAMETERS))
    part = "body" if sent.body else "query"
    raw = sent.body.decode() if sent.body else sent.query
    pairs = raw.split("&")
    altered = [
        *("&".join(pairs[:at] + pairs[at + 1 :]) for at in range(len(pairs))),
        f"{raw}&Force=true",
        f"{raw}&Empty=",
        f"Name=other&{raw}",
    ]
    for text in altered:
        changed = replace(sent, **{part: text.encode() if part == "body" else text})
        assert changed.to(client).code in CODES
    assert not echo
    assert sent.to(client).code == "", "as it was, it still counts"
