"""What comes to the path /: who answers it, in which format, and what is refused before anything else."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from havip.rpc import answers
from havip.rpc.answers import Format
from havip.rpc.errors import RpcError
from tests.havip.rpc.clients import (
    CLIENTS,
    ECS,
    FORM,
    HOST,
    Key,
    Sent,
    Wish,
    cli_head,
    new_python,
    old_python,
    pop_core_get,
    pop_core_post,
    tea_rpc,
    with_header,
)
from tests.havip.rpc.conftest import Calls

pytestmark = pytest.mark.django_db


class TestSwitch:
    """The path / is the console's home, unless a request carries an action."""

    @pytest.mark.parametrize("query", ["", "next=/t/", "action=x", "Actions=1", "x=Action"])
    def test_a_browser_gets_the_console(self, client: Client, query: str) -> None:
        response = client.get(f"/?{query}")
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")

    def test_a_member_still_gets_home(self, operator_client: Client) -> None:
        assert "/havips/" in operator_client.get("/")["Location"]

    def test_a_form_without_an_action_is_not_ours(self, client: Client) -> None:
        response = Client(enforce_csrf_checks=True).post("/", "a=b", content_type=FORM)
        assert response.status_code == 403
        assert response["Content-Type"].startswith("text/html")

    @pytest.mark.parametrize("path", ["/t/alpha/", "/sign-in/", "/api/", "/t//"])
    def test_only_the_root(self, client: Client, path: str) -> None:
        response = client.get(f"{path}?Action=DescribeRegions")
        assert "application/json" not in response.headers.get("Content-Type", "")
        assert "text/xml" not in response.headers.get("Content-Type", "")

    def test_no_session_no_cookie_no_csrf(self, key: Key, echo: Calls) -> None:
        strict = Client(enforce_csrf_checks=True)
        for send in CLIENTS.values():
            reply = send(Wish(key, "Echo")).to(strict)
            assert reply.status == 200
            assert "Set-Cookie" not in reply.headers
        assert not strict.cookies

    def test_a_signed_in_browser_is_nobody_here(self, operator_client: Client) -> None:
        response = operator_client.get("/?Action=DescribeRegions&Format=JSON&Version=2016-04-28")
        assert (response.status_code, response.json()["Code"]) == (400, "MissingAccessKeyId")


class TestProtocol:
    """HTTP methods, TLS and the Host header."""

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
    def test_other_methods(self, key: Key, echo: Calls, client: Client, method: str) -> None:
        for send in (new_python, pop_core_get):
            reply = replace(send(Wish(key, "Echo")), method=method).to(client)
            assert (reply.status, reply.code) == (400, "UnsupportedHTTPMethod")

    def test_head(self, key: Key, echo: Calls, client: Client) -> None:
        reply = cli_head(Wish(key, "HeadEcho")).to(client)
        assert (reply.status, reply.body) == (200, {})
        assert len(echo) == 1
        assert cli_head(Wish(key, "Echo")).to(client).status == 400
        assert len(echo) == 1

    def test_an_action_is_never_redirected(
        self, key: Key, echo: Calls, client: Client, settings: Any
    ) -> None:
        settings.SECURE_SSL_REDIRECT = True
        reply = new_python(Wish(key, "Echo")).to(client)
        assert (reply.status, reply.code) == (400, "InvalidProtocol.NeedSsl")
        assert new_python(Wish(key, "Echo")).to(client, secure=True).status == 200

    def test_a_host_that_is_not_ours(self, key: Key, echo: Calls, client: Client) -> None:
        sent = with_header(pop_core_get(Wish(key, "Echo")), "host", "elsewhere.test")
        reply = sent.to(client)
        assert (reply.status, reply.code) == (400, "InvalidParameter")
        assert reply.body["HostId"] == ""


class TestParametersOnTheWire:
    """What could be read in two ways is refused."""

    def test_a_name_in_query_and_form(self, key: Key, echo: Calls, client: Client) -> None:
        sent = tea_rpc(Wish(key, "Echo", {"Name": "a"}))
        reply = replace(sent, query=f"{sent.query}&Name=a").to(client)
        assert (reply.status, reply.code) == (400, "InvalidParameter.Format")
        assert "Name" in reply.body["Message"]

    @pytest.mark.parametrize(
        "query", ["Action=Echo&Action=Echo", "Action=Echo&%41ction=Echo", "Action=Echo&Name=%zz"]
    )
    def test_doubled_or_broken(self, client: Client, query: str) -> None:
        assert Sent("GET", query).to(client).code == "InvalidParameter.Format"

    def test_bytes_that_are_no_text(self, client: Client) -> None:
        assert Sent("GET", "Action=Echo&Name=%ff%fe").to(client).code == "InvalidParameter.Format"
        raw = Sent("POST", "", {"content-type": FORM}, b"Action=Echo&Name=\xff")
        assert raw.to(client).code == "InvalidParameter.Format"

    def test_a_body_of_another_kind(self, key: Key, echo: Calls, client: Client) -> None:
        sent = with_header(pop_core_get(Wish(key, "Echo")), "content-type", "application/json")
        reply = replace(sent, method="POST", body=b'{"Name": "x"}').to(client)
        assert reply.code == "InvalidParameter.Format"
        assert "Content-Type" in reply.body["Message"]

    def test_too_long(self, client: Client) -> None:
        for sent in (
            Sent("POST", "Action=Echo", {"content-type": FORM}, b"a" * 300_000),
            Sent("POST", "", {"content-type": FORM}, b"Action=Echo&Name=" + b"a" * 300_000),
            Sent("POST", "", {"content-type": FORM}, b"a" * 3_000_000),
            Sent("GET", "Action=Echo&Name=" + "a" * 70_000),
        ):
            reply = sent.to(client)
            assert (reply.status, reply.code) == (413, "RequestTooLarge")

    def test_too_many(self, client: Client) -> None:
        query = "&".join(["Action=Echo", *(f"p{number}=" for number in range(600))])
        assert Sent("GET", query).to(client).code == "InvalidParameter"


