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


if __name__ == "__main__":
    tf.test.main()
