"""`training_video`: how a run's pictures became what they are."""

import argparse
import functools
import math
import pathlib
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from pgan_tf.base import (
    boundary,
    errors,
    images,
    lettering,
    memory,
    resolutions,
    video,
)
from pgan_tf.commands.generate import checks
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import grid_layout
from pgan_tf.runs.schedule import Schedule

# How long the last grid stays, after --duration.
HOLD_SECONDS = 1.5
_BACKGROUND, _TEXT, _DONE = (16, 16, 20), (235, 235, 235), (90, 160, 255)
# Pictures kept while two of them are blended.
_KEPT = 2


def run(args: argparse.Namespace) -> None:
    """Writes the video and says where."""
    path = pathlib.Path(args.out)
    grids = list_grids(pathlib.Path(args.run_dir))
    checks.make_folder_of(args.out)
    shown = places(len(grids), args.duration, args.fps)
    video.write(path, frames(args, grids, shown), args.fps)
    print(f"wrote {len(shown)} frames of {len(grids)} grids to {path}")


def list_grids(run_dir: pathlib.Path) -> list[tuple[float, pathlib.Path]]:
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


def places(count: int, duration: float, fps: int) -> list[float]:
    """Between which pictures each frame is: from 0 to count - 1.

    Every picture has as long on the screen as any other. Most ticks of the
    first kimg are short, so that time by kimg would stand still at first.

    Args:
        count: Pictures.
        duration: Seconds of motion; the last picture stays for
            HOLD_SECONDS more.
        fps: Frames per second.
    """
    moving = max(round(duration * fps), 2)
    shown = [(count - 1) * i / (moving - 1) for i in range(moving)]
    return shown + [float(count - 1)] * round(HOLD_SECONDS * fps)


def frames(
    args: argparse.Namespace,
    grids: Sequence[tuple[float, pathlib.Path]],
    shown: Sequence[float],
) -> Iterator[np.ndarray]:
    """uint8 [H,W,3]: pictures that turn into one another, with a caption.

    Place 2.25 is three quarters of picture 2 and a quarter of picture 3; the
    caption is that of the nearer one.
    """
    run_dir = pathlib.Path(args.run_dir)
    options = run_folder.read_config(run_dir)
    full = grid_layout.grid_size(options)
    stages, last = read_stages(run_dir), len(grids) - 1

    @functools.lru_cache(maxsize=_KEPT)
    def picture(i: int) -> np.ndarray:
        return crop(read(grids[i][1]), full, args.grid, args.shrink)

    zoom = args.zoom or images.zoom_to_see(len(picture(0)), args.shrink)
    for place in shown:
        before = min(int(place), last)
        after = min(before + 1, last)
        blended = blend(picture(before), picture(after), place - before)
        kimg, _ = grids[min(round(place), last)]
        yield with_caption(
            images.upscale(blended[None], zoom)[0],
            caption(kimg, stage_at(stages, kimg)),
            place / last if last else 1.0,
        )


def blend(a: np.ndarray, b: np.ndarray, part: float) -> np.ndarray:
    """The cross-fade of two pictures: a at part 0, b at 1.

    Raises:
        UserError: If they have not the same size.
    """
    if a.shape != b.shape:
        raise errors.UserError(
            f"the run's grids are of {a.shape[1]}x{a.shape[0]} and "
            f"{b.shape[1]}x{b.shape[0]} pixels; a video has one size"
        )
    if part == 0:
        return a
    mixed = (1 - part) * a.astype(np.float32) + part * b.astype(np.float32)
    return np.rint(mixed).astype(np.uint8)


def read_stages(run_dir: pathlib.Path) -> dict[int, str]:
    """What was drawn after so many images: "8x8", or "8x8 fading in".

    Known of the beginning, and of each tick that was reported.
    """
    options = run_folder.read_config(run_dir)
    final = options.data.resolution
    highest = resolutions.highest_lod(final)
    stages = {0: stage_of(Schedule.of_run(options).at(0).lod, final)}
    for tick in run_folder.read_ticks(run_dir):
        lod = tick.get("lod")
        # A line that was torn, or damaged, may still be one of JSON.
        if isinstance(lod, int | float) and 0 <= lod <= highest:
            stages[tick["nimg"]] = stage_of(lod, final)
    return stages


def stage_of(lod: float, final: int) -> str:
    """The resolution that a level of detail means.

    Args:
        lod: From 0, which is the final resolution; 1 is half of it.
        final: The final resolution.
    """
    size = resolutions.at(lod, final)
    fading = resolutions.alpha_of(lod) is not None
    return f"{size}x{size}" + (" fading in" if fading else "")


def stage_at(stages: dict[int, str], kimg: float) -> str | None:
    """What was drawn at a kimg; None: unknown.

    Earlier releases named their pictures by whole kimg: the last tick of
    these is meant.
    """
    nimg = round(1000 * kimg)
    if nimg % 1000 == 0:
        nimg = max((n for n in stages if n // 1000 == kimg), default=nimg)
    return stages.get(nimg)


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


def caption(kimg: float, stage: str | None) -> str:
    """Such as "120 kimg   16x16 fading in"; tenths below 10 kimg."""
    told = f"{kimg:.2g}" if kimg < 10 else f"{kimg:.0f}"
    return f"{told} kimg" + ("" if stage is None else f"   {stage}")


def with_caption(picture: np.ndarray, text: str, done: float) -> np.ndarray:
    """The picture above a bar and a line of text.

    Args:
        picture: uint8 [H,W,3].
        text: One line.
        done: How much of the bar is full, 0 to 1.
    """
    width = picture.shape[1]
    size = min(max(width // 24, 10), 28)
    bar = np.full((max(size // 6, 2), width, 3), _BACKGROUND, np.uint8)
    bar[:, : math.ceil(done * width)] = _DONE
    line = lettering.strip(
        [(size // 2, text)], width, 2 * size, size, _TEXT, _BACKGROUND
    )
    return np.concatenate([picture, bar, line])
