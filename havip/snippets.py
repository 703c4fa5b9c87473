"""The same act as text for a script: curl on the REST API, the cloud's Python SDK, and Terraform.

Pure text: values in, text out. Every value is quoted for its language, so that a name can neither end a string nor start
a command. Keys never stand in a snippet: it reads them from the environment. What has not been chosen yet is a placeholder in capitals.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from havip.models import BindingKind

Values = Mapping[str, object]
_PYTHON_HEAD = """\
import os

from alibabacloud_tea_openapi.models import Config
from alibabacloud_vpc20160428 import models
from alibabacloud_vpc20160428.client import Client

client = Client(
    Config(
        access_key_id=os.environ["HAVIP_ACCESS_KEY_ID"],
        access_key_secret=os.environ["HAVIP_ACCESS_KEY_SECRET"],
        endpoint={endpoint},
        protocol={protocol},
    )
)
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where the console answers: "http" or "https", and host with port, as a client has to name it."""

    scheme: str
    host: str
    region: str


@dataclass(frozen=True, slots=True)
class Snippet:
    """One text in one language."""

    language: str
    title: str
    text: str


def _three(curl: str, python: str, terraform: str) -> list[Snippet]:
    return [
        Snippet("curl", "curl", curl),
        Snippet("python", "Python", python),
        Snippet("terraform", "Terraform", terraform),
    ]


# --- The acts -------------------------------------------------------------------------------------------------


def create_havip(
    endpoint: Endpoint,
    url: str,
    *,
    vswitch_id: str,
    ip_address: str,
    name: str,
    description: str,
    tags: Mapping[str, str],
) -> list[Snippet]:
    """Return how a script creates this HaVip; `url` is the REST collection's."""
    vswitch_id = vswitch_id or "VSWITCH_ID"
    body = _given(vswitch_id=vswitch_id, ip_address=ip_address, name=name, description=description)
    if tags:
        body["tags"] = dict(tags)
    request = _given(
        region_id=endpoint.region,
        v_switch_id=vswitch_id,
        ip_address=ip_address,
        name=name,
        description=description,
    )
    if tags:
        request["tag"] = [_Tag(key, value) for key, value in tags.items()]
    return _three(
        curl_write(url, body),
        python_call(endpoint, "create_ha_vip", "CreateHaVipRequest", request, "ha_vip_id"),
        terraform(endpoint, _havip_block(vswitch_id, ip_address, name, description, tags)),
    )


def bind_node(
    endpoint: Endpoint, url: str, *, havip_id: str, kind: BindingKind, resource_id: str
) -> list[Snippet]:
    """Return how a script binds an instance or a network interface; `url` is the REST sub-resource's."""
    is_instance = kind == BindingKind.INSTANCE
    resource_id = resource_id or ("INSTANCE_ID" if is_instance else "INTERFACE_ID")
    request = {
        "region_id": endpoint.region,
        "ha_vip_id": havip_id,
        "instance_id": resource_id,
        "instance_type": kind.value,
    }
    block = _attachment_block(json_text(havip_id), resource_id, kind, "node")
    return _three(
        curl_write(url, {"instance_id" if is_instance else "interface_id": resource_id}),
        python_call(endpoint, "associate_ha_vip", "AssociateHaVipRequest", request),
        terraform(endpoint, block),
    )


def bind_eip(endpoint: Endpoint, url: str, *, havip_id: str, eip_id: str) -> list[Snippet]:
    """Return how a script binds an EIP; `url` is the REST sub-resource's."""
    eip_id = eip_id or "EIP_ID"
    request = {
        "region_id": endpoint.region,
        "allocation_id": eip_id,
        "instance_id": havip_id,
        "instance_type": "HaVip",
    }
    return _three(
        curl_write(url, {"eip_id": eip_id}),
        python_call(endpoint, "associate_eip_address", "AssociateEipAddressRequest", request),
        terraform(endpoint, _eip_block(json_text(havip_id), eip_id)),
    )


def read_havip(
    endpoint: Endpoint,
    url: str,
    *,
    havip_id: str,
    vswitch_id: str,
    ip_address: str,
    name: str,
    description: str,
    tags: Mapping[str, str],
    nodes: Sequence[tuple[BindingKind, str]],
    eip_id: str,
) -> list[Snippet]:
    """Return how a script reads this HaVip, and how Terraform takes it over with what is bound; `url` is the REST object's."""
    blocks = [
        _havip_block(vswitch_id, ip_address, name, description, tags),
        _import_block("alicloud_vpc_ha_vip.this", havip_id),
    ]
    for number, (kind, resource_id) in enumerate(nodes, start=1):
        label = f"node_{number}"
        blocks.append(_attachment_block("alicloud_vpc_ha_vip.this.id", resource_id, kind, label))
        blocks.append(
            _import_block(f"alicloud_havip_attachment.{label}", f"{havip_id}:{resource_id}")
        )
    if eip_id:
        blocks.append(_eip_block("alicloud_vpc_ha_vip.this.id", eip_id))
        blocks.append(_import_block("alicloud_eip_association.this", f"{eip_id}:{havip_id}"))
    return _three(curl_read(url), _python_read(endpoint, havip_id), terraform(endpoint, *blocks))


