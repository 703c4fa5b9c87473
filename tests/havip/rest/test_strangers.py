"""What was found by trying to do harm: every request here once was answered wrongly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from console.counting import seconds_left
from havip.models import Vpc
from tests.cast import World
from tests.chinese import HAN, compiled
from tests.havip.rest.asking import HERE, Script, operations, problem

__all__ = ["compiled"]


@pytest.mark.parametrize("body", ['{"\\ud800": 1}', '{"tags": {"\\udfff": 5}}', '{"a": "\\ud800"}'])
def test_half_a_character_is_named_as_it_was_written(api: Script, world: World, body: str) -> None:
    """A name that is no text in UTF-8 once was an error of ours."""
    told = problem(api.post("havips", body), 400, "InvalidParameter")
    assert told["errors"]


def test_a_name_that_is_not_the_consoles(api: Script, world: World) -> None:
    """Scripts were given a page."""
    answer = api.client.get(f"{HERE}/havips", headers={"Host": "elsewhere.test"})
    told = problem(answer, 400, "InvalidParameter")
    assert [fault["header"] for fault in told["errors"]] == ["Host"]
    assert told["detail"] == "This console does not answer to that name."
    page = api.client.get("/t/demo/", headers={"Host": "elsewhere.test"})
    assert (page.status_code, page["Content-Type"]) == (400, "text/html; charset=utf-8")


def test_not_every_fault_is_told(api: Script, world: World) -> None:
    """A body of one MiB once had an answer of many."""
    body = {f"name{number}": 1 for number in range(5000)}
    told = problem(api.post("havips", body), 400, "InvalidParameter")
    assert len(told["errors"]) == 100
    assert "5001" in told["detail"]


def test_a_body_of_unknown_length_is_refused(api: Script, world: World) -> None:
    """It was taken for an empty one: a VPC was created with a block that nobody had asked for."""
    before = Vpc.objects.count()
    chunked = {"Transfer_Encoding": "chunked", "Content_Length": ""}
    problem(api.post("vpcs", {"cidr_block": "10.0.0.0/8"}, **chunked), 411, "LengthRequired")
    assert Vpc.objects.count() == before


@pytest.mark.parametrize(
    ("method", "path", "header", "body"),
    [
        ("POST", "vpcs", "If-Match", {}),
        ("POST", "vpcs", "If-None-Match", {}),
        ("POST", "tag", "If-Match", {"kind": "vpc", "resource_ids": [], "tags": {}}),
        ("PUT", "vpcs/{vpc}/tags", "If-None-Match", {"tags": {"a": "b"}}),
    ],
)
def test_a_precondition_that_nothing_looks_at_is_refused(
    api: Script, world: World, method: str, path: str, header: str, body: dict[str, Any]
) -> None:
    """Whoever asks for one must not get the change without it."""
    before = Vpc.objects.count()
    condition = {header.replace("-", "_"): "*"}
    told = problem(api.ask(method, path.format(vpc=world.vpc), body, **condition), 400)
    assert [fault.get("header") for fault in told["errors"]] == [header]
    assert Vpc.objects.count() == before


def test_an_encoded_body_is_of_another_type(api: Script, world: World) -> None:
    problem(api.post("vpcs", b"\x1f\x8b", Content_Encoding="gzip"), 415, "UnsupportedMediaType")
    assert api.post("vpcs", {}, Content_Encoding="identity").status_code == 202


@pytest.mark.parametrize(
    ("now", "left"), [(0.0, 60), (0.001, 60), (59.0, 1), (59.999, 1), (60.0, 60), (119.5, 1)]
)
def test_the_next_minute_is_at_most_one_away(now: float, left: int) -> None:
    """At the very begin of a minute it once was 61 seconds until the next."""
    assert seconds_left(now) == left


def test_answers_depend_on_the_language_that_was_chosen(api: Script, world: World) -> None:
    """A language is chosen by a cookie on the pages; the description is read by those, too."""
    for answer in (api.get("havips"), described(api, "en"), api.get("/api/v1/nowhere")):
        assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))


# --- The description's language ---------------------------------------------------------------------------------------


def described(api: Script, language: str) -> Any:
    """Read the description, which does not describe itself."""
    bearer = f"Bearer {api.token}"
    named = {"Authorization": bearer, "Accept-Language": language}
    return api.client.get("/api/v1/schema", headers=named)


def _texts(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Return what a description says to a reader, with its place."""
    found = []
    if isinstance(value, list):
        return [each for item in value for each in _texts(item, path)]
    for name, inner in value.items() if isinstance(value, dict) else ():
        place = f"{path}/{name}"
        if name in ("summary", "description") and isinstance(inner, str):
            found.append((place, inner))
        elif name == "tags" and isinstance(inner, list):
            found += [(place, str(tag)) for tag in inner]
        else:
            found += _texts(inner, place)
    return found


def test_the_description_is_in_the_readers_language(api: Script) -> None:
    chinese = described(api, "zh-CN")
    english = described(api, "de, en;q=0.5")
    assert (chinese["Content-Language"], english["Content-Language"]) == ("zh-hans", "en")
    assert chinese["ETag"] != english["ETag"]
    untranslated = [
        told
        for told in _texts(chinese.json())
        if not HAN.search(told[1]) and told[1] not in ("EIP", "VPC")
    ]
    assert untranslated == []
    assert not HAN.search(json.dumps(english.json(), ensure_ascii=False))
    assert len(_texts(english.json())) == len(_texts(chinese.json()))


def test_only_what_people_read_is_translated(api: Script) -> None:
    """Paths, names, patterns and values are the same in every language."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            dropped = {"summary", "description", "tags", "title", "detail", "remedy", "examples"}
            return {name: bare(inner) for name, inner in value.items() if name not in dropped}
        return [bare(each) for each in value] if isinstance(value, list) else value

    found = [bare(described(api, language).json()) for language in ("en", "zh-Hans")]
    assert found[0] == found[1]


def test_a_summary_is_not_said_twice() -> None:
    for _pattern, _method, operation in operations():
        assert operation.get("description", "").rstrip(".") != operation["summary"]


def test_the_page_speaks_the_readers_language(owner_client: Client) -> None:
    page = owner_client.get("/api/v1/", headers={"Accept-Language": "zh-Hans"}).content.decode()
    assert "创建高可用虚拟IP" in page
    assert "Create a HaVip" not in page


def test_problems_have_titles_in_the_readers_language(api: Script, world: World) -> None:
    for answer in (
        api.get("/api/v1/nowhere", Accept_Language="zh-Hans"),
        api.get("havips/havip-" + "0" * 20, Accept_Language="zh-Hans"),
        api.put("havips", {}, Accept_Language="zh-Hans"),
        api.get("havips?page_size=0", Accept_Language="zh-Hans"),
    ):
        told = answer.json()
        assert HAN.search(told["title"]), told
        assert HAN.search(told["detail"]), told
