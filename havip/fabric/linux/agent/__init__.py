"""The agent: makes one gateway or one node match what the console wants, and says what it saw.

It needs no Django and no database: the standard library, pyroute2, nft and keepalived. What the console sends is data that is
validated here again; nothing in it is ever executed.
"""

from __future__ import annotations

AGENT_VERSION = "1.0"
