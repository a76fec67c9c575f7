"""Every file below a folder once, whatever links there are; all is counted."""

import os
import pathlib
import socket
from unittest import mock

from pgan_tf.base import errors
from pgan_tf.data.sources import archive, folder_walk
from tests import common


class FolderWalkTest(common.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.here = self.folder() / "images"
        for name in ("1.png", "a/2.png", "a/b/3.png", "c/4.png"):
            self.make(self.here / name)
        self.names = ["1.png", "a/2.png", "a/b/3.png", "c/4.png"]

    def make(self, path: pathlib.Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def assert_found(self, *names: str, again: int = 0) -> None:
        found = folder_walk.walk(self.here)
        self.assertCountEqual(found.names, names)
        self.assertEqual(found.num_again, again)

    def test_links_that_lead_back(self) -> None:
        for place, target in (
            ("self", "."), ("up", ".."), ("far", "/"), ("a/b/loop", ".."),
            ("a/other", "../c"), ("c/back", "../a"), ("z", "a/b"),
        ):  # fmt: skip
            with self.subTest(place):
                link = self.here / place
                link.symlink_to(target)
                self.assert_found(*self.names, again=1)
                link.unlink()

    def test_all_such_links_at_once(self) -> None:
        for place, target in (("self", "."), ("a/x", "../c"), ("c/y", "../a")):
            (self.here / place).symlink_to(target)
        self.assert_found(*self.names, again=3)

    def test_links_to_elsewhere_are_followed_once(self) -> None:
        outside = self.here.parent / "outside"
        self.make(outside / "5.png")
        self.make(outside / "deep" / "6.png")
        (outside / "home").symlink_to(self.here)
        (outside / "round").symlink_to(outside)
        (self.here / "y").symlink_to(outside)
        (self.here / "x").symlink_to(outside / "deep")
        # By name: x comes first, and what y has in common with it is known.
        self.assert_found(*self.names, "x/6.png", "y/5.png", again=3)

    def test_names_do_not_depend_on_where_links_lie(self) -> None:
        """A real folder is read under its own name, not that of a link."""
        (self.here / "0").symlink_to("a")
        self.assert_found(*self.names, again=1)

    def test_the_folder_itself_may_be_a_link(self) -> None:
        link = self.here.parent / "link"
        link.symlink_to(self.here)
        found = folder_walk.walk(link)
        self.assertCountEqual(found.names, self.names)

    def test_links_to_files(self) -> None:
        (self.here / "7.png").symlink_to("1.png")
        (self.here / "lost.png").symlink_to("nowhere")
        (self.here / "round.png").symlink_to("round.png")
        names = ["7.png", "lost.png", "round.png"]
        self.assert_found(*self.names, *names)
        files = archive.Archive(self.here)
        for name in names[1:]:
            with self.assertRaisesRegex(
                errors.UserError, f"cannot read.*{name}"
            ):
                files.read(name)

    def test_what_would_never_end_is_not_opened(self) -> None:
        os.mkfifo(self.here / "pipe.png")
        (self.here / "link.png").symlink_to("pipe.png")
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self.here / "s.png"))
            found = folder_walk.walk(self.here)
        self.assertCountEqual(found.names, self.names)
        self.assertEqual(found.num_special, 3)

    def test_hidden_files_and_those_of_systems(self) -> None:
        for name in (
            ".DS_Store", "._1.png", "Thumbs.db", "thumbs.db", "desktop.ini",
            "Desktop.ini", "__MACOSX/1.png", "a/.hidden/1.png", "a/.h.png",
        ):  # fmt: skip
            self.make(self.here / name)
        found = folder_walk.walk(self.here)
        self.assertCountEqual(found.names, self.names)
        self.assertEqual(found.num_hidden, 9)

    def test_a_folder_that_may_not_be_read_is_an_error(self) -> None:
        real = os.scandir

        def scandir(path):
            if str(path).endswith("/b"):
                raise PermissionError(13, "Permission denied")
            return real(path)

        with mock.patch.object(os, "scandir", scandir):
            with self.assertRaisesRegex(
                errors.UserError,
                "cannot read the folder .*/a/b: Permission denied",
            ):
                archive.Archive(self.here)

    def test_a_folder_that_may_not_be_looked_at_is_one_too(self) -> None:
        real = os.stat

        def stat(path, **options):
            if str(path).endswith("/b"):
                raise PermissionError(13, "Permission denied")
            return real(path, **options)

        with mock.patch.object(os, "stat", stat):
            with self.assertRaisesRegex(errors.UserError, "cannot read.*/a/b:"):
                archive.Archive(self.here)

    def test_odd_names(self) -> None:
        names = [
            "new\nline.png", "[a].png", "it's \"b\".png", "c\\d.png",
            os.fsdecode(b"\xff\xfe.png"), "-x.png", "%s{0}.png", "é.png",
        ]  # fmt: skip
        for name in names:
            (self.here / name).write_bytes(
                name.encode(errors="surrogateescape")
            )
        self.assert_found(*self.names, *names)
        files = archive.Archive(self.here)
        for name in names:
            expected = name.encode(errors="surrogateescape")
            self.assertEqual(files.read(name), expected)

    def test_deep_folders(self) -> None:
        deep = "/".join("d" * 300)
        self.make(self.here / deep / "1.png")
        self.assert_found(*self.names, f"{deep}/1.png")
