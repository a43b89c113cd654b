"""Who PostgreSQL runs as: whoever we are, except root, as whom it refuses to run.

As root there are two cases. A home that belongs to somebody else (`sudo` in a developer's project) is served as that
user, supervisor and all. In a home of root's own the supervisor stays root, and PostgreSQL gets a user id that nobody
has, so that no other service of the machine, running as `nobody` say, can read the folder or signal the server.
"""

import os
import pwd
import zlib
from dataclasses import dataclass
from pathlib import Path

from farthing.errors import ConfigError

ROOT = 0

# Above people and services, below the dynamic users of systemd and `nobody`; inside the 65536 ids a container may have.
_FIRST_UNCLAIMED, _UNCLAIMED = 40_000, 20_000


@dataclass(frozen=True, slots=True)
class ServerUser:
    uid: int
    gid: int

    @property
    def is_other(self) -> bool:
        return self.uid != os.geteuid()

    def give(self, *paths: Path) -> None:
        for path in paths if self.is_other else ():
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def give_tree(self, folder: Path) -> None:
        self.give(folder, *folder.rglob("*"))


def become_owner(home: Path) -> None:
    """As root, give root up for the owner of the home: root has no business writing where another user can plant links."""
    owner = home.stat()
    if os.geteuid() == ROOT and owner.st_uid != ROOT:
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)


def server_user(folder: Path) -> ServerUser:
    """The owner of the data folder from its first day on, since files of two users would help nobody."""
    if os.geteuid() != ROOT:
        return ServerUser(os.geteuid(), os.getegid())
    if folder.exists() and (seen := folder.stat()).st_uid != ROOT:
        return ServerUser(seen.st_uid, seen.st_gid)
    return _unclaimed(str(folder))


def _unclaimed(name: str) -> ServerUser:
    taken = {user.pw_uid for user in pwd.getpwall()}
    begin = zlib.crc32(name.encode())
    uid = next(uid for n in range(_UNCLAIMED) if (uid := _FIRST_UNCLAIMED + (begin + n) % _UNCLAIMED) not in taken)
    return ServerUser(uid, uid)


def initdb_user(user: ServerUser) -> ServerUser:
    """initdb, unlike the server, insists on a user with a name: as root we lend it one and give the folder away after."""
    named = {entry.pw_uid: entry for entry in pwd.getpwall() if entry.pw_uid != ROOT}
    if user.uid in named or _has_name(user.uid):
        return user
    if not user.is_other:
        raise ConfigError(
            f"User id {user.uid} has no name on this machine, and PostgreSQL's initdb needs one. "
            f"Add it to /etc/passwd (`useradd --uid {user.uid} farthing`), or set DATABASE_URL."
        )
    if not named:
        raise ConfigError("PostgreSQL does not run as root, and this machine has no other user. Set DATABASE_URL.")
    lent = next((entry for entry in named.values() if entry.pw_name == "nobody"), next(iter(named.values())))
    return ServerUser(lent.pw_uid, lent.pw_gid)


def _has_name(uid: int) -> bool:
    # Directory services answer this without listing everybody in `getpwall`.
    try:
        return bool(pwd.getpwuid(uid))
    except KeyError:
        return False
