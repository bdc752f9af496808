"""Is a network file system recognised by where it is mounted?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from interlith.workbench.store.filesystem import file_system


@dataclass(frozen=True)
class Mounted:
    """A mounted file system as psutil tells it."""

    mountpoint: str
    fstype: str
    opts: str = "rw"


@pytest.mark.parametrize(
    ("name", "network"),
    [
        ("ext4", False), ("xfs", False), ("btrfs", False), ("apfs", False), ("NTFS", False), ("tmpfs", False), ("overlay", False),
        ("zfs", False), ("fuseblk", False), ("nfs", True), ("nfs4", True), ("cifs", True), ("smb3", True), ("smbfs", True),
        ("fuse.sshfs", True), ("lustre", True), ("gpfs", True), ("beegfs_nodev", True), ("afs", True), ("9p", True), ("ceph", True),
        ("fuse.rclone", True), ("", True),
    ],
)  # fmt: skip
def test_names(tmp_path: Path, name: str, network: bool) -> None:
    assert file_system(tmp_path, [Mounted(tmp_path.anchor, name)]).network is network


def test_the_longest_mount_point_counts_and_of_two_the_later(tmp_path: Path) -> None:
    root, home = Mounted(tmp_path.anchor, "ext4"), Mounted(str(tmp_path), "nfs4")
    beside = Mounted(f"{tmp_path}x", "cifs")
    assert file_system(tmp_path / "not" / "there", [home, root, beside]).name == "nfs4"
    assert file_system(tmp_path.parent, [root, home]).name == "ext4"
    assert file_system(tmp_path, [home, Mounted(str(tmp_path), "xfs")]).name == "xfs"


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "far").mkdir()
    try:
        (tmp_path / "near").symlink_to(tmp_path / "far")
    except OSError:
        pytest.skip("no links here")
    mounted = [Mounted(tmp_path.anchor, "ext4"), Mounted(str((tmp_path / "far").resolve()), "nfs")]
    assert file_system(tmp_path / "near", mounted).network


def test_a_network_drive_of_windows(tmp_path: Path) -> None:
    assert file_system(tmp_path, [Mounted(tmp_path.anchor, "NTFS", "rw,remote")]).network


def test_what_is_not_known_counts_as_network(tmp_path: Path) -> None:
    assert file_system(tmp_path, []).network


def test_this_computer_answers(tmp_path: Path) -> None:
    found = file_system(tmp_path)
    assert tmp_path.resolve().is_relative_to(found.mounted)
    assert found.name
