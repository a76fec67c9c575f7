"""Published networks: fetched once, checked, and never unasked."""

import functools
import hashlib
import http.server
import os
import pathlib
import threading
from unittest import mock

from absl.testing import absltest

from pgan_tf.base import errors
from pgan_tf.networks.progressive.pytorch import published
from tests import common

CONTENT = b"a network" * 1000
NAME = f"x_s6_i1-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


class PublishedTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.cache = self.cache_folder()
        self.said: list[str] = []

    def serve(self, content: bytes) -> str:
        """The address of a server that has the file, or another's."""
        folder = self.folder()
        (folder / NAME).write_bytes(content)
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
        )
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/{NAME}"

    def fetch(self, address: str) -> pathlib.Path:
        with mock.patch.dict(published.ADDRESSES, {"x": address}):
            return published.fetch("x", self.said.append)

    def test_once(self):
        address = self.serve(CONTENT)
        path = self.fetch(address)
        self.assertEqual(path.read_bytes(), CONTENT)
        self.assertEqual(self.said, [f"fetching {address} to {path}"])
        self.assertEqual(self.fetch("http://127.0.0.1:1/" + NAME), path)
        self.assertLen(self.said, 1)

    def test_a_damaged_copy_is_fetched_anew(self):
        address = self.serve(CONTENT)
        path = self.fetch(address)
        path.write_bytes(CONTENT[:-1])
        self.assertEqual(self.fetch(address).read_bytes(), CONTENT)
        self.assertLen(self.said, 2)

    def test_another_file(self):
        address = self.serve(CONTENT + b"!")
        with self.assertRaisesRegex(errors.UserError, "is another file"):
            self.fetch(address)
        self.assertEmpty(list(self.cache.rglob("*.pth")))

    def test_offline(self):
        address = "http://127.0.0.1:1/" + NAME
        with self.assertRaisesRegex(
            errors.UserError, f"refused.*fetch {address} elsewhere"
        ):
            self.fetch(address)

    def test_too_much(self):
        with (
            mock.patch.object(published, "MOST_BYTES", 100),
            self.assertRaisesRegex(errors.UserError, "more than 100 B"),
        ):
            self.fetch(self.serve(CONTENT))

    def test_names(self):
        with self.assertRaisesRegex(
            errors.UserError, "--network=hub:none: must be one of celebAHQ-256"
        ):
            published.fetch("none", self.said.append)
        digits = {
            os.path.splitext(address)[0].rsplit("-", 1)[1]
            for address in published.ADDRESSES.values()
        }
        self.assertLen(digits, len(published.ADDRESSES))
        for each in digits:
            self.assertRegex(each, r"^[0-9a-f]{8}$")


if __name__ == "__main__":
    absltest.main()
