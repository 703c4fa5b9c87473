"""The lab: VPCs and instances as network namespaces of one machine, so that everything can be tried with nothing simulated.

`bin/run --lab` starts the host role below; it needs root on Linux, the standard library, pyroute2, and the programs that
docs/lab.md names. No Django, no database.
"""
