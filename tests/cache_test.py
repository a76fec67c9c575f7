import os
from unittest import mock

import tensorflow as tf

from pgan_tf import cache, errors
from tests import common


class CacheTest(common.TestCase):
    def test_follows_xdg(self):
        here = self.folder()
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(here)}):
            self.assertEqual(cache.folder(), here / "pgan_tf")
        self.assertTrue((here / "pgan_tf").is_dir())

    def test_folder_that_cannot_be_made(self):
        file = self.folder() / "file"
        file.touch()
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": str(file)}):
            with self.assertRaisesRegex(errors.UserError, "XDG_CACHE_HOME"):
                cache.folder()

    def test_partial_becomes_the_file_only_when_all_went_well(self):
        path = self.folder() / "a.txt"
        with self.assertRaises(ZeroDivisionError):
            with cache.partial(path) as partial:
                partial.write_text("half")
                1 / 0  # noqa: B018
        self.assertEmpty(list(path.parent.iterdir()))
        with cache.partial(path) as partial:
            partial.write_text("whole")
            self.assertFalse(path.exists())
        self.assertEqual(path.read_text(), "whole")
        self.assertLen(list(path.parent.iterdir()), 1)


if __name__ == "__main__":
    tf.test.main()
