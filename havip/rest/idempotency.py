"""The Idempotency-Key header: the same key with the same request gives the first answer and no second effect, for 24 hours."""

from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.request import Request

from console.operations.idempotency import MAXIMUM_LENGTH
from havip.rest.problems import Fault, malformed

HEADER = "Idempotency-Key"


def token_of(request: Request) -> str:
    """Return the operations' client token: the header's text, with or without the quotes of a structured field. Raises Problem."""
    text = request.headers.get(HEADER)
    if text is None:
        return ""
    token = text.strip()
    if token.startswith('"'):
        token = token[1:-1] if len(token) >= 2 and token.endswith('"') else ""
    if not 1 <= len(token) <= MAXIMUM_LENGTH or not token.isascii() or not token.isprintable():
        detail = _("%(name)s must have 1 to %(most)d printable ASCII characters.")
        detail %= {"name": HEADER, "most": MAXIMUM_LENGTH}
        raise malformed([Fault("InvalidClientToken.Malformed", detail, header=HEADER)])
    return token
