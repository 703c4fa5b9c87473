"""The application of the cloud-compatible RPC API."""

from importlib import import_module

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RpcConfig(AppConfig):
    """The face of the domain that the cloud's own SDKs speak to."""

    name = "havip.rpc"
    label = "rpc"
    verbose_name = _("RPC API")

    def ready(self) -> None:
        """Register every action."""
        import_module("havip.rpc.actions")
