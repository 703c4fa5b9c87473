"""The cloud's older Python SDKs (aliyun-python-sdk-core with -vpc and -ecs), doing what they are told; see `generated.py`."""

from __future__ import annotations

import importlib
import json
import os
import sys
from xml.etree import ElementTree as ET

from aliyunsdkcore.acs_exception.exceptions import ServerException
from aliyunsdkcore.client import AcsClient

# As in `generated.py`.
PATIENCE_SECONDS = 120
MODULES = {"vpc": "aliyunsdkvpc.request.v20160428", "ecs": "aliyunsdkecs.request.v20140526"}
CLIENTS = {}


def client_of(told):
    whose = told["key"], told["secret"]
    if whose not in CLIENTS:
        CLIENTS[whose] = AcsClient(
            *whose,
            os.environ["CONTRACT_REGION"],
            connect_timeout=PATIENCE_SECONDS,
            timeout=PATIENCE_SECONDS,
        )
    return CLIENTS[whose]


def request_of(told):
    name = f"{told['action']}Request"
    module = importlib.import_module(f"{MODULES[told['product']]}.{name}")
    request = getattr(module, name)()
    request.set_endpoint(os.environ["CONTRACT_ENDPOINT"])
    request.set_protocol_type("http")
    request.set_accept_format(told.get("format", "JSON"))
    for key, value in told["parameters"].items():
        setter = getattr(request, f"set_{key}{'s' if isinstance(value, list) else ''}", None)
        if setter is not None:
            setter(value)
        else:
            request.add_query_param(key, value)
    return request


def perform(told):
    if told.get("format") == "XML":  # the other way to ask always asks for JSON
        root = ET.fromstring(client_of(told).do_action(request_of(told)))
        texts = {each.tag: each.text for each in root.iter()}
        return {"status": 200, "xml": root.tag, "texts": texts}
    try:
        content = client_of(told).do_action_with_exception(request_of(told))
    except ServerException as error:
        return {
            "error": {
                "type": type(error).__name__,
                "code": error.get_error_code(),
                "status": error.get_http_status(),
                "message": error.get_error_msg(),
                "request_id": error.get_request_id(),
            }
        }
    return {"status": 200, "body": json.loads(content)}


for line in sys.stdin:
    print(json.dumps(perform(json.loads(line))), flush=True)
