"""Files that are either complete or not there."""

from pgan_tf import files
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
