"""The Linux fabric passes what every fabric passes."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from havip.fabric.base import Applied, InProgress, WantedHaVip, WantedNetwork
from havip.fabric.linux.fabric import LinuxFabric
from tests.havip.fabric import test_contract


class TidyFabric(LinuxFabric):
    """Leaves no connection open in a thread that a test has started."""

    def apply_havip(self, wanted: WantedHaVip) -> Applied | InProgress:
        try:
            return super().apply_havip(wanted)
        finally:
            _close_in_thread()

    def apply_network(self, wanted: WantedNetwork) -> Applied | InProgress:
        try:
            return super().apply_network(wanted)
        finally:
            _close_in_thread()


def _close_in_thread() -> None:
    if threading.current_thread() is not threading.main_thread():
        connection.close()


@pytest.mark.django_db
class TestLinuxContract(test_contract.TestContract):
    @pytest.fixture
    def a_fabric(self) -> LinuxFabric:
        return TidyFabric()

    @pytest.mark.django_db(transaction=True)
    def test_it_answers_many_workers_at_once(self, a_fabric: LinuxFabric) -> None:
        super().test_it_answers_many_workers_at_once(a_fabric)
