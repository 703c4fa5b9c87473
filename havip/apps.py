"""The domain application: networks, servers, HaVips and their bindings."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HavipConfig(AppConfig):
    """Highly available virtual IPs and the inventory that they are bound to."""

    name = "havip"
    label = "havip"
    verbose_name = _("HaVip")

    def ready(self) -> None:
        """Tell the console who carries out the jobs of this application, and where its objects are shown."""
        from havip.tasks import register_handlers
        from havip.web.links import register_links

        register_handlers()
        register_links()
