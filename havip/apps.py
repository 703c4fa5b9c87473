"""The domain application: networks, servers, HaVips and their bindings."""

from django.apps import AppConfig
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class HavipConfig(AppConfig):
    """Highly available virtual IPs and the inventory that they are bound to."""

    name = "havip"
    label = "havip"
    verbose_name = _("HaVip")

    def ready(self) -> None:
        """Tell the console who carries out this application's jobs, where its objects are shown, how texts are translated."""
        from havip.keepalived.texts import translate_with
        from havip.tasks import register_handlers
        from havip.web.links import register_links

        translate_with(gettext)
        register_handlers()
        register_links()
