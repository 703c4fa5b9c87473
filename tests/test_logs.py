"""The log lines: which request they belong to, and what they must never show."""

from __future__ import annotations

import io
import json
import logging
import logging.config
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import structlog

from console.settings import logs


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Log as production does, into a text."""
    before = structlog.get_config()
    written = io.StringIO()
    settings = logs.configure("INFO", json=True)
    settings["handlers"]["stream"]["stream"] = written
    settings["root"]["handlers"] = []
    settings["loggers"] = {"shown": {"handlers": ["stream"], "level": "INFO", "propagate": False}}
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    logging.config.dictConfig(settings)
    for handler in handlers:
        root.addHandler(handler)
    root.setLevel(level)
    yield written
    structlog.configure(**before)
    logging.getLogger("shown").handlers.clear()


def only(written: io.StringIO) -> dict[str, Any]:
    [line] = written.getvalue().splitlines()
    return json.loads(line)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password1",
        "Authorization",
        "X-Csrf-Token",
        "cookie",
        "Set-Cookie",
        "AccessKey_Secret",
        "access_key_id",
        "signature",
        "api_key",
        "HAVIP_AUDIT_KEY",
        "HAVIP_ENCRYPTION_KEYS",
        "session_key",
    ],
)
def test_a_secret_is_hidden_at_any_depth(lines: io.StringIO, key: str) -> None:
    structlog.get_logger("shown").info(
        "event",
        **{key: "open sesame", "inner": {"list": [{key: "open sesame"}]}},
    )
    assert "open sesame" not in lines.getvalue()
    assert only(lines)["inner"] == {"list": [{key: logs.HIDDEN}]}


def test_what_is_no_secret_stays(lines: io.StringIO) -> None:
    structlog.get_logger("shown").info("bound", havip="havip-1", slots=(1, 2), monkey="banana")
    line = only(lines)
    assert (line["havip"], line["slots"], line["monkey"]) == ("havip-1", [1, 2], "banana")
    assert line["level"] == "info"
    assert line["timestamp"].endswith("Z")


def test_a_line_within_a_request_bears_its_id(lines: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(request_id="R-1"):
        logging.getLogger("shown").warning("from %s", "the standard library")
    line = only(lines)
    assert (line["request_id"], line["event"]) == ("R-1", "from the standard library")


def test_a_line_after_the_request_bears_its_id_too(lines: io.StringIO) -> None:
    request = SimpleNamespace(request_id="R-2")
    logging.getLogger("shown").warning("Not Found", extra={"status_code": 404, "request": request})
    line = only(lines)
    assert (line["request_id"], line["status_code"]) == ("R-2", 404)
    assert "request" not in line


def test_an_exception_is_one_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("shown").exception("failed")
    assert "ValueError: no" in only(lines)["exception"]
