"""Flagfiles: what stands in them, and where they are found."""

import contextlib
import shutil
from unittest import mock

from pgan_tf.base import errors, flagfiles
from tests import common


class FlagfilesTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        self.enter_context(contextlib.chdir(self.here))

    def write(self, name, *lines):
        path = self.here / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(lines))

    def refuse(self, message, *arguments):
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            flagfiles.expand(arguments)
        self.assertNotIn("\n", str(caught.exception))

    def test_what_was_typed_comes_last_wherever_the_file_stands(self):
        self.write("a.cfg", "# a comment", "--x=1", "", "// another", " --y ")
        for typed in (
            ["--flagfile=a.cfg", "--x=2"],
            ["--x=2", "--flagfile=a.cfg"],
            ["--x=2", "--flagfile", "a.cfg"],
            ["-flagfile=a.cfg", "--x=2"],
        ):
            self.assertEqual(flagfiles.expand(typed), ["--x=1", "--y", "--x=2"])

    def test_files_within_files_stand_where_they_are_named(self):
        self.write("in/b.cfg", "--x=2")
        self.write("a.cfg", "--x=1", "--flagfile=in/b.cfg", "--y=3")
        self.assertEqual(
            flagfiles.expand(["--flagfile=a.cfg"]), ["--x=1", "--x=2", "--y=3"]
        )
        # Twice is no circle.
        self.write("c.cfg", "--flagfile=in/b.cfg", "--flagfile=in/b.cfg")
        self.assertLen(flagfiles.expand(["--flagfile=c.cfg"]), 2)

    def test_after_two_dashes_there_are_no_flags(self):
        words = ["--", "--flagfile=none"]
        self.assertEqual(flagfiles.expand(words), words)

    def test_names_of_the_package(self):
        expected = flagfiles.expand(
            [f"--flagfile={common.ROOT / 'configs/demo.cfg'}"]
        )
        self.assertIn("--run_dir=runs/demo", expected)
        for name in ("demo", "demo.cfg", "configs/demo.cfg", "configs/demo"):
            self.assertEqual(flagfiles.expand([f"--flagfile={name}"]), expected)

    def test_a_file_that_is_there_comes_first(self):
        self.write("demo.cfg", "--x=1")
        self.assertEqual(flagfiles.expand(["--flagfile=demo.cfg"]), ["--x=1"])
        words = flagfiles.expand(["--flagfile=demo"])
        self.assertIn("--resolution=32", words)

    def test_files_of_the_package_include_each_other(self):
        """Whatever lies in the user's folder."""
        self.write("configs/celebahq.cfg", "--x=1")
        words = flagfiles.expand(["--flagfile=celebahq-v2-1gpu-fp16"])
        self.assertIn("--resolution=1024", words)
        self.assertNotIn("--x=1", words)
        self.assertFalse([word for word in words if "flagfile" in word])

    def test_an_installed_package_has_them_inside(self):
        package = self.here / "site" / "pgan_tf"
        shutil.copytree(common.ROOT / "configs", package / "configs")
        module = str(package / "base" / "flagfiles.py")
        with mock.patch.object(flagfiles, "__file__", module):
            self.assertIn("demo", flagfiles.known())
            words = flagfiles.expand(["--flagfile=configs/celeba128-h.cfg"])
            self.assertIn("--resolution=128", words)

    def test_mistakes_get_one_line(self):
        self.refuse(
            "--flagfile=none.cfg: no such file; .* are benchmark-.*, demo, ",
            "--flagfile=none.cfg",
        )
        self.refuse("--flagfile=/none.cfg: no such", "--flagfile=/none.cfg")
        self.refuse("--flagfile needs a value", "--flagfile")
        self.write("in/b.cfg", "--flagfile=none.cfg")
        self.refuse("--flagfile=none.cfg: no such", "--flagfile=in/b.cfg")
        self.refuse("--flagfile=in: is no file", "--flagfile=in")
        self.write("a.cfg", "--flagfile=a.cfg")
        self.refuse("a.cfg includes itself", "--flagfile=a.cfg")
        (self.here / "c.cfg").write_bytes(b"\xff\xfe")
        self.refuse("--flagfile=c.cfg: is no text", "--flagfile=c.cfg")
