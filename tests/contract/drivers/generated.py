"""The cloud's generated Python SDKs (alibabacloud_vpc20160428, alibabacloud_ecs20140526), doing what they are told.

One JSON object a line comes in on standard input: `key` and `secret`, `product`, `action`, `parameters` in the names of
the wire. One goes out: `body`, read through the SDK's own model of the answer, or `error` with what the SDK raised.
`unfilled` names the fields that the model knows and that the answer did not have.
"""

from __future__ import annotations

import importlib
import json
import os
import sys

from alibabacloud_tea_openapi.utils_models import Config
from darabonba.model import DaraModel
from Tea.exceptions import TeaException

# How long a busy machine may take for an answer: what the SDKs would do without one is not what is tried here.
PATIENCE_MILLISECONDS = 120_000
PACKAGES = {"vpc": "alibabacloud_vpc20160428", "ecs": "alibabacloud_ecs20140526"}


def client_of(package, key, secret):
    config = Config(
        access_key_id=key,
        access_key_secret=secret,
        endpoint=os.environ["CONTRACT_ENDPOINT"],
        region_id=os.environ["CONTRACT_REGION"],
        protocol="http",
        connect_timeout=PATIENCE_MILLISECONDS,
        read_timeout=PATIENCE_MILLISECONDS,
    )
    if os.environ.get("CONTRACT_VARIANT") == "v1":
        config.signature_algorithm = "v2"  # that is what the SDK calls the signature of version 1.0
    return importlib.import_module(f"{package}.client").Client(config)


def unfilled(model, where=""):
    """Name the fields of a model that were not in the answer."""
    missing = []
    for name, value in vars(model).items():
        here = f"{where}.{name}".lstrip(".")
        if value is None:
            missing.append(here)
        elif isinstance(value, DaraModel):
            missing += unfilled(value, here)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, DaraModel):
                    missing += unfilled(item, here)
    return sorted(set(missing))


def perform(told):
    package = PACKAGES[told["product"]]
    models = importlib.import_module(f"{package}.models")
    request = getattr(models, f"{told['action']}Request")().from_map(told["parameters"])
    whose = package, told["key"], told["secret"]
    client = CLIENTS[whose] = CLIENTS.get(whose) or client_of(*whose)
    wanted = told["action"].lower()
    method = next(name for name in dir(client) if name.replace("_", "").lower() == wanted)
    try:
        response = getattr(client, method)(request)
    except TeaException as error:
        return {
            "error": {
                "type": type(error).__name__,
                "code": error.code,
                "status": getattr(error, "status_code", None) or error.statusCode,
                "message": error.message,
                "request_id": (error.data or {}).get("RequestId"),
            }
        }
    return {
        "status": response.status_code,
        "body": response.body.to_map(),
        "unfilled": unfilled(response.body),
    }


CLIENTS = {}
for line in sys.stdin:
    print(json.dumps(perform(json.loads(line))), flush=True)
