"""M1 and M2: what must hold for names and descriptions, with the code that the cloud has for each kind of resource."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from console.operations.refusal import Rule
from havip.rules.catalogue import numbered

MAXIMUM_NAME = 128
MAXIMUM_DESCRIPTION = 256
_WEB_PAGES = ("http://", "https://")


def _name(code: str) -> Rule:
    return Rule(
        "M1",
        code=code,
        message=_("A name has at most 128 characters and does not begin with http:// or https://."),
        field="name",
    )


def _description(code: str) -> Rule:
    return Rule(
        "M2",
        code=code,
        message=_(
            "A description has at most 256 characters and does not begin with http:// or https://."
        ),
        field="description",
    )


M1_NAME = _name("Abs.Vpc.InvalidName.Malformed")
M1_VPC_NAME = _name("InvalidVpcName.Malformed")
M1_VSWITCH_NAME = _name("InvalidVSwitchName.Malformed")
M1_INSTANCE_NAME = _name("InvalidInstanceName.Malformed")
M2_DESCRIPTION = _description("InvalidDescription.Malformed")
M2_VPC_DESCRIPTION = _description("InvalidVpcDiscription.Malformed")  # sic, and the next one, too
M2_VSWITCH_DESCRIPTION = _description("InvalidVSwitchDiscription.Malformed")

# By the kind of resource: 6-cloud-api, section 3, and the error tables of CreateVpc and RunInstances. The others have the codes
# that are documented for HaVips.
_NAMES: Mapping[str, Rule] = {
    "vpc": M1_VPC_NAME,
    "vswitch": M1_VSWITCH_NAME,
    "instance": M1_INSTANCE_NAME,
}
_DESCRIPTIONS: Mapping[str, Rule] = {
    "vpc": M2_VPC_DESCRIPTION,
    "vswitch": M2_VSWITCH_DESCRIPTION,
}


def m1_name(name: str, kind: str) -> None:
    """M1: a name is at most 128 characters and no address of a web page (6-cloud-api, 1.1); `kind` as in the audit log."""
    if len(name) > MAXIMUM_NAME or name.startswith(_WEB_PAGES):
        raise _NAMES.get(kind, M1_NAME).refuse()


def m2_description(description: str, kind: str) -> None:
    """M2: a description is at most 256 characters and no address of a web page (6-cloud-api, 1.1); `kind` as for names."""
    if len(description) > MAXIMUM_DESCRIPTION or description.startswith(_WEB_PAGES):
        raise _DESCRIPTIONS.get(kind, M2_DESCRIPTION).refuse()


numbered("M1", "names are well-formed", M1_NAME, M1_VPC_NAME, M1_VSWITCH_NAME, M1_INSTANCE_NAME)
numbered(
    "M2",
    "descriptions are well-formed",
    M2_DESCRIPTION,
    M2_VPC_DESCRIPTION,
    M2_VSWITCH_DESCRIPTION,
)
