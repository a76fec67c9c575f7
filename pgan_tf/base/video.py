"""Videos, in the format that the file's name asks for.

MP4 is written by the ffmpeg that the package imageio-ffmpeg brings; GIF and
WebP by pillow.
"""

import contextlib
import itertools
import pathlib
import subprocess
import tempfile
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image

from pgan_tf.base import errors, extras, files, images

FORMATS = (".mp4", ".gif", ".webp")


def check(path: pathlib.Path) -> None:
    """Refuses a name that `write` could not write to, before any work.

    Raises:
        UserError: If the format is another, or ffmpeg is needed and missing.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise errors.UserError(
            f"{path}: videos are named {', '.join(FORMATS[:-1])} or "
            f"{FORMATS[-1]}"
        )
    if suffix == ".mp4":
        _ffmpeg(path)


def write(path: pathlib.Path, frames: Iterable[np.ndarray], fps: int) -> None:
    """Writes a video that is whole or not there; GIF and WebP loop forever.

    Args:
        path: Ends in one of `FORMATS`.
        frames: uint8 [H,W,C], C 1 or 3, all of one size; one at least.
        fps: Frames per second. A GIF counts in hundredths of a second, and
            rounds.

    Raises:
        UserError: As `check`, or if ffmpeg fails.
    """
    check(path)
    with files.partial(path) as partial:
        if path.suffix.lower() == ".mp4":
            _write_mp4(partial, path, frames, fps)
        else:
            _write_pillow(partial, frames, fps)


def _ffmpeg(path: pathlib.Path) -> str:
    """The program ffmpeg of the package imageio-ffmpeg, if it is there."""
    try:
        package = extras.require("imageio_ffmpeg", "video", f"{path}: MP4")
        return package.get_ffmpeg_exe()
    except (errors.UserError, RuntimeError) as error:
        needed = extras.missing("video", f"{path}: MP4")
        raise errors.UserError(
            f"{needed}, or name the file .gif or .webp"
        ) from error


def _write_mp4(
    partial: pathlib.Path,
    path: pathlib.Path,
    frames: Iterable[np.ndarray],
    fps: int,
) -> None:
    program = _ffmpeg(path)
    shown = (even(images.to_rgb(frame)) for frame in frames)
    first = next(shown)
    height, width, _ = first.shape
    command = [
        *(program, "-loglevel", "error", "-f", "rawvideo"),
        *("-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps)),
        *("-i", "-", "-c:v", "libx264", "-pix_fmt", "yuv420p"),
        # Visually lossless; plays while it is still loading. A name is not
        # to be taken for that of a protocol.
        *("-crf", "18", "-movflags", "+faststart", f"file:{partial}"),
    ]
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=log) as process,
    ):
        try:
            _feed(process, itertools.chain([first], shown))
        except BaseException:
            process.kill()
            raise
        if process.wait():
            log.seek(0)
            lines = log.read().decode(errors="replace").splitlines()
            reason = lines[0] if lines else f"exit code {process.returncode}"
            raise errors.UserError(f"{path}: ffmpeg failed: {reason}")


def _feed(process: subprocess.Popen[bytes], frames: Iterable[Any]) -> None:
    """Gives ffmpeg the frames, as long as it takes them."""
    assert process.stdin is not None
    # A pipe that breaks is explained by ffmpeg's own exit code and log.
    with contextlib.suppress(BrokenPipeError):
        for frame in frames:
            process.stdin.write(frame.tobytes())
        process.stdin.close()


def even(frame: np.ndarray) -> np.ndarray:
    """Repeats the last row or column: H.264 stores colours at half size."""
    height, width, _ = frame.shape
    return np.pad(frame, [(0, height % 2), (0, width % 2), (0, 0)], "edge")


def _write_pillow(
    partial: pathlib.Path, frames: Iterable[np.ndarray], fps: int
) -> None:
    pictures = (Image.fromarray(images.to_rgb(frame)) for frame in frames)
    next(pictures).save(
        partial,
        save_all=True,
        append_images=pictures,
        duration=round(1000 / fps),
        loop=0,
        quality=85,
    )
