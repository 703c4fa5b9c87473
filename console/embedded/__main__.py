"""``python -m console.embedded``: what ``bin/run`` calls."""

import sys

from console.embedded.supervisor import run

sys.exit(run())
