"""The page that this machine serves: to itself alone, and pictures only."""

import contextlib
import http.client
import http.server
import io
import json
import socket
import threading
from unittest import mock

import numpy as np
from PIL import Image

from pgan_tf.base import errors, images
from pgan_tf.commands.generate import explore_server
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.sampling import drawing, latent_table
from tests import common


class ServerTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.G = Generator(
            resolution=8, num_channels=1, label_size=2, fmap_base=16
        )
        self.label = np.float32([0, 1])
        server = explore_server.make("<p>page</p>", self.G, self.label, 0)
        self.addCleanup(server.server_close)
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)

    def ask(self, method, path, body=None, **headers):
        """Status, kind and content of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        self.addCleanup(connection.close)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read()

    def test_page_and_pictures(self):
        status, kind, content = self.ask("GET", "/")
        self.assertEqual(
            (status, kind, content),
            (200, "text/html; charset=utf-8", b"<p>page</p>"),
        )
        latents = latent_table.latents(0, 1, self.G.latent_size, 3)
        status, kind, content = self.ask(
            "POST", "/draw", json.dumps(latents[0].tolist())
        )
        self.assertEqual((status, kind), (200, "image/png"))
        drawn = drawing.generate(self.G, latents, self.label[None])
        expected = images.to_rgb(images.to_uint8(drawn))[0].astype(int)
        found = np.asarray(Image.open(io.BytesIO(content)))
        self.assertLessEqual(np.abs(found - expected).max(), 1)
        other = drawing.generate(self.G, latents, 1 - self.label[None])
        self.assertGreater(np.abs(images.to_uint8(other) - expected).max(), 9)

    def test_what_is_refused(self):
        size = self.G.latent_size
        for path in ("/x", "/../etc/passwd", "/?"):
            self.assertEqual(self.ask("GET", path)[0], 404)
        for body in (
            *("", "[", "{}", "null", "[1, 2]", '["a"]', "NaN"),
            *(json.dumps([[0.0] * size]), "[" * 100_000),
            *(f"[{'0,' * (size - 1)}{end}]" for end in ("NaN", "1e99")),
            "0" * 400_000,
        ):
            self.assertEqual(self.ask("POST", "/draw", body)[0], 400, body[:9])
        fine = json.dumps([0.0] * size)
        self.assertEqual(self.ask("POST", "/", fine)[0], 400)
        self.assertEqual(self.ask("POST", "/draw", fine)[0], 200)

    def test_more_than_is_read(self):
        """What says that it is too large is not waited for."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(
                b"POST /draw HTTP/1.1\r\n"
                + f"Host: 127.0.0.1:{self.port}\r\n".encode()
                + b"Content-Length: 9999999999\r\n\r\n"
            )
            self.assertIn(b" 400 ", connection.recv(1000))

    def test_other_sites(self):
        """A name of theirs may lead here, and a page of theirs may ask."""
        for headers in (
            {"Host": "evil.example"},
            {"Host": f"evil.example:{self.port}"},
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
        ):
            for method, path in (("GET", "/"), ("POST", "/draw")):
                status, _, content = self.ask(method, path, "[]", **headers)
                self.assertEqual(status, 403)
                self.assertNotIn(b"page", content)
        own = {
            "Host": f"localhost:{self.port}",
            "Origin": f"http://localhost:{self.port}",
        }
        self.assertEqual(self.ask("GET", "/", **own)[0], 200)

    def test_only_this_machine(self):
        with explore_server.make("", self.G, self.label, 0) as server:
            self.assertEqual(server.server_address[0], "127.0.0.1")

    def test_a_port_that_is_taken(self):
        message = f"--port={self.port}: Address already in use"
        with self.assertRaisesRegex(errors.UserError, message):
            explore_server.serve("", self.G, self.label, self.port)

    def test_until_control_c(self):
        said = io.StringIO()
        with (
            mock.patch.object(
                http.server.HTTPServer,
                "serve_forever",
                side_effect=KeyboardInterrupt,
            ),
            contextlib.redirect_stdout(said),
        ):
            explore_server.serve("", self.G, self.label, 0)
        self.assertRegex(
            said.getvalue(), r"^open http://127.0.0.1:\d+/ in a browser"
        )
