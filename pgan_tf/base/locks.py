"""One writer per folder: the others are told who it is.

A lock is a hidden file in the folder, there while its process is at work. It
says which process that is, and its date is renewed every few seconds. The
system's own lock (flock) on that file ends with the process, however that
ends. Where a file system has none, or keeps it from other machines, the
process's number counts on the same machine, and the file's date on others.
"""

import contextlib
import dataclasses
import datetime
import errno
import fcntl
import json
import os
import pathlib
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator

from pgan_tf.base import errors, processes

# A lock's date is renewed so often, and means nothing after so long.
BEAT_SECONDS = 5.0
_DEAD_SECONDS = 60.0
_LOOK_SECONDS = 1.0
_LARGEST_RECORD = 4096  # bytes
# What a system says that has no such locks.
_NO_FLOCK = (
    errno.ENOSYS,
    errno.ENOTSUP,
    errno.EOPNOTSUPP,
    errno.ENOLCK,
    errno.EINVAL,
)


@contextlib.contextmanager
def hold(folder: pathlib.Path, flag: str, work: str) -> Iterator[None]:
    """Makes a folder if need be, and keeps other writers out of it.

    Folders that were made here and stay empty go away again. Different
    work may be done in one folder at the same time, such as training and
    evaluating.

    Args:
        folder: To be written to.
        flag: That names it, such as "--run_dir".
        work: What is done there, a word such as "train".

    Raises:
        UserError: Another process does that there; or it is no folder, or
            cannot be written to.
    """
    made = _make(folder, flag)
    try:
        with _Lock(folder / f".lock-{work}", f"{flag}={folder}", work):
            yield
    finally:
        with contextlib.suppress(OSError):
            for each in made:
                each.rmdir()  # only if it is empty


def is_abandoned(folder: pathlib.Path, work: str) -> bool:
    """Whether a folder has the lock of a process of this machine that died."""
    with contextlib.suppress(OSError):
        record = _read(folder / f".lock-{work}")
        return (
            record is not None
            and record.process.is_here()
            and not record.process.is_alive()
        )
    return False


def _make(folder: pathlib.Path, flag: str) -> list[pathlib.Path]:
    """Makes a folder; all that were not there, the lowest first."""
    if folder.exists() and not folder.is_dir():
        raise errors.UserError(f"{flag}={folder} is a file, not a folder")
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.UserError(
            f"{flag}={folder}: cannot make this folder: {error.strerror}; "
            "give another"
        ) from error
    return made


@dataclasses.dataclass(frozen=True)
class _Record:
    """What a lock's file says.

    Attributes:
        process: That holds it.
        since: When that began, for people.
        token: Different for every lock that ever was.
    """

    process: processes.Process
    since: str
    token: str

    def to_json(self) -> str:
        fields = dataclasses.asdict(self.process)
        return json.dumps({**fields, "since": self.since, "token": self.token})

    @classmethod
    def from_json(cls, text: str) -> "_Record | None":
        """None if it is none, as when it is being written just now."""
        try:
            fields = json.loads(text)
            since, token = str(fields.pop("since")), str(fields.pop("token"))
            process = processes.Process(**fields)
            numbers = (process.pid, process.start)
            if not all(isinstance(number, int) for number in numbers):
                return None
        except (
            ValueError,
            TypeError,
            KeyError,
            AttributeError,
            RecursionError,
        ):
            return None
        return cls(process, since, token)


def _read(path: pathlib.Path) -> _Record | None:
    with open(path, "rb") as file:
        text = file.read(_LARGEST_RECORD).decode("utf-8", "replace")
    return _Record.from_json(text)


