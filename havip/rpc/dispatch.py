"""Which function answers which action of which version, and what it gets: a `Call`.

An action is a function from a call to the answer's values, without RequestId. It reads through `havip.selectors` and
writes through `havip.operations`, and raises Refusal or RpcError. One function may answer for several versions:

    @action("2014-05-26", "DescribeRegions", text("AcceptLanguage"))
    @action("2016-04-28", "DescribeRegions", text("AcceptLanguage"), ignored("ProductType"))
    def describe_regions(call: Call) -> dict[str, Any]: ...
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.operations.refusal import PERMISSION
from console.operations.rehearsal import rehearsal
from console.teams.principal import Principal
from console.teams.roles import Permission
from havip.rpc import errors, parameters
from havip.rpc.parameters import Parameter, Support

Answer = dict[str, Any]
Handler = Callable[["Call"], Answer]
VPC = "2016-04-28"
ECS = "2014-05-26"
_CLIENT_TOKEN = parameters.text("ClientToken")
_DRY_RUN = parameters.boolean("DryRun")


@dataclass(frozen=True, slots=True)
class Call:
    """One proven request of an action, its parameters read.

    `call["Name"]` is the parameter's value, or its default; `call.get("Name")` is None where nothing was sent, so that an empty
    text can be told from none; `"Name" in call` says whether it was sent. Asking for what the action does not declare is a
    KeyError.
    """

    version: str
    action: str
    principal: Principal
    values: Mapping[str, Any]
    defaults: Mapping[str, Any]
    client_token: str = ""
    dry_run: bool = False
    host: str = ""

    def __getitem__(self, name: str) -> Any:
        """Return the value that was sent, or the parameter's default."""
        return self.values.get(name, self.defaults[name])

    def get(self, name: str, default: Any = None) -> Any:
        """Return the value that was sent, or `default`."""
        if name not in self.defaults:
            raise KeyError(name)
        return self.values.get(name, default)

    def __contains__(self, name: object) -> bool:
        return name in self.values


@dataclass(frozen=True, slots=True)
class Action:
    """One action of one version: its parameters, whether it has a DryRun, whether it may be asked for with HEAD."""

    version: str
    name: str
    parameters: tuple[Parameter, ...]
    handler: Handler
    dry_run: bool = False
    head: bool = False

    def read(self, principal: Principal, texts: Mapping[str, str], host: str = "") -> Call:
        """Return the call of a proven request with these texts. Raises RpcError for the first parameter that is wrong."""
        values = {}
        for parameter in self.parameters:
            value = parameter.read(texts)
            if value is not None:
                values[parameter.name] = value
        rehearse = bool(_DRY_RUN.read(texts))
        if rehearse and not self.dry_run:
            # To ignore it would carry out what the caller only wanted to try.
            raise errors.unsupported_parameter("DryRun", "This action cannot be tried out.")
        supported = (each for each in self.parameters if each.support is Support.SUPPORTED)
        return Call(
            version=self.version,
            action=self.name,
            principal=principal,
            values=values,
            defaults={parameter.name: parameter.default for parameter in supported},
            client_token=_CLIENT_TOKEN.read(texts) or "",
            dry_run=rehearse,
            host=host,
        )


ACTIONS: dict[tuple[str, str], Action] = {}


def action(
    version: str,
    name: str,
    *declared: Parameter | Iterable[Parameter],
    dry_run: bool = False,
    head: bool = False,
) -> Callable[[Handler], Handler]:
    """Register a function as an action of a version of the cloud's API. `head`: it may be asked for with HEAD.

    ClientToken, DryRun and the parameters that every action tolerates need no declaration.
    """
    flat: list[Parameter] = []
    for each in declared:
        flat += [each] if isinstance(each, Parameter) else each

    def register(handler: Handler) -> Handler:
        names = [parameter.name for parameter in flat]
        if len(set(names)) < len(names) or (version, name) in ACTIONS:
            raise ValueError(f"{version} {name} declares something twice")
        ACTIONS[version, name] = Action(version, name, tuple(flat), handler, dry_run, head)
        return handler

    return register


def find_action(version: str, name: str) -> Action:
    """Return the action. Raises RpcError InvalidApi.NotFound."""
    found = ACTIONS.get((version, name))
    if found is None:
        raise errors.unknown_action(version, name)
    return found


def perform(
    found: Action, principal: Principal, texts: Mapping[str, str], *, host: str = ""
) -> Answer:
    """Answer one proven request. Raises RpcError, or Refusal from a rule; DryRunOperation where a DryRun would succeed."""
    if not principal.may(Permission.READ):
        raise PERMISSION.refuse()
    call = found.read(principal, texts, host)
    if not call.dry_run:
        return found.handler(call)
    with rehearsal():
        found.handler(call)
    raise errors.dry_run_passed()
