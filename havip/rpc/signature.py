"""The two signatures of the cloud's RPC API, as its SDKs make them (6-cloud-api, 5.1 and 5.2).

Version 1: HMAC-SHA1 over all parameters, of query and form, sent as parameters themselves. Version 3 ("ACS3"): HMAC-SHA256 over
the query, the headers that the request names and the body's hash, sent in the Authorization header.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from havip.rpc import errors
from havip.rpc.errors import RpcError
from havip.rpc.requests import RpcRequest

ALGORITHM = "ACS3-HMAC-SHA256"
# What a header signature must cover: anything less would leave the action, the time or the body open.
MUST_BE_SIGNED = (
    "host",
    "x-acs-action",
    "x-acs-content-sha256",
    "x-acs-date",
    "x-acs-signature-nonce",
    "x-acs-version",
)
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} +Credential=([^,\s]+), ?SignedHeaders=([a-z0-9;-]+), ?Signature=(\S+)", re.ASCII
)
_SHOWN = 16 * 1024
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of itself: whose it is, when it was made, once, and a signature to prove it.

    `text` is what the signature is made of, as it is understood here.
    """

    access_key_id: str
    signature: str
    nonce: str
    time: datetime
    text: str
    expected: Callable[[str], str]

    def is_proven_by(self, secret: str) -> bool:
        """Tell, in a time that does not depend on the answer, whether the signature was made with this secret."""
        return hmac.compare_digest(
            self.expected(secret).encode(), self.signature.encode("utf-8", "replace")
        )


def read_claim(request: RpcRequest) -> Claim:
    """Return the request's claim, not proven yet. Raises RpcError for what a signature needs and is not there."""
    return _claim_v3(request) if request.in_headers else _claim_v1(request)


def mismatch(text: str) -> RpcError:
    """The signature is not what the key's secret makes of this request.

    The text that should have been signed stands behind the message's only colon before it: one SDK reads it there, compares
    it with its own, and tells a wrong secret from a wrong text.
    """
    return RpcError(
        "SignatureDoesNotMatch",
        f"Specified signature is not matched with our calculation. server string to sign is:{text[:_SHOWN]}",
        recommend="Check the secret of the access key, and that proxies leave the Host header and the query as they are.",
    )


def _incomplete(what: str) -> RpcError:
    return RpcError(
        "IncompleteSignature",
        "The request signature does not conform to Aliyun standards.",
        recommend=what,
    )


def read_time(text: str) -> datetime:
    """Return the time of a request, UTC to the second. Raises RpcError."""
    try:
        if not _TIME.fullmatch(text):
            raise ValueError
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise RpcError(
            "InvalidTimeStamp.Format",
            "Specified time stamp or date value is not well formatted.",
            recommend="Write the time in UTC, such as 2026-11-23T01:02:03Z.",
        ) from None


def percent_encode(text: str) -> str:
    """Return the text with everything escaped but the unreserved characters of RFC 3986."""
    return quote(text, safe="~")


def canonical_query(parameters: Mapping[str, str]) -> str:
    """Return the parameters in the order of their names, escaped; empty values are part of it."""
    return "&".join(
        f"{percent_encode(name)}={percent_encode(parameters[name])}" for name in sorted(parameters)
    )


# --- Version 1: in the parameters -----------------------------------------------------------------------------


def text_v1(method: str, parameters: Mapping[str, str]) -> str:
    """Return what is signed of these parameters, of which one named Signature does not count."""
    covered = {name: value for name, value in parameters.items() if name != "Signature"}
    return f"{method}&%2F&{percent_encode(canonical_query(covered))}"


def sign_v1(method: str, parameters: Mapping[str, str], secret: str) -> str:
    """Return the signature of these parameters, of which one named Signature does not count."""
    text = text_v1(method, parameters)
    digest = hmac.digest(f"{secret}&".encode(), text.encode(), hashlib.sha1)
    return base64.b64encode(digest).decode()


