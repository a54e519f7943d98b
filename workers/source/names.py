"""Names of entries in a tree of Git that cannot be."""

from __future__ import annotations

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
    if not name or any(byte < 0x20 or byte in b"/\x7f" for byte in name):  # noqa: PLR2004 -- the space
        return True
    if name in (b".", b".."):
        return True
    text = name.decode("utf-8", "replace").translate(_HFS_IGNORED).lower()
    return text.partition(":")[0].partition("\\")[0].rstrip(". ") in (".git", "git~1")
