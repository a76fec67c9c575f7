"""Files that are either complete or not there."""

import errno
import os
import pathlib
from unittest import mock

from pgan_tf.base import errors, files, processes
from tests import common


class PartialTest(common.TestCase):
    def test_partial_becomes_the_file_only_when_all_went_well(self):
        path = self.folder() / "a.txt"
        with self.assertRaises(ZeroDivisionError):
            with files.partial(path) as partial:
                partial.write_text("half")
                1 / 0  # noqa: B018
        self.assertEmpty(list(path.parent.iterdir()))
        with files.partial(path) as partial:
            partial.write_text("whole")
            self.assertFalse(path.exists())
        self.assertEqual(path.read_text(), "whole")
        self.assertLen(list(path.parent.iterdir()), 1)

    def test_folders(self):
        path = self.folder() / "model"
        for fails in (True, False):
            try:
                with files.partial(path) as partial:
                    partial.mkdir()
                    (partial / "part").touch()
                    1 / (not fails)  # noqa: B018
            except ZeroDivisionError:
                self.assertEmpty(list(path.parent.iterdir()))
        self.assertEqual([p.name for p in path.iterdir()], ["part"])
        with self.assertRaises(OSError):
            with files.partial(path) as partial:
                partial.mkdir()
        self.assertEqual([p.name for p in path.iterdir()], ["part"])
        self.assertLen(list(path.parent.iterdir()), 1)


class CacheTest(common.TestCase):
    def test_follows_xdg(self):
        here = self.folder()
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(here)}):
            self.assertEqual(files.cache_folder(), here / "pgan_tf")
        self.assertTrue((here / "pgan_tf").is_dir())

    def test_folder_that_cannot_be_made(self):
        file = self.folder() / "file"
        file.touch()
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(file)}):
            with self.assertRaisesRegex(errors.UserError, "XDG_CACHE_HOME"):
                files.cache_folder()


class SweepTest(common.TestCase):
    def leftovers(self, folder: pathlib.Path) -> dict[str, str]:
        """Files that look begun, by why they stay or go."""
        own = processes.current()
        token = "0" * 16
        names = {
            "alive": f"partial-{own.machine}-{own.pid}-{own.start}-{token}-a",
            "dead": f"partial-{own.machine}-4194305-7-{token}-a",
            "reused": f"partial-{own.machine}-{own.pid}-1-{token}-a",
            "far": f"partial-{'0' * 12}-4194305-7-{token}-a",
            "far and old": f"partial-{'1' * 12}-4194305-7-{token}-a",
            "of a user": "partial-results",
            "a copy": f"partial-{own.machine}-4194305-7-{token}",
        }
        for name in names.values():
            (folder / name).touch()
        os.utime(folder / names["far and old"], (1, 1))
        return names

    def test_what_dead_processes_leave_goes_and_nothing_else(self):
        folder = self.folder()
        names = self.leftovers(folder)
        (folder / (names["dead"] + "b")).mkdir()
        (folder / (names["dead"] + "b") / "inside").touch()
        with files.partial(folder / "new") as partial:
            partial.touch()
        staying = {"alive", "far", "of a user", "a copy"}
        self.assertEqual(
            set(os.listdir(folder)), {"new", *(names[n] for n in staying)}
        )

    def test_a_link_is_removed_but_not_what_it_names(self):
        folder, other = self.folder(), self.folder()
        (other / "precious").touch()
        name = self.leftovers(folder)["dead"] + "b"
        (folder / name).symlink_to(other)
        files.sweep(folder)
        self.assertFalse((folder / name).is_symlink())
        self.assertTrue((other / "precious").exists())

    def test_names_as_long_as_can_be(self):
        folder = self.folder()
        for name in ("a" * 251 + ".png", "ä" * 125 + ".png"):
            with files.partial(folder / name) as partial:
                self.assertEqual(partial.suffix, ".png")
                self.assertTrue(files.is_partial(partial.name))
                partial.write_text(name)
            self.assertEqual((folder / name).read_text(), name)

    def test_names_that_are_no_text(self):
        path = self.folder() / os.fsdecode(b"caf\xe9\n[*].png")
        with files.partial(path) as partial:
            partial.write_text("x")
        self.assertEqual(path.read_text(), "x")


class LinesTest(common.TestCase):
    def test_torn_and_damaged_lines_cost_themselves_alone(self):
        path = self.folder() / "lines.jsonl"
        self.assertEmpty(files.read_json_lines(path))
        deep = b"[" * 100_000
        for bad in (b"", b"\xff\xfe", b'{"a": 1', b"7", b"null", deep, b"\0"):
            path.write_bytes(b'{"n": 1}\n' + bad)
            files.append(path, '{"n": 2}\n')
            self.assertEqual(
                files.read_json_lines(path), [{"n": 1}, {"n": 2}], bad[:20]
            )

    def test_whole_lines_follow_each_other(self):
        path = self.folder() / "lines.jsonl"
        files.append(path, "a\n")
        files.append(path, "b\nc\n")
        self.assertEqual(path.read_text(), "a\nb\nc\n")

    def test_a_full_disk_takes_all_lines_or_none(self):
        path = self.folder() / "lines.jsonl"
        path.write_bytes(b"whole\ntorn")
        full = OSError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(os, "fsync", side_effect=full):
            with self.assertRaisesRegex(OSError, "No space left.*lines.jsonl"):
                files.append(path, "more\n")
        self.assertEqual(path.read_bytes(), b"whole\ntorn")