class TestFormats:
    """JSON and XML, as asked for."""

    @pytest.mark.parametrize(
        ("asked", "content_type"),
        [
            ("JSON", "application/json;charset=utf-8"),
            ("json", "application/json;charset=utf-8"),
            ("None", "application/json;charset=utf-8"),
            ("XML", "text/xml;charset=utf-8"),
            ("xml", "text/xml;charset=utf-8"),
            ("", "text/xml;charset=utf-8"),
        ],
    )
    def test_signed_in_parameters(
        self, key: Key, echo: Calls, client: Client, asked: str, content_type: str
    ) -> None:
        for action in ("Echo", "Nothing"):
            reply = pop_core_post(Wish(key, action, format=asked)).to(client)
            assert reply.headers["Content-Type"] == content_type
            assert reply.status == (200 if action == "Echo" else 404)

    def test_signed_in_headers(self, key: Key, echo: Calls, client: Client) -> None:
        reply = new_python(Wish(key, "Echo")).to(client)
        assert reply.headers["Content-Type"] == "application/json;charset=utf-8"
        reply = new_python(Wish(key, "Echo", {"Format": "XML"})).to(client)
        assert reply.body["root"] == "EchoResponse"

    def test_another_word(self, key: Key, echo: Calls, client: Client) -> None:
        reply = pop_core_get(Wish(key, "Echo", format="YAML")).to(client)
        assert (reply.status, reply.code) == (400, "InvalidParameter.Format")
        assert not echo

    def test_the_error_body(self, key: Key, echo: Calls, client: Client) -> None:
        reply = new_python(Wish(key, "Echo", {"PageSize": "0"})).to(client)
        assert reply.status == 400
        assert list(reply.body) == ["RequestId", "HostId", "Code", "Message", "Recommend"]
        assert reply.body["RequestId"] == reply.headers["X-Request-Id"]
        assert reply.body["RequestId"] == reply.headers["x-acs-request-id"]
        assert reply.body["HostId"] == HOST
        assert reply.headers["Cache-Control"] == "no-store"
        xml = old_python(Wish(key, "Echo", {"PageSize": "0"}, format="XML")).to(client)
        assert xml.body.keys() == {"root", *reply.body}
        assert (xml.body["root"], xml.code) == ("Error", "InvalidParameter")

    def test_lists_in_xml_repeat_the_inner_name(self) -> None:
        values = {
            "HaVips": {
                "HaVip": [
                    {"Name": "a<&>\x00\x1b", "Open": True, "Left": None},
                    {"Ids": {"id": []}, "Number": 3},
                ]
            }
        }
        response = answers.success(values, action="Describe", request_id="R", wanted=Format.XML)
        root = ET.fromstring(response.content)
        assert root.tag == "DescribeResponse"
        assert [len(each) for each in root.findall("HaVips/HaVip")] == [2, 2]
        assert root.findtext("HaVips/HaVip/Name") == "a<&>\ufffd\ufffd"
        assert root.findtext("HaVips/HaVip/Open") == "true"
        assert root.find("HaVips/HaVip/Ids") is not None

    def test_a_success_never_has_a_code(self) -> None:
        with pytest.raises(ValueError, match="Code"):
            answers.success({"Code": "OK"}, action="X", request_id="R", wanted=Format.JSON)

    def test_headers_of_an_error_are_sent(self) -> None:
        error = RpcError("A", "b", 503, headers={"Retry-After": "3"})
        response = answers.failure(error, request_id="R", host="h", wanted=Format.JSON)
        assert (response.status_code, response["Retry-After"]) == (503, "3")
        assert json.loads(response.content)["Code"] == "A"


class TestUnknown:
    """Actions and versions that are not there."""

    @pytest.mark.parametrize(
        ("action", "version"),
        [("Nothing", "2016-04-28"), ("echo", "2016-04-28"), ("Echo", "2015-01-01"), ("é", "é")],
    )
    def test_api(self, key: Key, echo: Calls, client: Client, action: str, version: str) -> None:
        reply = pop_core_get(Wish(key, action, version=version)).to(client)
        assert (reply.status, reply.code) == (404, "InvalidApi.NotFound")

    def test_the_same_action_in_two_versions(self, key: Key, echo: Calls, client: Client) -> None:
        assert new_python(Wish(key, "Echo")).to(client).body["Region"] == "2016-04-28"
        other = Wish(key, "Echo", {"RegionId": "cn-hangzhou"}, version=ECS)
        assert new_python(other).to(client).body["Region"] == ECS

    def test_an_error_of_ours(self, key: Key, echo: Calls, client: Client) -> None:
        reply = new_python(Wish(key, "Break")).to(client)
        assert (reply.status, reply.code) == (500, "InternalError")
        assert reply.body["RequestId"] == reply.headers["X-Request-Id"]
        assert "nobody thought of" not in json.dumps(reply.body)
