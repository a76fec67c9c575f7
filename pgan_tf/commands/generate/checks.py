"""What generate.py refuses at once: before any work, without TensorFlow."""

import argparse
import os
import pathlib

from pgan_tf.base import errors, number_file, video
from pgan_tf.data.sources import decode
from pgan_tf.networks import export_formats
from pgan_tf.networks.progressive.pytorch import published
from pgan_tf.runs import folder as run_folder

# What nobody calls a folder.
_FILES = frozenset(
    (*(".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp", ".tif", ".tiff"),
     *(".mp4", ".npy", ".npz", ".html", ".keras", ".pdf", ".svg"))
)  # fmt: skip
# More would make no strip that can be looked at.
MOST_IN_STRIP = 100
# A slip of the keyboard otherwise: an hour at 30 frames a second.
MOST_FRAMES = 108_000


def check_images(args: argparse.Namespace) -> None:
    """Refuses flags of `images`; makes the folder of --out."""
    if args.seeds is not None and args.latents is not None:
        raise errors.UserError("give --seeds or --latents, not both")
    if args.truncation is not None and args.latents is not None:
        raise errors.UserError(
            "--truncation is for --seeds; --latents are drawn as they are"
        )
    run_folder.find_snapshot(args.network)
    if args.latents is not None:
        number_file.read(args.latents, f"--latents={args.latents}")
    elif args.seeds is not None and args.grid is not None:
        check_room(args.grid, len(args.seeds))
    if is_one_picture(args.out):
        make_folder_of(args.out)
        return
    _check_no_file(args.out, "a .png file, or a folder")
    make_folder(args.out)


def check_room(grid: tuple[int, int], count: int) -> None:
    """Refuses a grid of too few cells.

    Raises:
        UserError: Says what would do.
    """
    columns, rows = grid
    if count > columns * rows:
        raise errors.UserError(
            f"--grid={columns}x{rows} has no room for {count} pictures; "
            f"give such as {columns}x{-(-count // columns)}"
        )


def check_interpolate(args: argparse.Namespace) -> None:
    """Refuses flags of `interpolate`; makes the folder of --out."""
    path = pathlib.Path(args.out)
    frames = num_frames(args)
    if not is_strip(path):
        video.check(path)
    elif frames > MOST_IN_STRIP:
        raise errors.UserError(
            f"{path}: {frames} frames are too many for a row; give a lower "
            "--fps, such as 1"
        )
    if args.between is not None:
        _check_between(args, frames)
    elif args.truncation is not None:
        raise errors.UserError(
            "--truncation is for the seeds of --between; a random walk is "
            "scaled to unit variance"
        )
    run_folder.find_snapshot(args.network)
    make_folder_of(args.out)


def check_training_video(args: argparse.Namespace) -> None:
    """Refuses flags of `training_video`."""
    video.check(pathlib.Path(args.out))
    run_folder.read_config(args.run_dir)


def check_project(args: argparse.Namespace) -> None:
    """Refuses flags of `project`; makes the folder of --out."""
    if args.video != "none":
        video.check(pathlib.Path(args.out) / f"search.{args.video}")
    run_folder.find_snapshot(args.network)
    _check_there("target", args.target)
    picture = pathlib.Path(args.target).read_bytes()
    decode.rgb(picture, f"--target={args.target}")
    _check_no_file(args.out, "a folder, for there are several files")
    make_folder(args.out)


def check_explore(args: argparse.Namespace) -> None:
    """Refuses flags of `explore`; makes the folder of --out."""
    if bool(args.out) == args.serve:
        raise errors.UserError("give --out=explore.html, or else --serve")
    run_folder.find_snapshot(args.network)
    if args.serve:
        return
    if pathlib.Path(args.out).suffix.lower() not in (".html", ".htm"):
        raise errors.UserError(f"--out={args.out}: name a .html file")
    make_folder_of(args.out)


def check_import(args: argparse.Namespace) -> None:
    """Refuses flags of `import`; makes the folder of --out."""
    if pathlib.Path(args.out).suffix != ".keras":
        raise errors.UserError(f"--out={args.out}: name a .keras file")
    if args.network.startswith(published.PREFIX):
        published.check(args.network.removeprefix(published.PREFIX))
    else:
        _check_there("network", args.network)
    make_folder_of(args.out)


def check_export(args: argparse.Namespace) -> None:
    """Refuses flags of `export`; makes the folder of --out."""
    suffix = export_formats.FORMATS[args.format].suffix
    path = pathlib.Path(args.out)
    if path.suffix != suffix and suffix:
        raise errors.UserError(
            f"--out={args.out}: name a {suffix} file for --format={args.format}"
        )
    export_formats.check_packages(args.format)
    run_folder.find_snapshot(args.network)
    if suffix:
        make_folder_of(args.out)
        return
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise errors.UserError(
            f"--out={args.out}: is there already; name a new folder"
        )
    make_folder(str(path.parent))


def num_frames(args: argparse.Namespace) -> int:
    """How many frames --duration and --fps come to."""
    frames = round(args.duration * args.fps)
    if not 2 <= frames <= MOST_FRAMES:
        raise errors.UserError(
            f"--duration={args.duration:g} at --fps={args.fps} makes {frames} "
            f"frames; 2 to {MOST_FRAMES} can be made"
        )
    return frames


def is_strip(path: pathlib.Path) -> bool:
    """Whether one picture of all frames is asked for."""
    return path.suffix.lower() == ".png"


def is_one_picture(out: str) -> bool:
    """Whether --out names one PNG file, and not a folder."""
    path = pathlib.Path(out)
    return path.suffix.lower() == ".png" and not path.is_dir()


def _check_no_file(out: str, wanted: str) -> None:
    """Refuses what is meant as a file, where a folder would be made.

    Raises:
        UserError: Says what is wanted.
    """
    path = pathlib.Path(out)
    if path.suffix.lower() in _FILES and not path.is_dir():
        raise errors.UserError(f"--out={out}: name {wanted}")


def make_folder(path: str) -> None:
    """Makes the folder of --out, if it is not there.

    Raises:
        UserError: If that cannot be, or nothing can be written in it.
    """
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise errors.UserError(
            f"--out={path}: cannot make this folder: {error.strerror}"
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise errors.UserError(
            f"--out={path}: no permission to write there; give another folder"
        )


def make_folder_of(file: str) -> None:
    """Makes the folder of the file that --out names.

    Raises:
        UserError: If that cannot be, or the name is that of a folder.
    """
    path = pathlib.Path(file)
    if path.is_dir():
        raise errors.UserError(f"--out={file}: is a folder; name a file in it")
    make_folder(str(path.parent))


def _check_there(name: str, path: str) -> None:
    if not pathlib.Path(path).is_file():
        raise errors.UserError(f"--{name}={path}: no such file")


def _check_between(args: argparse.Namespace, frames: int) -> None:
    """Refuses what cannot be walked between seeds."""
    count = len(args.between)
    if count < 2:
        raise errors.UserError("--between needs two seeds or more, such as 3,7")
    if count > frames:
        raise errors.UserError(
            f"--between={count} seeds in {frames} frames; give a longer "
            "--duration"
        )
    if args.grid != (1, 1):
        raise errors.UserError("--between shows one picture; leave out --grid")
