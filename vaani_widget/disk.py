"""What a file's disk is, as far as the ledger cares: whether it forgets, and whether SQLite may lock on it.

A ledger that is wiped gives a day's budget out twice. Read from ``/proc/self/mountinfo`` (proc(5)); where
there is none, nothing is known and nothing is said.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

_MOUNTS = Path("/proc/self/mountinfo")
_LAYER = "a container's own layer, which is wiped at every deploy"
_MEMORY = "memory, which is wiped at every restart"
_FORGETS = {
    "overlay": _LAYER,
    "aufs": _LAYER,
    "fuse.fuse-overlayfs": _LAYER,  # of containers without root
    "tmpfs": _MEMORY,
    "ramfs": _MEMORY,
}
_UNSURE = "on which SQLite's locks cannot be relied on"
_NETWORK = re.compile(r"nfs4?|cifs|smb3?|smbfs|afs|coda|ceph|glusterfs|lustre|gpfs|beegfs|pvfs2|panfs|wekafs")
_OUTSIDE = re.compile(r"9p|virtiofs|vboxsf|prl_fs|vmhgfs")
_LOCAL_PROGRAMS = re.compile(
    r"fuse\.(ext[234]|fuse2fs|zfs|exfat|(low)?ntfs(-3g)?|apfs|gocryptfs|encfs|securefs|bindfs)"
)
"""Programs that serve a local disk, or another folder. A disk that such a one has opened is a ``fuseblk``."""


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
        return f"on {kind}: a network file system, {_UNSURE}"
    if _OUTSIDE.fullmatch(kind):
        return f"on {kind}: a folder of the machine outside of this one, {_UNSURE}"
    if re.match(r"fuse(\.|$)", kind) and not _LOCAL_PROGRAMS.fullmatch(kind):
        return f"on {kind}: a file system that a program makes, most often of a network's storage, {_UNSURE}"
    return None
