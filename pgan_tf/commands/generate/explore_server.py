"""Shows a page to browsers on this machine, and draws its pictures."""

import contextlib
import http.server
import io
import json
from typing import Any

import numpy as np
from PIL import Image

from pgan_tf.base import errors, images
from pgan_tf.commands.generate import inputs
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import drawing

HOST = "127.0.0.1"
# Of a request, which is a few thousand numbers at most.
MOST_BYTES = 1 << 20
# A connection that says nothing keeps nobody waiting for longer.
SECONDS = 10


def serve(
    page: str, network: Generator, label: np.ndarray | None, port: int
) -> None:
    """Answers until Ctrl-C.

    Args:
        page: What it shows.
        network: Draws the pictures.
        label: That it is told.
        port: 0: any that is free.

    Raises:
        UserError: If the port is taken.
    """
    with make(page, network, label, port) as server:
        where = f"http://{HOST}:{server.server_port}/"
        # At once, for whoever reads it from a pipe.
        print(
            f"open {where} in a browser of this machine; Ctrl-C ends it",
            flush=True,
        )
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def make(
    page: str, network: Generator, label: np.ndarray | None, port: int
) -> http.server.HTTPServer:
    """A server for this machine alone, one request after the other.

    Raises:
        UserError: If the port is taken.
    """

    class Bound(Handler):
        content = page.encode("utf-8", "backslashreplace")
        size = network.latent_size

        def draw(self, latents: np.ndarray) -> bytes:
            return draw(network, label, latents)

    try:
        return http.server.HTTPServer((HOST, port), Bound)
    except OSError as error:
        raise errors.UserError(f"--port={port}: {error.strerror}") from error


def draw(
    network: Generator, label: np.ndarray | None, latents: np.ndarray
) -> bytes:
    """The picture of latents [latent_size], as a PNG file."""
    labels = inputs.rows_of(label, 1)
    drawn = drawing.generate(network, latents[None], labels, devices=())
    picture = images.to_rgb(images.to_uint8(drawn))[0]
    encoded = io.BytesIO()
    Image.fromarray(picture).save(encoded, "PNG")
    return encoded.getvalue()


class Handler(http.server.BaseHTTPRequestHandler):
    """GET / is the page, POST /draw a picture of the latents in its body."""

    content = b""
    size = 0
    timeout = SECONDS

    def draw(self, latents: np.ndarray) -> bytes:
        """The picture, as a PNG file."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """The page, and nothing else."""
        if not self._is_from_here():
            return
        if self.path != "/":
            self.send_error(404)
            return
        self._answer("text/html; charset=utf-8", self.content)

    def do_POST(self) -> None:
        """A picture."""
        if not self._is_from_here():
            return
        latents = self._latents()
        if self.path != "/draw" or latents is None:
            self.send_error(400)
            return
        self._answer("image/png", self.draw(latents))

    def _is_from_here(self) -> bool:
        """Refuses other sites, whatever names they have for this machine."""
        port = self.connection.getsockname()[1]
        ours = {f"{HOST}:{port}", f"localhost:{port}"}
        origins = {f"http://{each}" for each in ours} | {None}
        if (
            self.headers.get("Host") in ours
            and self.headers.get("Origin") in origins
        ):
            return True
        self.send_error(403)
        return False

    def _latents(self) -> np.ndarray | None:
        """Those of the request; None: it has none."""
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return None
        try:
            given = json.loads(self.rfile.read(int(length)))
            with np.errstate(over="ignore"):  # What is not finite is refused.
                latents = np.asarray(given, np.float32)
        except (ValueError, TypeError, RecursionError, OverflowError):
            return None
        fits = latents.shape == (self.size,) and np.isfinite(latents).all()
        return latents if fits else None

    def _answer(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: every picture would be a line."""
