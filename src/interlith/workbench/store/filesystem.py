"""Does a folder lie on a disk of this computer, or on a network where SQLite's shared memory does not work?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import psutil

#: First part of the file system's name, lower case; ``fuse`` ones that are local are excepted below.
_NETWORK = (
    "nfs", "cifs", "smb", "afp", "afs", "9p", "lustre", "gpfs", "beegfs", "ceph", "glusterfs", "gfs", "ocfs",
    "pvfs", "orangefs", "panfs", "wekafs", "webdav", "davfs", "ncp", "coda", "vboxsf", "vmhgfs", "prl_fs", "virtiofs",
    "sshfs", "fuse", "autofs", "drvfs",
)  # fmt: skip
_LOCAL_FUSE = ("fuseblk", "fusectl", "fuse.fuse-overlayfs", "fuse.ext", "fuse.ntfs", "fuse.bindfs", "fuse.gocryptfs")


class Partition(Protocol):
    """What psutil says of a mounted file system."""

    @property
    def mountpoint(self) -> str:
        """Folder where it is mounted."""

    @property
    def fstype(self) -> str:
        """Its name."""

    @property
    def opts(self) -> str:
        """Its options; ``remote`` for network drives of Windows."""


@dataclass(frozen=True, slots=True)
class FileSystem:
    """Name of a file system, where it is mounted, and whether it counts as a network one."""

    name: str
    mounted: str
    network: bool


def file_system(folder: Path, partitions: Iterable[Partition] | None = None) -> FileSystem:
    """The file system that holds a folder: the one with the longest mount point above it.

    One that is not known counts as a network one: what is done there works everywhere, only slower.

    Parameters
    ----------
    folder
        Existing or not.
    partitions
        Mounted file systems; those of this computer by default.
    """
    place = folder.resolve()
    if str(place).startswith(("\\\\", "//")) and not str(place).startswith(("\\\\?\\", "\\\\.\\")):
        return FileSystem("share", place.anchor, True)
    best: Partition | None = None
    for one in psutil.disk_partitions(all=True) if partitions is None else partitions:
        above = Path(one.mountpoint)
        # Of two at one place the later one hides the earlier.
        if place.is_relative_to(above) and (best is None or len(above.parts) >= len(Path(best.mountpoint).parts)):
            best = one
    if best is None or not best.fstype:
        return FileSystem("unknown", "" if best is None else best.mountpoint, True)
    name = best.fstype.lower()
    remote = "remote" in best.opts.lower().split(",")
    network = remote or (name.startswith(_NETWORK) and not name.startswith(_LOCAL_FUSE))
    return FileSystem(best.fstype, best.mountpoint, network)
