"""One refusal for each documented error code that can be had, as each of the cloud's own SDKs raises it."""

from __future__ import annotations

import pytest

from tests.contract.conftest import Site
from tests.contract.driving import SDKS, Answer, Driver, Key
from tests.contract.refused import ALLOWED_STILL, Refused
from tests.contract.refused_havips import HAVIPS
from tests.contract.refused_networks import NETWORKS

pytestmark = pytest.mark.contract


def _check(
    driver: Driver, answer: Answer, code: str, status: int, *, throttled: bool = False
) -> None:
    assert answer.code == code, (answer.error, answer.body)
    assert answer.error["type"] == driver.sdk.type_of(code, status, throttled=throttled)
    assert answer.error["request_id"]
    assert answer.error["message"]
    if driver.sdk.sees_status:
        assert answer.status == status


@pytest.mark.parametrize(
    "refused", HAVIPS + NETWORKS, ids=lambda each: f"{each.action}-{each.code}"
)
def test_refused(driver: Driver, arranged: dict[str, str], refused: Refused) -> None:
    parameters = {
        name: arranged[value[1:]] if isinstance(value, str) and value.startswith("@") else value
        for name, value in refused.parameters.items()
    }
    answer = driver.tell(refused.product, refused.action, parameters)
    _check(driver, answer, refused.code, refused.status)


def test_a_token_with_other_parameters(driver: Driver, arranged: dict[str, str]) -> None:
    token = f"t-{driver.sdk.name}"
    made = driver.ok("AllocateEipAddress", Name="a", ClientToken=token)
    again = driver("AllocateEipAddress", Name="b", ClientToken=token)
    driver.ok("ReleaseEipAddress", AllocationId=made["AllocationId"])
    _check(driver, again, "IdempotentParameterMismatch", 400)


def test_a_pool_that_is_used_up(driver: Driver, arranged: dict[str, str]) -> None:
    made = []
    for _ in range(7):
        answer = driver("AllocateEipAddress")
        if answer.error:
            break
        made.append(answer["AllocationId"])
    for allocated in made:
        driver.ok("ReleaseEipAddress", AllocationId=allocated)
    assert made
    _check(driver, answer, "ReserveIpFail", 400)


def test_a_team_that_may_not_create_yet(
    driver: Driver, arranged: dict[str, str], keys: dict[str, Key]
) -> None:
    early = driver.of(keys["early"])
    answer = early("CreateHaVip", VSwitchId=arranged["early_team_vswitch"])
    hidden = early("AssociateHaVip", HaVipId=arranged["bound"], InstanceId=arranged["first"])
    _check(early, answer, "Forbidden.HaVip", 400)
    _check(early, hidden, "InvalidHaVipId.NotFound", 404)


def test_a_team_that_has_all_it_may_have(
    driver: Driver, arranged: dict[str, str], keys: dict[str, Key]
) -> None:
    full = driver.of(keys["full"])
    answer = full("CreateHaVip", VSwitchId=arranged["full_team_vswitch"])
    _check(full, answer, "QuotaExceeded.HaVip", 400)


@pytest.mark.parametrize(
    "driver", [sdk for sdk in SDKS if sdk.program == "pop.js"], indirect=True, ids=str
)
def test_an_action_that_there_is_not(driver: Driver) -> None:
    """The other SDKs have a method for each action, and cannot ask for others."""
    _check(driver, driver("MakeCoffee"), "InvalidApi.NotFound", 404)


def test_a_role_that_may_only_read(
    driver: Driver, arranged: dict[str, str], keys: dict[str, Key]
) -> None:
    viewer = driver.of(keys["viewer"])
    assert viewer.ok("DescribeHaVips")["TotalCount"] > 0
    _check(viewer, viewer("DeleteHaVip", HaVipId=arranged["empty"]), "Forbidden", 403)


def test_an_unknown_key_a_revoked_one_and_a_wrong_secret(
    driver: Driver, keys: dict[str, Key]
) -> None:
    stranger = driver.of(Key("HVNOBODYKNOWSTHIS", driver.key.secret))
    _check(stranger, stranger("DescribeHaVips"), "InvalidAccessKeyId.NotFound", 404)
    revoked = driver.of(keys["revoked"])
    _check(revoked, revoked("DescribeHaVips"), "InvalidAccessKeyId.Inactive", 400)
    forger = driver.of(Key(driver.key.id, "wrong"))
    # This one compares the text that it signed with the one in the answer: both must be the same to the letter.
    told = "InvalidAccessKeySecret" if driver.sdk.name == "python-core" else "SignatureDoesNotMatch"
    _check(forger, forger("DescribeHaVips"), told, 400)


def test_a_clock_that_is_wrong(site: Site, driver: Driver) -> None:
    """A request may be a quarter of an hour old."""
    with site.driver(driver.sdk, clock="-20m") as late:
        _check(late, late("DescribeRegions", RegionId=None), "InvalidTimeStamp.Expired", 400)


@pytest.mark.parametrize(
    ("who", "code"),
    [("hasty", "Throttling.User"), ("hasty at one action", "Throttling.Api")],
)
def test_too_many_requests(driver: Driver, keys: dict[str, Key], who: str, code: str) -> None:
    """The generated SDKs have an exception type of their own for that."""
    hasty = driver.of(keys[who])
    answers = (hasty("DescribeRegions", RegionId=None) for _ in range(2 * ALLOWED_STILL + 1))
    refused = next(answer for answer in answers if answer.error)
    _check(hasty, refused, code, 400, throttled=True)


def test_a_database_that_fails(driver: Driver, keys: dict[str, Key]) -> None:
    """The generated SDKs tell a server's errors from a client's."""
    unlucky = driver.of(keys["unlucky"])
    _check(unlucky, unlucky("DescribeRegions", RegionId=None), "ServiceUnavailable", 503)
