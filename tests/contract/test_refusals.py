"""One refusal for each documented error code that can be had, as each of the cloud's own SDKs raises it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.conftest import Key, Site
from tests.contract.driving import SDKS, Answer, Driver, Sdk
from tests.contract.refused import Refused
from tests.contract.refused_havips import HAVIPS
from tests.contract.refused_networks import NETWORKS

pytestmark = pytest.mark.contract


@pytest.fixture(scope="module", params=SDKS, ids=lambda sdk: sdk.name)
def asking(request: pytest.FixtureRequest, site: Site) -> Iterator[Driver]:
    """Each SDK, in one process for the whole table."""
    with site.driver(request.param) as running:
        yield running


def _check(driver: Driver, answer: Answer, code: str, status: int) -> None:
    assert answer.code == code, (answer.error, answer.body)
    assert answer.error["type"] == driver.sdk.error_type.format(code=code)
    assert answer.error["request_id"]
    assert answer.error["message"]
    if driver.sdk.sees_status:
        assert answer.status == status


@pytest.mark.parametrize(
    "refused", HAVIPS + NETWORKS, ids=lambda each: f"{each.action}-{each.code}"
)
def test_refused(asking: Driver, arranged: dict[str, str], refused: Refused) -> None:
    parameters = {
        name: arranged[value[1:]] if isinstance(value, str) and value.startswith("@") else value
        for name, value in refused.parameters.items()
    }
    answer = asking.tell(refused.product, refused.action, parameters)
    _check(asking, answer, refused.code, refused.status)


def test_a_token_with_other_parameters(asking: Driver, arranged: dict[str, str]) -> None:
    token = f"t-{asking.sdk.name}"
    made = asking.ok("AllocateEipAddress", Name="a", ClientToken=token)
    again = asking("AllocateEipAddress", Name="b", ClientToken=token)
    asking.ok("ReleaseEipAddress", AllocationId=made["AllocationId"])
    _check(asking, again, "IdempotentParameterMismatch", 400)


def test_a_team_that_may_not_create_yet(
    site: Site, asking: Driver, arranged: dict[str, str], early_key: Key
) -> None:
    with site.driver(asking.sdk, early_key) as early:
        answer = early("CreateHaVip", VSwitchId=arranged["early_team_vswitch"])
        hidden = early("AssociateHaVip", HaVipId=arranged["bound"], InstanceId=arranged["first"])
    _check(early, answer, "Forbidden.HaVip", 400)
    _check(early, hidden, "InvalidHaVipId.NotFound", 404)


def test_a_team_that_has_all_it_may_have(
    site: Site, asking: Driver, arranged: dict[str, str], full_key: Key
) -> None:
    with site.driver(asking.sdk, full_key) as full:
        answer = full("CreateHaVip", VSwitchId=arranged["full_team_vswitch"])
    _check(full, answer, "QuotaExceeded.HaVip", 400)


@pytest.mark.parametrize(
    "sdk", [each for each in SDKS if each.program == "pop.js"], ids=lambda sdk: sdk.name
)
def test_an_action_that_there_is_not(site: Site, sdk: Sdk) -> None:
    """The other SDKs have a method for each action, and cannot ask for others."""
    with site.driver(sdk) as asking:
        _check(asking, asking("MakeCoffee"), "InvalidApi.NotFound", 404)


def test_a_role_that_may_only_read(
    site: Site, asking: Driver, arranged: dict[str, str], viewer_key: Key
) -> None:
    with site.driver(asking.sdk, viewer_key) as viewer:
        assert viewer.ok("DescribeHaVips")["TotalCount"] > 0
        answer = viewer("DeleteHaVip", HaVipId=arranged["empty"])
    _check(viewer, answer, "Forbidden", 403)


def test_an_unknown_key_and_a_wrong_secret(site: Site, asking: Driver) -> None:
    with site.driver(asking.sdk, Key("HVNOBODYKNOWSTHIS", site.key.secret)) as stranger:
        unknown = stranger("DescribeHaVips")
    with site.driver(asking.sdk, Key(site.key.id, "wrong")) as forger:
        forged = forger("DescribeHaVips")
    _check(stranger, unknown, "InvalidAccessKeyId.NotFound", 404)
    # This one compares the text that it signed with the one in the answer: both must be the same to the letter.
    told = "InvalidAccessKeySecret" if asking.sdk.name == "python-core" else "SignatureDoesNotMatch"
    _check(forger, forged, told, 400)


@pytest.mark.parametrize(
    "sdk", [each for each in SDKS if each.has_models and not each.variant], ids=lambda sdk: sdk.name
)
def test_too_many_requests(site: Site, sdk: Sdk) -> None:
    """Within one minute at most so many requests: the SDKs have an exception type of their own for that."""
    with site.driver(sdk, site.new_key()) as hasty:
        answers = (hasty("DescribeRegions", RegionId=None) for _ in range(2 * 600 + 100))
        refused = next(answer for answer in answers if answer.error)
    assert refused.code == "Throttling.Api"
    assert refused.status == 400
    assert refused.error["type"] in ("ThrottlingException", "ThrottlingError")
