"""`training_video`: how a run's pictures became what they are."""

import argparse
import bisect
import math
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pgan_tf.base import boundary, errors, images, memory, video
from pgan_tf.commands.generate import checks
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import grid_layout
from pgan_tf.runs.schedule import Schedule

# How long the last grid stays, after --duration.
HOLD_SECONDS = 1.5
_BACKGROUND, _TEXT, _DONE = (16, 16, 20), (235, 235, 235), (90, 160, 255)


def run(args: argparse.Namespace) -> None:
    """Writes the video and says where."""
    path = pathlib.Path(args.out)
    grids = list_grids(pathlib.Path(args.run_dir))
    checks.make_folder_of(args.out)
    kimgs = [kimg for kimg, _ in grids]
    shown = times(kimgs[-1], args.duration, args.fps, args.warp)
    video.write(path, frames(args, grids, shown), args.fps)
    print(f"wrote {len(shown)} frames of {len(grids)} grids to {path}")


def list_grids(run_dir: pathlib.Path) -> list[tuple[int, pathlib.Path]]:
    """(kimg, PNG file), earliest first.

    Raises:
        UserError: If the folder is not that of a run, or has none.
    """
    run_folder.read_config(run_dir)
    grids = run_folder.list_fakes(run_dir)
    if not grids:
        raise errors.UserError(
            f"--run_dir={run_dir} has no grids yet (fakes<kimg>.png); "
            "train.py writes them"
        )
    return grids


def times(
    total_kimg: float, duration: float, fps: int, warp: float
) -> list[float]:
    """What kimg each frame shows: total_kimg t^warp, t from 0 to 1."""
    moving = max(round(duration * fps), 2)
    shown = [total_kimg * (i / (moving - 1)) ** warp for i in range(moving)]
    return shown + [total_kimg] * round(HOLD_SECONDS * fps)


def frames(
    args: argparse.Namespace,
    grids: Sequence[tuple[int, pathlib.Path]],
    shown: Sequence[float],
) -> Iterator[np.ndarray]:
    """uint8 [H,W,3]: at each time the newest grid there was."""
    run_dir = pathlib.Path(args.run_dir)
    lods = read_lods(run_dir)
    full = grid_layout.grid_size(run_folder.read_config(run_dir))
    kimgs = [kimg for kimg, _ in grids]
    current, picture = -1, np.zeros(0)
    for time in shown:
        found = bisect.bisect_right(kimgs, time + 1e-9) - 1
        if found != current:
            current = found
            kimg, path = grids[found]
            picture = crop(read(path), full, args.grid, args.shrink)
            picture = with_caption(
                picture,
                caption(kimg, lods.get(kimg)),
                kimg / kimgs[-1] if kimgs[-1] else 1.0,
            )
        yield picture


def read_lods(run_dir: pathlib.Path) -> dict[int, float]:
    """The level of detail at each kimg that was reported."""
    start = Schedule.of_run(run_folder.read_config(run_dir)).at(0)
    lods = {0: start.lod}
    for tick in run_folder.read_ticks(run_dir):
        nimg, lod = tick.get("nimg"), tick.get("lod")
        # A line that was torn, or damaged, may still be one of JSON.
        if isinstance(nimg, int) and isinstance(lod, int | float):
            lods[nimg // 1000] = lod
    return lods


def read(path: pathlib.Path) -> np.ndarray:
    """A grid: uint8 [H,W,3]."""
    with boundary.reading(path, "PNG"), Image.open(path) as picture:
        memory.require(3 * math.prod(picture.size), str(path))
        return np.asarray(picture.convert("RGB"))


def crop(
    picture: np.ndarray,
    full: tuple[int, int],
    wanted: tuple[int, int] | None,
    shrink: int,
) -> np.ndarray:
    """The upper left columns x rows of a grid, made smaller.

    Args:
        picture: uint8 [H,W,3].
        full: Columns and rows that it has.
        wanted: Columns and rows; None: all.
        shrink: Factor.

    Raises:
        UserError: If there are not so many, or not so many pixels.
    """
    height, width = picture.shape[:2]
    cell = width // full[0]
    if cell * full[0] != width or cell * full[1] != height:
        raise errors.UserError(
            f"the grids of {width}x{height} pixels do not hold {full[0]}x"
            f"{full[1]} pictures, as the run's config.json says"
        )
    columns, rows = wanted or full
    if columns > full[0] or rows > full[1]:
        raise errors.UserError(
            f"--grid={columns}x{rows}: the run's grids are {full[0]}x{full[1]}"
        )
    if cell % shrink:
        raise errors.UserError(
            f"--shrink={shrink}: the pictures have {cell} pixels"
        )
    part = picture[None, : rows * cell, : columns * cell]
    return np.rint(images.shrink(part, shrink)[0]).astype(np.uint8)


def caption(kimg: int, lod: float | None) -> str:
    """Such as "120 kimg   lod 1.25"."""
    return f"{kimg} kimg" + ("" if lod is None else f"   lod {lod:.2f}")


def with_caption(picture: np.ndarray, text: str, done: float) -> np.ndarray:
    """The picture above a line of text and a bar.

    Args:
        picture: uint8 [H,W,3].
        text: One line.
        done: How much of the bar is full, 0 to 1.
    """
    height, width = picture.shape[:2]
    size = min(max(width // 24, 10), 28)
    bar = max(size // 6, 2)
    strip = 2 * size + bar
    canvas = Image.new("RGB", (width, height + strip), _BACKGROUND)
    canvas.paste(Image.fromarray(picture))
    draw = ImageDraw.Draw(canvas)
    draw.text(
        (size // 2, height + bar + size),
        text,
        fill=_TEXT,
        font=ImageFont.load_default(size),
        anchor="lm",
    )
    end = math.ceil(done * width)
    if end:
        draw.rectangle((0, height, end - 1, height + bar - 1), fill=_DONE)
    return np.asarray(canvas)
