"""Add up the results of several pytest runs, and print them on one closing line."""

from __future__ import annotations

import sys
from pathlib import Path
from xml.etree import ElementTree as ET


def main(directory: Path, failed_stages: int) -> None:
    """Print the sums of the JUnit files in ``directory``; a failed stage without a failed test counts as one."""
    passed = failed = skipped = 0
    for file in sorted(directory.glob("*.xml")):
        for suite in ET.parse(file).getroot().iter("testsuite"):
            bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
            left_out = int(suite.get("skipped", 0))
            passed += int(suite.get("tests", 0)) - bad - left_out
            failed += bad
            skipped += left_out
    print(f"\n{passed} passed, {max(failed, failed_stages)} failed, {skipped} skipped")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
