"""How parameters are read: each kind with what it takes, and what each mistake is called."""

from __future__ import annotations

from typing import Any

import pytest

from console.teams.models import Team
from console.teams.principal import Channel, Principal, PrincipalKind
from console.teams.roles import Role
from havip.rpc.dispatch import Action, Call, action
from havip.rpc.errors import RpcError
from havip.rpc.parameters import (
    Parameter,
    boolean,
    filters,
    ignored,
    integer,
    json_list,
    numbered,
    refused,
    tags,
    text,
    words,
)

SOMEBODY = Principal(Team(), PrincipalKind.API_KEY, "key:x", "x", Channel.RPC, Role.OPERATOR)
KIND = text("Kind", choices=("EcsInstance", "HaVip"))
SIZE = integer("Size", default=10, minimum=1, maximum=50)
FORCE = boolean("Force")
IDS = words("Ids", maximum=2)
NUMBERED = numbered("Id.N", maximum=2)
JSON = json_list("Json", maximum=2)
TAGS = tags("Tag", maximum=2)
FILTERS = filters("Filter", maximum=2, values=2)
REFUSED = refused("Paid", unless=("postpaid",))[0]


def read(parameter: Parameter, texts: dict[str, str]) -> Any:
    """Return the parameter's value in a call with these texts."""
    call = Action("v", "A", (parameter,), lambda _: {}).read(SOMEBODY, texts)
    return call[parameter.name]


@pytest.mark.parametrize(
    ("parameter", "texts", "value"),
    [
        (text("T"), {}, ""),
        (text("T", default="x"), {}, "x"),
        (text("T", default="x"), {"T": ""}, ""),
        (KIND, {"Kind": "HAVIP"}, "HaVip"),
        (KIND, {"Kind": ""}, ""),
        (SIZE, {}, 10),
        (SIZE, {"Size": ""}, 10),
        (SIZE, {"Size": "50"}, 50),
        (SIZE, {"Size": "007"}, 7),
        (FORCE, {}, False),
        (FORCE, {"Force": "True"}, True),
        (FORCE, {"Force": "true"}, True),
        (FORCE, {"Force": "FALSE"}, False),
        (IDS, {}, []),
        (IDS, {"Ids": " a ,b,"}, ["a", "b"]),
        (NUMBERED, {"Id.2": "b", "Id.1": "a", "Id.0": "x", "Id.01": "x", "Id": "x"}, ["a", "b"]),
        (NUMBERED, {"Id.1": "", "Id.2": "b"}, ["b"]),
        (JSON, {"Json": '["a", "b"]'}, ["a", "b"]),
        (JSON, {"Json": ""}, []),
        (TAGS, {"Tag.1.Key": "k", "Tag.2.Key": "l", "Tag.2.Value": ""}, [("k", None), ("l", "")]),
        (FILTERS, {"Filter.1.Key": "k", "Filter.1.Value": "v"}, [("k", ["v"])]),
        (
            FILTERS,
            {"Filter.2.Key": "l", "Filter.2.Value.2": "2", "Filter.2.Value.1": "1"},
            [("l", ["1", "2"])],
        ),
    ],
)
def test_values(parameter: Parameter, texts: dict[str, str], value: Any) -> None:
    assert read(parameter, texts) == value


