"""HaVip Console: a self-hosted console for highly available virtual IPs.

The Celery application is made by ``console.celery`` and loaded by ``console.apps.ConsoleConfig`` as soon as
Django is set up, not by importing this package: the supervisor imports the package too, and stays small.
"""

__version__ = "0.1.0"
