"""How much memory this process has used."""

import re
import resource
import sys
from pathlib import Path


def peak() -> int:
    """Return the peak of resident memory of this process, in MiB."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says is at least the peak of whoever started us
        found = re.search(r"VmHWM:\s*(\d+) kB", status.read_text(encoding="ascii"))
        return round(int(found[1]) / 2**10) if found else 0
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)
