"""Names of entries in a tree of Git that cannot be."""

from __future__ import annotations

import re

_PLAIN = re.compile(rb"[0-9A-Za-z_-][0-9A-Za-z_.-]*")
"""Nearly all names; none of these can be wrong."""
_NEVER = re.compile(rb"[\x00-\x1f\x7f/]")
_HFS_IGNORED = dict.fromkeys([
    *range(0x200C, 0x2010),
    *range(0x202A, 0x202F),
    *range(0x206A, 0x2070),
    0xFEFF,
])  # fmt: skip


def is_impossible(name: bytes) -> bool:
    """Tell whether no honest Git would write an entry of this name.

    A slash, a control character, nothing, ``.``, ``..``, or ``.git`` in a spelling that some file system
    takes for it: any case, its short name on NTFS, trailing dots, spaces and streams there (``.git::$DATA``),
    and the code points that HFS+ ignores (git's ``is_ntfs_dotgit`` and ``is_hfs_dotgit``).
    """
    if _PLAIN.fullmatch(name):
        return False
    if name in (b"", b".", b"..") or _NEVER.search(name):
        return True
    text = name.decode("utf-8", "replace").translate(_HFS_IGNORED).lower()
    return text.partition(":")[0].partition("\\")[0].rstrip(". ") in (".git", "git~1")
