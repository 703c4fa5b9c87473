"""Every address of the REST API, below /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, path
from django.views import View

from havip.rest.endpoint import Nothing
from havip.rest.views import (
    agents,
    audit,
    compute,
    configurations,
    console,
    drills,
    havips,
    jobs,
    networks,
    schema,
    tags,
)

app_name = "rest"
_REGION = "regions/<str:region>"
_HAVIP = f"{_REGION}/havips/<str:havip_id>"
_VPC = f"{_REGION}/vpcs/<str:vpc_id>"
_VSWITCH = f"{_REGION}/vswitches/<str:vswitch_id>"
_INSTANCE = f"{_REGION}/instances/<str:instance_id>"
_INTERFACE = f"{_REGION}/interfaces/<str:interface_id>"
_EIP = f"{_REGION}/eips/<str:eip_id>"
_DRILL = f"{_REGION}/drills/<str:drill_id>"


def _at(route: str, view: type[View], name: str) -> URLPattern:
    return path(route, view.as_view(), name=name)


urlpatterns = [
    path("", schema.page, name="page"),
    _at("schema", schema.Schema, "schema"),
    _at("key", console.Key, "key"),
    _at("regions", console.Regions, "regions"),
    _at(_REGION, console.Region, "region"),
    # HaVips
    _at(f"{_REGION}/havips", havips.HaVips, "havips"),
    _at(_HAVIP, havips.HaVip, "havip"),
    _at(f"{_HAVIP}/bind-instance", havips.HaVipInstance, "bind-instance"),
    _at(f"{_HAVIP}/unbind-instance", havips.HaVipInstanceOff, "unbind-instance"),
    _at(f"{_HAVIP}/bind-interface", havips.HaVipInterface, "bind-interface"),
    _at(f"{_HAVIP}/unbind-interface", havips.HaVipInterfaceOff, "unbind-interface"),
    _at(f"{_HAVIP}/bind-eip", havips.HaVipEip, "bind-eip"),
    _at(f"{_HAVIP}/unbind-eip", havips.HaVipEipOff, "unbind-eip"),
    _at(f"{_HAVIP}/candidates", havips.HaVipCandidates, "candidates"),
    _at(f"{_HAVIP}/holders", havips.HaVipHolders, "holders"),
    _at(f"{_HAVIP}/tags", tags.HaVipTags, "havip-tags"),
    _at(f"{_HAVIP}/node-configurations", configurations.NodeConfigurations, "node-configurations"),
    _at(
        f"{_HAVIP}/node-configurations/<str:instance_id>",
        configurations.NodeConfiguration,
        "node-configuration",
    ),
    _at(f"{_REGION}/configuration-check", configurations.ConfigurationCheck, "configuration-check"),
    # Drills
    _at(f"{_HAVIP}/drills", drills.HaVipDrills, "drills"),
    _at(f"{_HAVIP}/drill-options", drills.HaVipDrillOptions, "drill-options"),
    _at(_DRILL, drills.Drill, "drill"),
    _at(f"{_DRILL}/answers", drills.DrillAnswers, "drill-answers"),
    _at(f"{_DRILL}/stop", drills.DrillStop, "drill-stop"),
    # The network
    _at(f"{_REGION}/vpcs", networks.Vpcs, "vpcs"),
    _at(_VPC, networks.Vpc, "vpc"),
    _at(f"{_VPC}/timers", networks.VpcTimers, "vpc-timers"),
    _at(f"{_VPC}/tags", tags.VpcTags, "vpc-tags"),
    _at(f"{_REGION}/vswitches", networks.VSwitches, "vswitches"),
    _at(_VSWITCH, networks.VSwitch, "vswitch"),
    _at(f"{_VSWITCH}/next-address", networks.NextAddress, "next-address"),
    _at(f"{_VSWITCH}/address-check", networks.AddressCheck, "address-check"),
    _at(f"{_VSWITCH}/tags", tags.VSwitchTags, "vswitch-tags"),
    _at(f"{_REGION}/route-entries", networks.Routes, "routes"),
    _at(f"{_REGION}/route-entries/<str:route_id>", networks.Route, "route"),
    # What stands in it
    _at(f"{_REGION}/instances", compute.Instances, "instances"),
    _at(_INSTANCE, compute.Instance, "instance"),
    _at(f"{_INSTANCE}/start", compute.InstanceStart, "instance-start"),
    _at(f"{_INSTANCE}/stop", compute.InstanceStop, "instance-stop"),
    _at(f"{_INSTANCE}/tags", tags.InstanceTags, "instance-tags"),
    _at(f"{_REGION}/interfaces", compute.Interfaces, "interfaces"),
    _at(_INTERFACE, compute.Interface, "interface"),
    _at(f"{_INTERFACE}/attach", compute.InterfaceAttach, "interface-attach"),
    _at(f"{_INTERFACE}/detach", compute.InterfaceDetach, "interface-detach"),
    _at(f"{_REGION}/eips", compute.Eips, "eips"),
    _at(_EIP, compute.Eip, "eip"),
    _at(f"{_EIP}/tags", tags.EipTags, "eip-tags"),
    _at(f"{_REGION}/tag", tags.TagSeveral, "tag-several"),
    _at(f"{_REGION}/untag", tags.UntagSeveral, "untag-several"),
    _at(f"{_REGION}/tag-keys", tags.TagKeys, "tag-keys"),
    # The team's
    _at("jobs", jobs.Jobs, "jobs"),
    _at("jobs/<str:job_id>", jobs.Job, "job"),
    _at("jobs/<str:job_id>/log", jobs.JobLog, "job-log"),
    _at("jobs/<str:job_id>/cancel", jobs.JobCancel, "job-cancel"),
    _at("jobs/<str:job_id>/retry", jobs.JobRetry, "job-retry"),
    _at("audit/events", audit.AuditEvents, "audit-events"),
    _at("audit/events/<int:sequence>", audit.AuditEvent, "audit-event"),
    _at("audit/verify", audit.AuditVerification, "audit-verify"),
    _at("audit/export", audit.AuditExport, "audit-export"),
    _at("agents", agents.Agents, "agents"),
    _at("agents/<str:agent_id>", agents.Agent, "agent"),
    _at("agents/<str:agent_id>/revoke", agents.AgentRevoke, "agent-revoke"),
    _at("agent-scopes", agents.AgentScopes, "agent-scopes"),
    _at("agent-tokens", agents.AgentTokens, "agent-tokens"),
    _at("quotas", console.Quotas, "quotas"),
    _at("quotas/<str:quota>", console.Quota, "quota"),
    _at("quotas/<str:quota>/requests", console.QuotaRequests, "quota-requests"),
    _at("beta", console.Beta, "beta"),
    _at("<path:anything>", Nothing, "nothing"),
]
