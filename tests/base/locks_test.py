"""Tests of keeping writers apart."""

import errno
import fcntl
import json
import os
import pathlib
import signal
import socket
import subprocess
from unittest import mock

from absl.testing import parameterized

from pgan_tf.base import errors, locks, processes
from tests import common
from tests import processes as running

# Holds a lock until it is killed.
_HOLDER = """
import errno, fcntl, pathlib, signal, sys
from pgan_tf.base import locks
def flock(*_): raise OSError(errno.ENOTSUP, "no locks")
if sys.argv[2] == "without_flock": fcntl.flock = flock
with locks.hold(pathlib.Path(sys.argv[1]), "--run_dir", "train"):
    print(flush=True)
    signal.pause()
"""


def _without_flock():
    error = OSError(errno.ENOTSUP, "no locks")
    return mock.patch.object(fcntl, "flock", side_effect=error)


class LocksTest(common.TestCase, parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.folder() / "data"
        self.file = self.path / ".lock-train"

    def hold(self, path: pathlib.Path | None = None):
        return locks.hold(path or self.path, "--run_dir", "train")

    def prepare(self, kind: str) -> None:
        if kind == "without_flock":
            self.enter_context(_without_flock())

    def start_holder(self, kind: str) -> subprocess.Popen[str]:
        child = running.start(self, "-c", _HOLDER, str(self.path), kind)
        child.stdout.readline()
        return child

    def leave(self, **changes: object) -> None:
        """The file of a lock that a process left which was killed."""
        self.path.mkdir(exist_ok=True)
        own = processes.current()
        record = {
            **{"host": own.host, "machine": own.machine},
            **{"pid": own.pid, "start": own.start},
            **{"since": "2020-01-01 00:00:00", "token": "1"},
            **changes,
        }
        self.file.write_text(json.dumps(record))

    @parameterized.parameters("flock", "without_flock")
    def test_the_second_is_refused(self, kind: str) -> None:
        self.prepare(kind)
        with self.hold():
            for _ in range(2):
                with self.assertRaises(errors.UserError) as caught:
                    with self.hold():
                        self.fail("both have the lock")
            for part in (
                f"--run_dir={self.path}",
                f"process {os.getpid()} on host {socket.gethostname()}",
                "since 20",
                "another `train`",
            ):
                self.assertIn(part, str(caught.exception))
            with locks.hold(self.path, "--run_dir", "evaluate"):
                pass  # Other work, other lock.
            (self.path / "file").touch()
        self.assertEqual(os.listdir(self.path), ["file"])
        with self.hold():
            pass

    @parameterized.parameters("flock", "without_flock")
    def test_a_lock_dies_with_its_process(self, kind: str) -> None:
        self.prepare(kind)
        child = self.start_holder(kind)
        with self.assertRaisesRegex(errors.UserError, f"process {child.pid} "):
            with self.hold():
                pass
        child.send_signal(signal.SIGSTOP)  # It lives, though it does nothing.
        with self.assertRaises(errors.UserError), self.hold():
            pass
        child.kill()
        child.wait()
        self.assertTrue(self.file.exists())
        self.assertTrue(locks.is_abandoned(self.path, "train"))
        with self.hold():
            self.assertFalse(locks.is_abandoned(self.path, "train"))
        self.assertFalse(self.path.joinpath(".lock-train").exists())

    @parameterized.parameters("flock", "without_flock")
    def test_a_number_that_another_process_has_now(self, kind: str) -> None:
        self.prepare(kind)
        start = processes.current().start
        self.leave(start=start - 1)
        with self.hold():
            pass
        self.leave(pid=2**22 + 1)  # More than Linux gives.
        with self.hold():
            pass

    @parameterized.parameters("flock", "without_flock")
    def test_another_host_that_lives(self, kind: str) -> None:
        self.prepare(kind)
        self.leave(host="far", machine="0" * 12)
        looks = []

        def renew(seconds: float) -> None:
            looks.append(seconds)
            if len(looks) == 3:
                now = self.file.stat().st_mtime
                os.utime(self.file, (now + 1, now + 1))

        with mock.patch.object(locks, "wait", renew):
            with self.assertRaisesRegex(errors.UserError, "on host far, since"):
                with self.hold():
                    pass
        self.assertLen(looks, 3)
        self.assertEqual(os.listdir(self.path), [self.file.name])

    @parameterized.product(
        kind=("flock", "without_flock"), is_old=(False, True)
    )
    def test_another_host_that_is_dead(self, kind: str, is_old: bool) -> None:
        self.prepare(kind)
        self.leave(host="far", machine="0" * 12)
        if is_old:
            os.utime(self.file, (1, 1))
        with (
            mock.patch.object(locks, "wait") as wait,
            mock.patch.object(locks, "say") as say,
            self.hold(),
        ):
            pass
        # What was left long ago need not be looked at.
        self.assertBetween(wait.call_count, 0 if is_old else 50, 61 * 1)
        self.assertEqual(wait.call_count == 0, is_old)
        said = say.call_args.args[0]
        self.assertIn("on host far", said)
        self.assertIn("going on", said)
        self.assertEmpty(os.listdir(self.path))

    @parameterized.product(
        kind=("flock", "without_flock"),
        text=("", "{", "[]", "{}", '{"pid": "x"}', "\0" * 9999, "[" * 9999),
    )
    def test_files_that_say_nothing(self, kind: str, text: str) -> None:
        self.prepare(kind)
        self.path.mkdir()
        self.file.write_text(text)
        os.utime(self.file, (1, 1))
        with mock.patch.object(locks, "say"), self.hold():
            pass
        self.assertEmpty(os.listdir(self.path))

    def test_a_lock_is_renewed(self) -> None:
        with (
            mock.patch.object(locks, "BEAT_SECONDS", 0.001),
            self.hold(),
        ):
            os.utime(self.file, (1, 1))
            for _ in range(10_000):
                if self.file.stat().st_mtime != 1:
                    break
                os.sched_yield()
                locks.wait(0.001)
            self.assertNotEqual(self.file.stat().st_mtime, 1)

    def test_an_empty_folder_goes_away_if_it_was_new(self) -> None:
        path = self.folder()
        with self.hold(path), self.hold(path / "a" / "b"):
            pass
        self.assertEmpty(os.listdir(path))
        self.assertTrue(path.exists())

    def test_nothing_is_written_through_a_link(self) -> None:
        self.path.mkdir()
        other = self.folder() / "precious"
        other.write_text("as it was")
        self.file.symlink_to(other)
        with self.assertRaisesRegex(errors.UserError, "cannot write there"):
            with self.hold():
                pass
        self.assertEqual(other.read_text(), "as it was")

    def test_a_file_is_no_folder(self) -> None:
        self.path.touch()
        for path in (self.path, self.path / "below"):
            with self.assertRaisesRegex(errors.UserError, "folder"):
                with self.hold(path):
                    pass
