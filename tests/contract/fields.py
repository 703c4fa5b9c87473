"""What the SDKs' models of the answers know and this console has nothing for: in lower case, without underscores."""

from __future__ import annotations

# What a server is made of, what it costs, and what it was ordered with.
_MACHINE = (
    "additionalinfo autoreleasetime clockoptions clusterid cpu cpuoptions creditspecification "
    "dedicatedhostattribute dedicatedinstanceattribute deploymentsetgroupno deploymentsetid "
    "ecscapacityreservationattr enablenvs gpuamount gpuspec hibernationoptions hpcclusterid imageoptions "
    "iooptimized isp localstorageamount localstoragecapacity memory metadataoptions privatednsnameoptions "
    "recyclable salecycle securityoptions spotduration spotinterruptionbehavior spotpricelimit vlanid "
    "networkinterfaces.networkinterface.privateipsets.privateipset.privatednsname"
)
_CARD = "queuenumber queuepairnumber privateipsets.privateipset.privatednsname"

NOT_KNOWN_HERE: dict[str, set[str]] = {
    "AllocateEipAddress": {"orderid"},
    "RunInstances": {"orderid", "tradeprice"},
    "DescribeInstances": {f"instances.instance.{name}" for name in _MACHINE.split()},
    "DescribeNetworkInterfaces": {
        f"networkinterfacesets.networkinterfaceset.{name}" for name in _CARD.split()
    },
}