def _claim_v1(request: RpcRequest) -> Claim:
    parameters = request.parameters
    for name in ("AccessKeyId", "Timestamp", "SignatureNonce", "Action", "Version"):
        if not parameters.get(name):
            raise errors.missing_common(name)
    if not parameters.get("Signature"):
        raise _incomplete("Sign the request and send Signature.")
    if parameters.get("SignatureMethod") != "HMAC-SHA1":
        raise _incomplete("SignatureMethod must be HMAC-SHA1.")
    if parameters.get("SignatureVersion") != "1.0":
        raise _incomplete("SignatureVersion must be 1.0.")
    text = text_v1(request.method, parameters)
    return Claim(
        access_key_id=parameters["AccessKeyId"],
        signature=parameters["Signature"],
        nonce=parameters["SignatureNonce"],
        time=read_time(parameters["Timestamp"]),
        text=text,
        expected=lambda secret: sign_v1(request.method, parameters, secret),
    )


# --- Version 3: in the headers --------------------------------------------------------------------------------


def text_v3(
    method: str,
    query: Mapping[str, str],
    headers: Sequence[tuple[str, str]],
    body: bytes,
) -> str:
    """Return what is signed of a request to the path / with these signed headers, in the order in which they are named."""
    lines = "".join(f"{name}:{value.strip()}\n" for name, value in headers)
    names = ";".join(name for name, _ in headers)
    body_hash = hashlib.sha256(body).hexdigest()
    text = f"{method}\n/\n{canonical_query(query)}\n{lines}\n{names}\n{body_hash}"
    # A header's characters stand for its bytes as they were on the wire.
    hashed = hashlib.sha256(text.encode("latin-1", "backslashreplace")).hexdigest()
    return f"{ALGORITHM}\n{hashed}"


def sign_v3(
    method: str,
    query: Mapping[str, str],
    headers: Sequence[tuple[str, str]],
    body: bytes,
    secret: str,
) -> str:
    """Return the signature of a request to the path / with these signed headers, in the order in which they are named."""
    return _signature_v3(text_v3(method, query, headers, body), secret)


def _signature_v3(text: str, secret: str) -> str:
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def _claim_v3(request: RpcRequest) -> Claim:
    match = _AUTHORIZATION.fullmatch((request.header("authorization") or "").strip())
    if match is None:
        raise _incomplete(
            f"Authorization must be {ALGORITHM} with Credential, SignedHeaders and Signature."
        )
    access_key_id, names, signature = match.groups()
    headers = _signed_headers(request, names.split(";"))
    values = dict(headers)
    for name, parameter in (("x-acs-action", "Action"), ("x-acs-version", "Version")):
        if not values[name].strip():
            raise errors.missing_common(parameter)
    if not values["x-acs-signature-nonce"].strip():
        raise errors.missing_common("SignatureNonce")
    text = text_v3(request.method, request.query, headers, request.body)
    _check_body(request.body, values["x-acs-content-sha256"], text)
    return Claim(
        access_key_id=access_key_id,
        signature=signature,
        nonce=values["x-acs-signature-nonce"].strip(),
        time=read_time(values["x-acs-date"].strip()),
        text=text,
        expected=lambda secret: _signature_v3(text, secret),
    )


def _signed_headers(request: RpcRequest, names: list[str]) -> list[tuple[str, str]]:
    """Return the headers that the signature covers, in its order."""
    if len(set(names)) < len(names):
        raise _incomplete("SignedHeaders must name each header once.")
    unsigned = [name for name in MUST_BE_SIGNED if name not in names]
    if unsigned:
        raise _incomplete(f"SignedHeaders must name {', '.join(unsigned)}.")
    headers = []
    for name in names:
        value = request.header(name)
        if value is None:
            raise _incomplete(f"SignedHeaders names {name}, which the request does not have.")
        headers.append((name, value))
    return headers


def _check_body(body: bytes, claimed: str, text: str) -> None:
    """Refuse a body other than the one whose hash is signed."""
    if not hmac.compare_digest(
        hashlib.sha256(body).hexdigest().encode(), claimed.strip().encode("utf-8", "replace")
    ):
        raise mismatch(text)