def _given(**values: str) -> dict[str, Any]:
    """Return the values that are not empty."""
    return {name: value for name, value in values.items() if value}


# --- curl -----------------------------------------------------------------------------------------------------


def curl_read(url: str) -> str:
    """Return a command that reads an object of the REST API."""
    return _shell("curl --fail-with-body", _AUTHORIZATION, shlex.quote(url))


def curl_write(url: str, body: Values) -> str:
    """Return a command that posts to the REST API; its token makes it safe to be sent again, `wait` holds the answer until it is done."""
    return _shell(
        "curl --fail-with-body --request POST",
        _AUTHORIZATION,
        "--header 'Content-Type: application/json'",
        '--header "Idempotency-Key: $(openssl rand -hex 16)"',
        f"--data {shlex.quote(json.dumps(body, ensure_ascii=False))}",
        shlex.quote(f"{url}?wait=30"),
    )


_AUTHORIZATION = '--header "Authorization: Bearer $HAVIP_API_KEY"'


def _shell(*parts: str) -> str:
    return " \\\n  ".join(parts)


# --- Python ---------------------------------------------------------------------------------------------------


def python_call(
    endpoint: Endpoint, method: str, request: str, values: Values, answer: str = ""
) -> str:
    """Return a program that calls one method of the SDK and prints one field of its answer, or the request's id."""
    arguments = "".join(f"        {name}={_literal(value)},\n" for name, value in values.items())
    return (
        _python_head(endpoint)
        + f"answer = client.{method}(\n    models.{request}(\n{arguments}    )\n)\n"
        + f"print(answer.body.{answer or 'request_id'})"
    )


def _python_read(endpoint: Endpoint, havip_id: str) -> str:
    return (
        _python_head(endpoint)
        + 'wanted = models.DescribeHaVipsRequestFilter(key="HaVipId", '
        + f"value=[{_literal(havip_id)}])\n"
        + "answer = client.describe_ha_vips(\n    models.DescribeHaVipsRequest(\n"
        + f"        region_id={_literal(endpoint.region)},\n        filter=[wanted],\n    )\n)\n"
        + "for havip in answer.body.ha_vips.ha_vip:\n"
        + "    print(havip.ip_address, havip.status, havip.master_instance_id)"
    )


@dataclass(frozen=True, slots=True)
class _Tag:
    """A tag as the SDK has it: an object of a class of its own."""

    key: str
    value: str


def _literal(value: object) -> str:
    """Return an expression for a value: what JSON escapes in a string, Python reads in the same way."""
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    if isinstance(value, _Tag):
        given = f"key={_literal(value.key)}, value={_literal(value.value)}"
        return f"models.CreateHaVipRequestTag({given})"
    return json.dumps(value, ensure_ascii=False)


def _python_head(endpoint: Endpoint) -> str:
    return _PYTHON_HEAD.format(endpoint=_literal(endpoint.host), protocol=_literal(endpoint.scheme))


# --- Terraform ------------------------------------------------------------------------------------------------


def json_text(value: str) -> str:
    """Return a string of HCL: JSON's, with the two marks that would begin a template doubled."""
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def terraform(endpoint: Endpoint, *blocks: str) -> str:
    """Return blocks below a provider that speaks to this console; it takes its keys from ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY."""
    provider = (
        'provider "alicloud" {\n'
        f"  region   = {json_text(endpoint.region)}\n"
        f"  protocol = {json_text(endpoint.scheme.upper())}\n"
        "  endpoints {\n"
        f"    vpc = {json_text(endpoint.host)}\n"
        "  }\n"
        "}"
    )
    return "\n\n".join([provider, *blocks])


def _block(kind: str, label: str, values: Mapping[str, str]) -> str:
    """Return a resource; values are expressions of HCL."""
    width = max(map(len, values))
    lines = "".join(f"  {name.ljust(width)} = {value}\n" for name, value in values.items())
    return f'resource "{kind}" "{label}" {{\n{lines}}}'


def _havip_block(
    vswitch_id: str, ip_address: str, name: str, description: str, tags: Mapping[str, str]
) -> str:
    given = _given(
        vswitch_id=vswitch_id, ip_address=ip_address, ha_vip_name=name, description=description
    )
    quoted = {key: json_text(value) for key, value in given.items()}
    if tags:
        pairs = (f"{json_text(key)} = {json_text(value)}" for key, value in tags.items())
        quoted["tags"] = f"{{ {', '.join(pairs)} }}"
    return _block("alicloud_vpc_ha_vip", "this", quoted)


def _attachment_block(havip: str, resource_id: str, kind: BindingKind, label: str) -> str:
    values = {
        "ha_vip_id": havip,
        "instance_id": json_text(resource_id),
        "instance_type": json_text(kind.value),
    }
    return _block("alicloud_havip_attachment", label, values)


def _eip_block(havip: str, eip_id: str) -> str:
    values = {
        "allocation_id": json_text(eip_id),
        "instance_id": havip,
        "instance_type": json_text("HaVip"),
    }
    return _block("alicloud_eip_association", "this", values)


def _import_block(target: str, identifier: str) -> str:
    return f"import {{\n  to = {target}\n  id = {json_text(identifier)}\n}}"
