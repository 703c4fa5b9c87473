"""What each database itself refuses and gives back: the tests of the audit log and of paging, on both databases."""

from __future__ import annotations

import pytest

from tests.console import test_audit_log, test_paging
from tests.console.test_audit_log import broken_operation, events, unguarded
from tests.console.test_paging import rows

pytestmark = pytest.mark.races
__all__ = ["broken_operation", "events", "rows", "unguarded"]


class TestDatabaseRefuses(test_audit_log.TestDatabaseRefuses):
    """See there."""


class TestVerifierNames(test_audit_log.TestVerifierNames):
    """See there."""


class TestRoundTrip(test_audit_log.TestRoundTrip):
    """See there."""


class TestAttempts(test_audit_log.TestAttempts):
    """See there."""


class TestBrokenCursors(test_paging.TestBrokenCursors):
    """See there."""


class TestWalk(test_paging.TestWalk):
    """See there."""
