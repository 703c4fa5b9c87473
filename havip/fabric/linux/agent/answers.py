"""Who answered a probe, as far as the answer tells: a short text that is fit for a report and a page."""

from __future__ import annotations

UNNAMED = "?"
"""Somebody answered and did not say who it is."""
LONGEST_NAME = 64
LONGEST_ANSWER = 4096

_HEADERS_END = b"\r\n\r\n"
_OK = b"200"


def question_to(host: str) -> bytes:
    """Return what is asked: the start page, in the version of HTTP that every server ends the connection after."""
    return (
        f"GET / HTTP/1.0\r\nHost: {host}\r\nUser-Agent: havip-probe\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


def is_complete(answer: bytes) -> bool:
    """Return whether there is nothing more in it to wait for: the line with the name is there, or it is long enough."""
    if len(answer) >= LONGEST_ANSWER:
        return True
    return b"\n" in _text(answer).lstrip()


def name_of(answer: bytes) -> str:
    """Return the first line of a page, or of whatever a service that does not speak HTTP says at first.

    Only of what it takes for success, and of plain text: the first line of a page in HTML names nobody.
    """
    if _is_http(answer) and answer.split(maxsplit=2)[1:2] != [_OK]:
        return UNNAMED
    line = _text(answer).strip().partition(b"\n")[0].decode(errors="replace")
    words = " ".join("".join(each if each.isprintable() else " " for each in line).split())
    if not words or words.startswith("<"):
        return UNNAMED
    return words[:LONGEST_NAME]


def _is_http(answer: bytes) -> bool:
    return answer.startswith(b"HTTP/")


def _text(answer: bytes) -> bytes:
    return answer.partition(_HEADERS_END)[2] if _is_http(answer) else answer
