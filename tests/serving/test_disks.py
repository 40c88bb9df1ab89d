"""A ledger on a disk that forgets is warned of, at the start and by doctor, and is no reason to stop."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.parts.slow_vaani import SlowVaani, site
from tests.parts.visitor import Visitor
from tests.parts.widget_server import widget_server
from vaani_widget import disk
from vaani_widget.cli import group

MEMORY = Path("/dev/shm")


@pytest.fixture
def in_memory() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        yield Path(folder)


@pytest.mark.parametrize(
    "place", ["/", "/proc/self", "/dev/shm", "/sys", "/tmp", "/usr/lib", "/etc/hostname"]
)
def test_the_file_system_is_what_the_kernel_says(place: str) -> None:
    asked = subprocess.run(
        ["findmnt", "--noheadings", "--output", "FSTYPE", "--target", place],
        capture_output=True,
        text=True,
        check=True,
    )
    assert disk.filesystem(Path(place)) == asked.stdout.split()[-1]


NETWORKS = ["nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "lustre", "gpfs", "beegfs", "wekafs"]
OUTSIDE = ["9p", "virtiofs", "vboxsf"]
PROGRAMS = [
    f"fuse.{name}"
    for name in (
        *("sshfs", "s3fs", "gcsfuse", "rclone", "glusterfs", "mount-s3", "blobfuse2", "juicefs", "ceph"),
        *("JuiceFS", "mfs", "weed", "grpcfuse", "vmhgfs-fuse", "ext4.evil", "zfsx"),
    )
] + ["fuse"]
LOCAL = ["ext4", "xfs", "btrfs", "zfs", "f2fs", "fuseblk", "fuse.ext2", "fuse.ntfs-3g", "fuse.gocryptfs"]
WIPED = ["overlay", "aufs", "fuse.fuse-overlayfs"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        *((kind, "a network file system") for kind in NETWORKS),
        *((kind, "the machine outside") for kind in OUTSIDE),
        *((kind, "that a program makes") for kind in PROGRAMS),
        *((kind, "wiped at every deploy") for kind in WIPED),
        *((kind, "wiped at every restart") for kind in ("tmpfs", "ramfs")),
        *((kind, None) for kind in LOCAL),
    ],
)
def test_what_is_said_of_a_file_system(kind: str, said: str | None) -> None:
    """Of an unknown one nothing, but where a program makes it: those are known as local, or warned of."""
    mounts = (
        f"22 1 0:20 / / rw - ext4 /dev/sda1 rw\n23 22 0:21 / /data rw,relatime shared:1 - {kind} source rw\n"
    )
    found = disk.unfit(Path("/data/ledger.sqlite3"), mounts)
    assert (found is None) if said is None else (found is not None and said in found)
    if found is not None:
        assert found.startswith(f"on {kind}: ")
        assert disk.unfit(Path("/ledger.sqlite3"), mounts) is None
        wiped = "wiped" in found
        assert ("locks cannot be relied on" in found) != wiped


def test_a_ledger_in_memory_serves_and_is_warned_of(in_memory: Path, tmp_path: Path) -> None:
    assert disk.filesystem(MEMORY) == "tmpfs"
    place = f'database_url = "sqlite:///{in_memory}/ledger.sqlite3"'
    with SlowVaani(0) as vaani, widget_server(tmp_path, vaani.config(place, site())) as server:
        assert Visitor(server.port).another().call().status == 201
        (line,) = [line for line in server.log.splitlines() if line.startswith("Warning: The ledger")]
        assert "on tmpfs: memory, which is wiped at every restart" in line
        assert "name a PostgreSQL in VAANI_WIDGET_DATABASE_URL" in line
        doctor = CliRunner().invoke(group, ["doctor", "--json", "--config", str(tmp_path / "widget.toml")])
        found = [each for each in json.loads(doctor.stdout)["findings"] if each["about"] == "disk"]
        assert [each["level"] for each in found] == ["warning"]
        assert "on tmpfs" in found[0]["what"]
