"""Settings: ``base`` for all; ``embedded``, ``production`` and ``test`` on top of it."""
