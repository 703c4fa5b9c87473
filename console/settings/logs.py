"""How the console logs: one event per line, with the request's id, and never a secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
SECRET_WORDS = (
    "password",
    "passwd",
    "secret",
    "token",
    "authorization",
    "cookie",
    "credential",
    "signature",
    "private_key",
    "api_key",
    "access_key",
    "audit_key",
    "encryption_key",
    "session_key",
)


def hide_secrets(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace every value whose key names a secret, at any depth of dictionaries and lists."""
    del logger, method
    return {key: HIDDEN if _is_secret(key) else _clean(value) for key, value in event.items()}


def name_the_request(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Add the id of the request that a record of Django's own is about, where the context has none any more."""
    del logger, method
    request = getattr(event.get("_record"), "request", None)
    identifier = getattr(request, "request_id", None)
    if identifier is not None:
        event.setdefault("request_id", identifier)
    return event


def _is_secret(key: object) -> bool:
    name = str(key).lower().replace("-", "_")
    return any(word in name for word in SECRET_WORDS)


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: HIDDEN if _is_secret(key) else _clean(inner) for key, inner in value.items()}
    if type(value) in (list, tuple):
        return [_clean(inner) for inner in value]
    return value


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        hide_secrets,
    ]


def configure(level: str, *, json: bool) -> dict[str, Any]:
    """Configure structlog, and return the value of Django's ``LOGGING`` that goes with it.

    ``level`` is the least level that is written; ``json`` chooses machine-readable lines instead of those for
    a person. Records of the standard library's loggers take the same way.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared_processors(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderers: list[Processor] = (
        [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
        if json
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_plain_traceback())]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    *renderers,
                ],
                "foreign_pre_chain": [
                    *_shared_processors()[:-1],
                    structlog.stdlib.ExtraAdder(allow=("status_code", "task", "task_id")),
                    name_the_request,
                    hide_secrets,
                ],
            },
        },
        "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stream"], "level": level},
        "loggers": {
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
            # A message in these loggers may repeat the values of a statement.
            "django.db.backends": {"handlers": [], "level": "INFO", "propagate": True},
            # The scheduler and the sweeper come by every few seconds.
            "celery.beat": {"handlers": [], "level": "WARNING", "propagate": True},
            "celery.worker.strategy": {"handlers": [], "level": "WARNING", "propagate": True},
            "celery.app.trace": {"handlers": [], "level": "WARNING", "propagate": True},
            # The audit log tells of sign-ins.
            "axes": {"handlers": [], "level": "WARNING", "propagate": True},
            "gunicorn.error": {"handlers": [], "level": level, "propagate": True},
            "gunicorn.access": {
                "handlers": [],
                "level": "INFO" if json else "WARNING",
                "propagate": True,
            },
        },
    }


def _plain_traceback() -> Callable[..., None]:
    return structlog.dev.plain_traceback
