"""What a process has used so far, as Linux counts it."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Return the processor time of process `pid`, in the kernel and outside; 0.0 for one that cannot be seen."""
    try:
        after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(after_name[11]) + int(after_name[12])) / TICKS


def peak_megabytes(pid: int) -> float:
    """Return the most memory process `pid` has held (VmHWM), 0.0 for one that cannot be seen."""
    return _status(pid, "VmHWM:")


def megabytes(pid: int) -> float:
    """Return the memory process `pid` holds (VmRSS), 0.0 for one that cannot be seen."""
    return _status(pid, "VmRSS:")


def _status(pid: int, name: str) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith(name)), 0.0)


def listener_on(port: int) -> int:
    """Return the process of ours or of everybody's that listens on TCP `port`; 0 where none can be seen."""
    listening = "0A"
    inodes = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == listening and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if str(link.readlink()) in inodes:
                return int(link.parts[2])
        except OSError:
            continue
    return 0
