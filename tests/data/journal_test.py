"""Tests of keeping builds apart."""

from pgan_tf.base import errors
from pgan_tf.data import journal
from tests import common, processes


class LockTest(common.TestCase):
    def test_second_build_is_refused(self) -> None:
        path = self.folder() / "data"
        with journal.hold_lock(path):
            for _ in range(2):
                with self.assertRaisesRegex(errors.UserError, "another `crea"):
                    with journal.hold_lock(path):
                        self.fail("both have the lock")
            (path / "file").touch()
        with journal.hold_lock(path):
            pass
        self.assertTrue((path / "file").exists())

    def test_lock_dies_with_its_process(self) -> None:
        path = self.folder() / "data"
        script = (
            "import os, pathlib, signal; from pgan_tf.data import journal\n"
            f"with journal.hold_lock(pathlib.Path({str(path)!r})):\n"
            "    print(flush=True); signal.pause()"
        )
        child = processes.start(self, "-c", script)
        child.stdout.readline()
        with self.assertRaises(errors.UserError), journal.hold_lock(path):
            pass
        child.kill()
        child.communicate()
        with journal.hold_lock(path):
            pass

    def test_empty_folder_goes_away_if_it_was_new(self) -> None:
        path = self.folder()
        with journal.hold_lock(path), journal.hold_lock(path / "a" / "b"):
            pass
        self.assertFalse((path / "a" / "b").exists())
        self.assertTrue(path.exists())
