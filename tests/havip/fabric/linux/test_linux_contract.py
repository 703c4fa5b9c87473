"""The Linux fabric passes what every fabric passes."""

from __future__ import annotations

import pytest

from havip.fabric.linux.fabric import LinuxFabric
from tests.havip.fabric import test_contract


@pytest.mark.django_db
class TestLinuxContract(test_contract.TestContract):
    @pytest.fixture
    def a_fabric(self) -> LinuxFabric:
        return LinuxFabric()

    @pytest.mark.django_db(transaction=True)
    def test_it_answers_many_workers_at_once(self, a_fabric: LinuxFabric) -> None:
        super().test_it_answers_many_workers_at_once(a_fabric)
