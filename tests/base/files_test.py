"""Files that are either complete or not there."""

import os
from unittest import mock

from pgan_tf.base import errors, files
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