@pytest.mark.parametrize(
    ("parameter", "texts", "code", "named"),
    [
        (text("T", required=True), {}, "MissingParameter", "T"),
        (text("T", required=True), {"T": ""}, "MissingParameter", "T"),
        (text("T", maximum=3), {"T": "four"}, "InvalidParameter", "T"),
        (text("T"), {"T": "a\0"}, "InvalidParameter.Format", "T"),
        (KIND, {"Kind": "Nat"}, "InvalidParameter", "Kind"),
        (integer("I", required=True), {}, "MissingParameter", "I"),
        (SIZE, {"Size": "0"}, "InvalidParameter", "Size"),
        (SIZE, {"Size": "51"}, "InvalidParameter", "Size"),
        (SIZE, {"Size": "-1"}, "InvalidParameter", "Size"),
        (SIZE, {"Size": "1.0"}, "InvalidParameter.Format", "Size"),
        (SIZE, {"Size": "١"}, "InvalidParameter.Format", "Size"),
        (SIZE, {"Size": "9" * 5000}, "InvalidParameter.Format", "Size"),
        (FORCE, {"Force": "1"}, "InvalidParameter.Format", "Force"),
        (boolean("B", required=True), {"B": ""}, "MissingParameter", "B"),
        (words("W", required=True), {"W": " , "}, "MissingParameter", "W"),
        (IDS, {"Ids": "a,b,c"}, "InvalidParameter", "Ids"),
        (numbered("Id", required=True), {"Id.1": ""}, "MissingParameter", "Id.1"),
        (NUMBERED, {"Id.3": "x"}, "InvalidParameter", "Id.3"),
        (NUMBERED, {"Id.1": "\0"}, "InvalidParameter.Format", "Id.1"),
        (json_list("J", required=True), {"J": "[]"}, "MissingParameter", "J"),
        (JSON, {"Json": "{"}, "InvalidParameter.Format", "Json"),
        (JSON, {"Json": '"a"'}, "InvalidParameter.Format", "Json"),
        (JSON, {"Json": "[1]"}, "InvalidParameter.Format", "Json"),
        (JSON, {"Json": '["\\ud800"]'}, "InvalidParameter.Format", "Json"),
        (JSON, {"Json": "[" * 100_000}, "InvalidParameter.Format", "Json"),
        (JSON, {"Json": '["a","b","c"]'}, "InvalidParameter", "Json"),
        (tags("Tag", required=True), {}, "MissingParameter", "Tag.1.Key"),
        (TAGS, {"Tag.1.Value": "v"}, "MissingParameter", "Tag.1.Key"),
        (TAGS, {"Tag.3.Key": "v"}, "InvalidParameter", "Tag.3.Key"),
        (filters("Filter", required=True), {}, "MissingParameter", "Filter.1.Key"),
        (FILTERS, {"Filter.1.Key": "k"}, "MissingParameter", "Filter.1.Value.1"),
        (FILTERS, {"Filter.1.Value.1": "v"}, "MissingParameter", "Filter.1.Key"),
        (
            FILTERS,
            {"Filter.1.Key": "k", "Filter.1.Value.3": "v"},
            "InvalidParameter",
            "Filter.1.Value",
        ),
    ],
)
def test_mistakes(parameter: Parameter, texts: dict[str, str], code: str, named: str) -> None:
    with pytest.raises(RpcError) as caught:
        read(parameter, texts)
    assert (caught.value.code, caught.value.status) == (code, 400)
    assert f'"{named}"' in caught.value.message


@pytest.mark.parametrize("texts", [{}, {"Paid": ""}, {"Paid": "PostPaid"}])
def test_what_is_refused_may_ask_for_nothing(texts: dict[str, str]) -> None:
    Action("v", "A", (REFUSED,), lambda _: {}).read(SOMEBODY, texts)


@pytest.mark.parametrize("texts", [{"Paid": "PrePaid"}, {"Paid.1": "x"}, {"Paid.1.Key": "x"}])
def test_what_is_refused(texts: dict[str, str]) -> None:
    with pytest.raises(RpcError) as caught:
        Action("v", "A", (REFUSED,), lambda _: {}).read(SOMEBODY, texts)
    assert caught.value.code == "InvalidParameter"


def test_a_call_knows_what_was_sent() -> None:
    declared = (text("A"), text("B", default="b"), *ignored("C"))
    call: Call = Action("v", "X", declared, lambda _: {}).read(
        SOMEBODY, {"A": "", "C": "c", "OwnerId": "1", "Unheard": "of", "ClientToken": "t"}
    )
    assert (call["A"], call["B"], call.get("A"), call.get("B")) == ("", "b", "", None)
    assert ("A" in call, "B" in call, "C" in call) == (True, False, False)
    assert call.client_token == "t"
    with pytest.raises(KeyError):
        call["C"]
    with pytest.raises(KeyError):
        call.get("Undeclared")


def test_nothing_is_declared_twice(echo: list[Call]) -> None:
    with pytest.raises(ValueError, match="twice"):
        action("2016-04-28", "Echo")(lambda _: {})
    with pytest.raises(ValueError, match="twice"):
        action("v", "New", text("A"), ignored("A"))(lambda _: {})
