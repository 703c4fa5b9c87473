"""Importing this lets `havip.keepalived` be used without a console around it.

Its messages are marked for translation, which Django wants to be set up for. An agent has no languages and no settings:
where Django is installed it is told so, where it is not there is nothing to tell.
"""

from __future__ import annotations

import os

try:
    from django.conf import settings
except ImportError:  # pragma: no cover - a node without Django
    pass
else:
    if not settings.configured and "DJANGO_SETTINGS_MODULE" not in os.environ:
        settings.configure(USE_I18N=False)
