"""What the fault tests do to a console from a process of its own: `python -m tests.faults.acting VERB …` prints JSON."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.db import transaction  # noqa: E402

from console.celery import app  # noqa: E402
from console.jobs.models import Job, JobLock  # noqa: E402
from console.jobs.runner import run as run_job_now  # noqa: E402
from console.jobs.tasks import run_job  # noqa: E402
from console.teams.models import Team  # noqa: E402
from console.teams.principal import Principal, system_principal  # noqa: E402
from havip.models import Binding, HaVip, Instance  # noqa: E402
from havip.operations import (  # noqa: E402
    bind_instance,
    create_havip,
    create_instance,
    create_vpc,
    create_vswitch,
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
    """Send the job's message again and again."""
    pk = Job.objects.get(resource_id=job).pk
    for _ in range(int(times)):
        run_job.apply_async(args=[pk])
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
    with app.connection_for_write() as connection:
        connection.default_channel.client.flushall()
    return {}


def state(havip: str) -> dict[str, Any]:
    """Say what the records are."""
    found = HaVip.objects.filter(resource_id=havip).first()
    return {
        "status": found.status if found else None,
        "bindings": sorted(
            (binding.resource.resource_id, binding.state)
            for binding in Binding.objects.filter(havip=found)
        ),
        "jobs": {
            job.resource_id: {"state": job.state, "attempt": job.attempt, "reason": job.reason}
            for job in Job.objects.all()
        },
        "locks": JobLock.objects.count(),
        "instances": Instance.objects.count(),
    }


VERBS: dict[str, Callable[..., dict[str, Any]]] = {
    "world": world,
    "bind": bind,
    "bind-and-die": bind_and_die,
    "deliver": deliver,
    "state": state,
    "unbind-all": unbind_all,
    "empty-broker": empty_broker,
}

if __name__ == "__main__":
    print(json.dumps(VERBS[sys.argv[1]](*sys.argv[2:])))
