#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    """Run one management command with the embedded settings, unless others are asked for."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "console.settings.embedded")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