class _Lock:
    """A lock, held inside a `with` block.

    Args:
        path: Of its file.
        where: The flag and the folder, as messages name them.
        work: What it is for.
    """

    def __init__(self, path: pathlib.Path, where: str, work: str) -> None:
        self._path = path
        self._where = where
        self._work = work
        self._descriptor = -1
        self._done = threading.Event()
        self._beating = threading.Thread(target=self._beat, daemon=True)
        now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")
        self._record = _Record(processes.current(), now, secrets.token_hex(8))

    def __enter__(self) -> None:
        try:
            # A lock that is given up meanwhile goes from under this one.
            while not self._try():
                pass
        except OSError as error:
            self._close()
            raise errors.UserError(
                f"{self._where}: cannot write there: {error.strerror}; give "
                "another folder"
            ) from error
        except BaseException:
            self._close()
            raise
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, self._record.to_json().encode(), 0)
        self._beating.start()

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._beating.join()
        with contextlib.suppress(OSError):
            if self._is_at_path():
                self._path.unlink()
        self._close()

    def _close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1

    def _beat(self) -> None:
        """Renews the date, as long as the lock is held."""
        while not self._done.wait(BEAT_SECONDS):
            with contextlib.suppress(OSError):
                os.utime(self._descriptor)

    def _try(self) -> bool:
        """Takes the lock; False if its file went away meanwhile."""
        flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
        is_new = True
        try:
            self._descriptor = os.open(
                self._path, flags | os.O_CREAT | os.O_EXCL, 0o666
            )
        except FileExistsError:
            is_new = False
            try:
                self._descriptor = os.open(self._path, flags)
            except FileNotFoundError:
                return False
        has_flock = self._flock()
        if not self._is_at_path():
            self._close()
            return False
        if not is_new:
            self._check_holder(has_flock)
            if not has_flock:
                self._set_aside()
                return False
        return True

    def _flock(self) -> bool:
        """Locks the file; False where there is no such thing."""
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._refuse(_read(self._path))
        except OSError as error:
            if error.errno not in _NO_FLOCK:
                raise
            return False
        return True

    def _is_at_path(self) -> bool:
        """Whether the file that is open is the one of that name."""
        try:
            named = os.stat(self._path, follow_symlinks=False)
        except FileNotFoundError:
            return False
        return os.path.samestat(named, os.fstat(self._descriptor))

    def _check_holder(self, has_flock: bool) -> None:
        """Whether whoever has left this file still lives."""
        record = _read(self._path)
        if record is not None and record.process.is_here():
            # Of this machine flock knows better, if there is any.
            if not has_flock and record.process.is_alive():
                self._refuse(record)
            return
        if record is None and has_flock:
            return  # It died ahead of its first word.
        if self._is_renewed(record):
            self._refuse(record)
        holder = record.process if record else "a process"
        say(
            f"{self._where}: {holder} has left a lock of `{self._work}` and "
            "does not renew it, so it is dead: going on"
        )

    def _is_renewed(self, record: _Record | None) -> bool:
        """Looks for a while whether another machine's lock is renewed."""
        renewed = os.fstat(self._descriptor).st_mtime_ns
        left = _DEAD_SECONDS - self._age()
        if left > 0:
            holder = record.process if record else "a process"
            say(
                f"{self._where}: {holder} has left a lock of `{self._work}`: "
                f"looking for up to {left:.0f} s whether it lives"
            )
        while left > 0:
            wait(_LOOK_SECONDS)
            left -= _LOOK_SECONDS
            if not self._is_at_path():
                return True  # It has just ended, or another was faster.
            if os.stat(self._path).st_mtime_ns != renewed:
                return True
        return False

    def _age(self) -> float:
        """Seconds since the file was renewed, by the file server's clock."""
        probe = self._path.with_name(f".lock-{secrets.token_hex(8)}")
        try:
            probe.touch(exist_ok=False)
            now = probe.stat().st_mtime
        finally:
            probe.unlink(missing_ok=True)
        return now - os.fstat(self._descriptor).st_mtime

    def _set_aside(self) -> None:
        """Removes a dead process's file, where nothing but names can lock."""
        aside = self._path.with_name(f".lock-{secrets.token_hex(8)}")
        os.rename(self._path, aside)
        is_ours = os.path.samestat(aside.stat(), os.fstat(self._descriptor))
        if not is_ours:
            # Another was faster, and has its own there: it gets it back.
            with contextlib.suppress(OSError):
                os.link(aside, self._path)
        aside.unlink()
        self._close()

    def _refuse(self, record: _Record | None) -> None:
        who = "another process"
        if record is not None:
            who = f"{record.process}, since {record.since},"
        raise errors.UserError(
            f"another `{self._work}` is writing to {self._where}: {who} is at "
            "work; wait for its end, stop it, or give another folder"
        )


# Between two looks at another's lock.
wait: Callable[[float], None] = time.sleep


def say(line: str) -> None:
    """Tells the user what is waited for, or passed over."""
    print(line, file=sys.stderr, flush=True)
