"""How many requests a key may make: counted for each minute in the cache that all processes share.

Only proven requests count, so that nobody can use up another's share.
"""

from __future__ import annotations

from django.conf import settings

from console.counting import count_in_minute
from havip.rpc.errors import RpcError


def count_request(access_key_id: str, action: str) -> None:
    """Count one request of this key. Raises RpcError Throttling.User over all actions, Throttling.Api for this one.

    Both say how long it is until the next minute begins: Retry-After in seconds, x-acs-retry-after in milliseconds.
    """
    if wait := _wait_after(counted_as(access_key_id), settings.HAVIP_RPC_REQUESTS_PER_MINUTE):
        raise _throttled("Throttling.User", "user flow control", wait)
    of_action = counted_as(access_key_id, action)
    if wait := _wait_after(of_action, settings.HAVIP_RPC_ACTION_REQUESTS_PER_MINUTE):
        raise _throttled("Throttling.Api", "api flow control", wait)


def counted_as(access_key_id: str, action: str = "") -> str:
    """Return the name under which a key's requests are counted: all of them, or those for one action."""
    return f"rpc:rate:{access_key_id}:{action}" if action else f"rpc:rate:{access_key_id}"


def _wait_after(name: str, limit: int) -> int:
    """Count, and return the seconds to wait if it was one too many, else 0; a limit of 0 is none. Without the cache nothing is limited."""
    if not limit:
        return 0
    used, wait = count_in_minute(name)
    return wait if used > limit else 0


def _throttled(code: str, what: str, wait: int) -> RpcError:
    return RpcError(
        code,
        f"Request was denied due to {what}.",
        recommend=f"Try again in {wait} s.",
        # The SDKs read milliseconds (`get_throttling_time_left` of their cores).
        headers={"Retry-After": str(wait), "x-acs-retry-after": str(wait * 1000)},
    )
