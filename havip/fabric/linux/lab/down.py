"""Removes a lab with everything that it made, also after a sudden end of whatever ran it, and nothing else."""

from __future__ import annotations

import shutil

from havip.fabric.linux.lab import namespaces
from havip.fabric.linux.lab.topology import Place


def bring_down(place: Place) -> None:
    """Remove processes, namespaces with the links and tables in them, and files. What is gone already is fine."""
    variable = f"HAVIP_LAB={place.data}"
    namespaces.end_processes(lambda: namespaces.processes_with(variable))
    # A namespace may have been under construction by a process that has ended only now.
    while names := namespaces.present(place.mark):
        namespaces.remove(names)
    # What lost its namespace's name by somebody else's hand, and forgot its environment.
    namespaces.end_processes(
        lambda: namespaces.processes_about(place.directory, ("nginx", "keepalived"))
    )
    namespaces.forget_empty_names()
    if place.directory.exists():
        shutil.rmtree(place.directory)
