"""What the fault tests do to a console from a process of its own: `python -m tests.faults.acting VERB …` prints JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402

from console.celery import app  # noqa: E402
from console.jobs.models import Job, JobLock  # noqa: E402
from console.jobs.queue import send  # noqa: E402
from console.jobs.runner import run as run_job_now  # noqa: E402
from console.teams.models import Team  # noqa: E402
from console.teams.principal import Principal, system_principal  # noqa: E402
from havip.models import Binding, HaVip, Instance, VSwitch  # noqa: E402
from havip.operations import (  # noqa: E402
    allocate_eip,
    bind_eip,
    bind_instance,
    create_havip,
    create_instance,
    create_interface,
    create_route,
    create_vpc,
    create_vswitch,
    modify_havip,
    unbind_instance,
)

REGION = "cn-hangzhou"


def _principal() -> Principal:
    return system_principal(Team.objects.get(slug="demo"), label="fault test")


def _carry_out() -> None:
    """Carry out what is queued, beside the console's own worker, until nothing is."""
    while Job.objects.active().exists():
        for job in Job.objects.active().order_by("pk"):
            run_job_now(job.pk)
        time.sleep(0.05)


def world() -> dict[str, Any]:
    """Make the documented network, its two instances and an available HaVip."""
    common = {"principal": _principal(), "region": REGION}
    vpc = create_vpc(**common, cidr_block="192.168.0.0/16", name="prod")
    _carry_out()
    vswitch = create_vswitch(
        **common, vpc_id=vpc.object_id, cidr_block="192.168.0.0/24", name="web"
    )
    _carry_out()
    instances = [
        create_instance(
            **common,
            vswitch_id=vswitch.object_id,
            private_ip=f"192.168.0.{last}",
            name=name,
        ).object_id
        for name, last in (("ecs1", 209), ("ecs2", 210))
    ]
    _carry_out()
    havips = [
        create_havip(**common, vswitch_id=vswitch.object_id, ip_address=address).object_id
        for address in ("192.168.0.88", "192.168.0.89")
    ]
    _carry_out()
    return {"instances": instances, "havip": havips[0], "other_havip": havips[1]}


def furnished_world() -> dict[str, Any]:
    """Make the documented network with something of every kind in it, and a job that failed."""
    made = world()
    common = {"principal": _principal(), "region": REGION}
    vswitch = VSwitch.objects.get()
    interface = create_interface(**common, vswitch_id=vswitch.resource_id, name="card").object_id
    create_instance(**common, network_type="classic", name="经典网络里的一台名字很长很长的服务器")
    eip = allocate_eip(**common, name="eip-web").object_id
    _carry_out()
    bind(made["havip"], made["instances"][0])
    _carry_out()
    bind_eip(**common, havip_id=made["havip"], eip_id=eip)
    _carry_out()
    create_route(
        **common,
        vpc_id=vswitch.vpc.resource_id,
        destination_cidr_block="10.9.0.0/16",
        havip_id=made["havip"],
    )
    _carry_out()
    failure = Path(os.environ["HAVIP_TEST_FABRIC"]) / "fail"
    failure.write_text("The switch refused it.")
    failed = bind(made["havip"], made["instances"][1])["job"]
    _carry_out()
    failure.unlink()
    return {
        **made,
        "vswitch": vswitch.resource_id,
        "vpc": vswitch.vpc.resource_id,
        "interface": interface,
        "eip": eip,
        "failed_job": failed,
    }


def rename(name: str) -> dict[str, Any]:
    """Give the newest HaVip another name."""
    havip = HaVip.objects.latest("pk")
    modify_havip(principal=_principal(), region=havip.region, havip_id=havip.resource_id, name=name)
    return {}


def bind(havip: str, instance: str) -> dict[str, Any]:
    """Bind an instance; the job is sent."""
    outcome = bind_instance(
        principal=_principal(), region=REGION, havip_id=havip, instance_id=instance
    )
    return {"job": outcome.job_id}


def bind_and_die(havip: str, instance: str) -> dict[str, Any]:
    """Bind, and die by kill -9 after the commit and before the message is sent.

    Callbacks run in the order in which they were registered: this one comes before the operation's own.
    """
    with transaction.atomic():
        transaction.on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
        bind(havip, instance)
    raise AssertionError("the process should be dead")


def deliver(job: str, times: str) -> dict[str, Any]:
    """Send the job's message again and again; whenever the broker is too busy to take it, once more."""
    pk = Job.objects.get(resource_id=job).pk
    for _ in range(int(times)):
        while not send(pk):
            time.sleep(0.05)
    return {}


def unbind_all(havip: str) -> dict[str, Any]:
    """Unbind what is bound and carry it out here, so that the next test begins with nothing."""
    for binding in Binding.objects.filter(havip__resource_id=havip):
        unbind_instance(
            principal=_principal(),
            region=REGION,
            havip_id=havip,
            instance_id=binding.resource.resource_id,
            force=True,
        )
        _carry_out()
    return {}


def empty_broker() -> dict[str, Any]:
    """Make the broker forget every message."""
    patient = {**app.conf.broker_transport_options, "socket_timeout": 60}
    with app.connection_for_write(transport_options=patient) as connection:
        connection.default_channel.client.flushall()
    return {}


def state(havip: str) -> dict[str, Any]:
    """Say what the records are; the jobs first: once they have ended, what is read after them does not change any more."""
    jobs = {
        job.resource_id: {"state": job.state, "attempt": job.attempt, "reason": job.reason}
        for job in Job.objects.all()
    }
    found = HaVip.objects.filter(resource_id=havip).first()
    return {
        "status": found.status if found else None,
        "bindings": sorted(
            (binding.resource.resource_id, binding.state)
            for binding in Binding.objects.filter(havip=found)
        ),
        "jobs": jobs,
        "locks": JobLock.objects.count(),
        "instances": Instance.objects.count(),
    }


VERBS: dict[str, Callable[..., dict[str, Any]]] = {
    "world": world,
    "bind": bind,
    "bind-and-die": bind_and_die,
    "deliver": deliver,
    "state": state,
    "furnished-world": furnished_world,
    "rename": rename,
    "unbind-all": unbind_all,
    "empty-broker": empty_broker,
}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])))
