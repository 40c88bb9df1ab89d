"""What a file's disk is, as far as the ledger cares: whether it forgets, and whether SQLite may lock on it.

A ledger that is wiped gives a day's budget out twice. Read from ``/proc/self/mountinfo`` (proc(5)); where
there is none, nothing is known and nothing is said.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_FORGETS = {
    "overlay": "a container's own layer, which is wiped at every deploy",
    "aufs": "a container's own layer, which is wiped at every deploy",
    "tmpfs": "memory, which is wiped at every restart",
    "ramfs": "memory, which is wiped at every restart",
}
_NETWORK = re.compile(
    r"nfs4?|cifs|smb3?|smbfs|afs|ceph|glusterfs|lustre|gpfs|9p|fuse\.(sshfs|s3fs|gcsfuse|rclone|glusterfs)"
)


def filesystem(path: Path, mounts: str | None = None) -> str | None:
    """The type of the file system that ``path`` lies on or would lie on, such as ``ext4``.

    :param mounts: the text of a mountinfo file; this process's own where absent.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text("utf-8", "surrogateescape")
        except OSError:
            return None
    real = Path(os.path.realpath(path))
    found, depth = None, -1
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        point = Path(re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), fields.split()[4]))
        # Of two mounts on one point the later hides the earlier.
        if (real == point or point in real.parents) and len(point.parts) >= depth:
            found, depth = rest.split()[0], len(point.parts)
    return found


def unfit(path: Path, mounts: str | None = None) -> str | None:
    """Why a ledger at ``path`` would forget or lock badly, to end a sentence; None where it is fine."""
    kind = filesystem(path, mounts)
    if kind is None:
        return None
    if kind in _FORGETS:
        return f"on {kind}: {_FORGETS[kind]}"
    if _NETWORK.fullmatch(kind):
        return f"on {kind}: a network file system, on which SQLite's locks cannot be relied on"
    return None
