"""Addresses of the node configuration and of the guide, below a team and a region."""

from __future__ import annotations

from django.urls import path

from havip.web.views import configuration, guide

_ONE = "havips/<slug:havip_id>"

urlpatterns = [
    path(f"{_ONE}/configuration/", configuration.havip_configuration, name="havip-configuration"),
    path(
        f"{_ONE}/configuration/<slug:instance_id>/file/",
        configuration.havip_configuration_file,
        name="havip-configuration-file",
    ),
    path(f"{_ONE}/check/", configuration.havip_check, name="havip-check"),
    path(f"{_ONE}/timers/", configuration.havip_timers, name="havip-timers"),
    path("keepalived/check/", configuration.configuration_check, name="configuration-check"),
    path("keepalived/notify-script/", configuration.notify_script, name="notify-script"),
    path("guide/", guide.guide, name="guide"),
    path("guide/steps/", guide.guide_steps, name="guide-steps"),
]
