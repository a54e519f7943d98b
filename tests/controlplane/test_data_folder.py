"""The data folder is private, and a new start keeps the objects but not the certificates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alumiini_py.controlplane.data_folder import User, create, prepare

if TYPE_CHECKING:
    from pathlib import Path


def test_nobody_else_can_read_anything(tmp_path: Path) -> None:
    folder = tmp_path / "plane"
    folder.mkdir(mode=0o755)

    create(folder)
    prepare(folder, {"admin": User("secret")})

    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (folder, *folder.iterdir())}
    assert modes == {
        "plane": "0o700",
        "certs": "0o700",
        "logs": "0o700",
        "tokens.csv": "0o600",
        "audit-policy.json": "0o600",
    }


def test_groups_of_a_user_are_one_field(tmp_path: Path) -> None:
    prepare(tmp_path, {"dev": User("t1", ("team-a", "team-b")), "nobody": User("t2")})

    assert (tmp_path / "tokens.csv").read_text() == 't1,dev,dev,"team-a,team-b"\nt2,nobody,nobody,\n'


def test_a_new_start_keeps_the_objects_and_drops_the_certificates(tmp_path: Path) -> None:
    prepare(tmp_path, {})
    (tmp_path / "certs" / "apiserver.crt").touch()
    (tmp_path / "etcd").mkdir()

    prepare(tmp_path, {})

    assert not (tmp_path / "certs" / "apiserver.crt").exists()
    assert (tmp_path / "etcd").exists()


def test_a_token_does_not_show_when_a_user_is_printed() -> None:
    assert repr(User("secret", ("team-a",))) == "User(groups=('team-a',))"
