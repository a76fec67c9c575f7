"""`export`: a generator as a model for other programs."""

import argparse
import pathlib

from pgan_tf.base import errors
from pgan_tf.commands.generate import flags, output
from pgan_tf.networks import export_formats

DESCRIPTION = """Writes a model for other programs: as SavedModel, ONNX, TFLite
or with stock layers of Keras.

It goes from "latents" float32 [N,latent_size], and "labels" float32
[N,label_size] if the network takes labels, to "images" [N,R,R,C] at the final
resolution R, and needs nothing of this package. It is loaded and run on fixed
latents, and compared with the network, before it gets its name."""


EXAMPLES = """examples:
  python generate.py export --network=runs/demo --format=onnx --out=demo.onnx
  python generate.py export --network=runs/demo --format=savedmodel --out=demo
  python generate.py export --network=runs/demo --format=tflite --uint8 \\
      --out=demo.tflite
"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add = parser.add_argument
    flags.add_network(parser)
    add(
        "--format",
        required=True,
        choices=sorted(export_formats.FORMATS),
        help="keras: stock layers of Keras 3, without classes of ours. "
        "savedmodel: a folder for TensorFlow. onnx: for ONNX Runtime and "
        "others. tflite: for LiteRT, on phones.",
    )
    add("--out", required=True, help="File, or folder for savedmodel.")
    add(
        "--uint8",
        action="store_true",
        help="Images as pixels 0..255; default: float32, about -1..1.",
    )
    add(
        "--lod",
        type=float,
        help="Level of detail that the model has for good, 0 for the final "
        "one; default: the network's own.",
    )


def run(args: argparse.Namespace) -> None:
    """Exports, and says what came of it."""
    path = check_out(args.out, args.format)
    # TensorFlow takes seconds to import, which --help need not wait for.
    from pgan_tf.commands.generate import inputs
    from pgan_tf.networks import export

    export.check_packages(args.format)
    network = inputs.open_network(args.network)
    worst = export.export(network, args.format, path, args.lod, args.uint8)
    unit = "of 255" if args.uint8 else "in a range of -1..1"
    print(
        f"wrote {path}: run once, its images differ by at most {worst:.1g} "
        f"{unit} from the network's"
    )


def check_out(out: str, name: str) -> pathlib.Path:
    """The path of --out, which suits the format.

    Raises:
        UserError: If it does not, or nothing can be written there.
    """
    suffix = export_formats.FORMATS[name].suffix
    path = pathlib.Path(out)
    if suffix:
        if path.suffix != suffix:
            raise errors.UserError(
                f"--out={out}: name a {suffix} file for --format={name}"
            )
        return output.check_file(out)
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise errors.UserError(
            f"--out={out}: is there already; name a new folder"
        )
    output.make_folder(str(path.parent))
    return path
