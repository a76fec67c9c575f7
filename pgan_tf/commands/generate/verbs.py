"""generate.py: pictures, videos and models of trained networks."""

import argparse
import contextlib
import os
import pathlib

from pgan_tf.base import command_line, locks
from pgan_tf.base.verbs import Script, Verb
from pgan_tf.commands.generate import checks, flags

_HERE = "pgan_tf.commands.generate."

SCRIPT = Script(
    "generate",
    "Makes pictures and videos with trained networks, brings them in and out.",
    {
        "images": Verb(
            _HERE + "images",
            """Draws pictures: one PNG file for each seed, or a contact sheet.

Without --seeds the first sixteen. Into a folder each goes as a file of its
own, as large as the network draws it, which other programs can read. Into a
.png file several go as a contact sheet, enlarged to 512 pixels or more.

A seed alone fixes its picture, whatever else is drawn with it, and on
whatever machine. All visible GPUs are used.""",
            """\
python generate.py images --network=runs/demo --out=sheet.png
python generate.py images --network=runs/demo --seeds=7 --out=seven.png
python generate.py images --network=runs/demo --seeds=0-99,200 --out=pictures
python generate.py images --network=runs/demo --grid=15x8 --out=pictures
python generate.py images --network=runs/cifar10-conditional --class=cat \\
    --seeds=0-9 --out=cats
python generate.py images --network=runs/demo --latents=z.npy --out=pictures
""",
            flags.declare_images,
            checks.check_images,
        ),
        "interpolate": Verb(
            _HERE + "interpolate",
            """Makes a video of a walk: pictures that turn into one another.

The walk is random, smoothed over time, one in each cell of a grid; or, with
--between, along arcs from one seed's picture to the next. Its end leads back
to its beginning, so that a player can repeat it without a jump.""",
            """\
python generate.py interpolate --network=runs/demo --out=walk.mp4
python generate.py interpolate --network=runs/demo --grid=4x3 \\
    --duration=20 --smoothing=2 --out=walk.mp4
python generate.py interpolate --network=runs/demo --between=3,17,42 \\
    --duration=6 --fps=20 --out=walk.webp
python generate.py interpolate --network=runs/demo --between=3,17,42 \\
    --duration=12 --fps=1 --out=walk.png
""",
            flags.declare_interpolate,
            checks.check_interpolate,
        ),
        "training_video": Verb(
            _HERE + "training_video",
            """Makes a video of a run: how its pictures became what they are.

Shows the fakes<kimg>.png that train.py writes, always of the same latents,
with the time and the resolution below them. Each picture turns into the next
one, and all have as long on the screen. Needs no network.""",
            """\
python generate.py training_video --run_dir=runs/demo --out=training.mp4
python generate.py training_video --run_dir=runs/celeba --grid=6x3 \\
    --duration=8 --fps=10 --out=training.webp
""",
            flags.declare_training_video,
            checks.check_training_video,
        ),
        "project": Verb(
            _HERE + "project",
            """Finds the latent of a picture: the one that draws it best.

Searches by gradient descent from the best of many random latents. Writes
target.png (the picture as the network would draw it), picture.png (what it
draws), latent.npy (for `images --latents`), a video of the search, and
project.json with the distance at every step.""",
            """\
python generate.py project --network=runs/celeba --target=photo.png --out=me
python generate.py project --network=runs/celeba --target=photo.png \\
    --steps=1000 --restarts=8 --video=webp --out=me
python generate.py images --network=runs/celeba --latents=me/latent.npy \\
    --out=me
""",
            flags.declare_project,
            checks.check_project,
        ),
        "explore": Verb(
            _HERE + "explore",
            """Writes a page with sliders: see what the network has learned.

Each slider moves along a direction in latent space: the principal components
of the generator's first layer, and the attributes of the dataset that the run
was trained on, if it has any. Sliders add up: latents = origin + the sum of
each slider's value times its direction. The network is in the page, which
draws with it: one file, which any browser opens offline. Large networks take
a browser too long; for them --serve draws on this machine.""",
            """\
python generate.py explore --network=runs/demo --out=explore.html
python generate.py explore --network=runs/demo --seeds=3,17,42 \\
    --directions=12 --attributes=0 --out=explore.html
python generate.py explore --network=celebahq.keras --serve --port=8080
""",
            flags.declare_explore,
            checks.check_explore,
        ),
        "import": Verb(
            _HERE + "import_network",
            """Reads other programs' networks: writes a generator as .keras.

Takes NVIDIA's pickles (network-snapshot-*.pkl, network-final.pkl) of the
TensorFlow 1 release and the Theano release before it, and PyTorch files of
pytorch_GAN_zoo, nashory, akanimax and mmgeneration (.pth, .pt, .bin, .tar),
known by their content. Nothing in a file is run. Other verbs take such files
as --network as well; a .keras file is smaller, for it holds only Gs (the
average of the generator's weights, which draws the best pictures). hub:NAME
downloads a published network, once: docs/networks.md lists them.""",
            """\
python generate.py import --network=network-final.pkl --out=celebahq.keras
python generate.py import --network=gen_R8_T55.pth.tar --out=G.keras
python generate.py import --network=hub:celebAHQ-512 --out=celebahq.keras
""",
            flags.declare_import,
            checks.check_import,
        ),
        "export": Verb(
            _HERE + "export",
            """Writes a model for other programs: as SavedModel, ONNX, TFLite
or with stock layers of Keras.

It goes from "latents" float32 [N,latent_size], and "labels" float32
[N,label_size] if the network takes labels, to "images" [N,R,R,C] at the final
resolution R, and needs nothing of this package. It is loaded and run on fixed
latents, and compared with the network, before it gets its name.""",
            """\
python generate.py export --network=runs/demo --format=onnx --out=demo.onnx
python generate.py export --network=runs/demo --format=savedmodel --out=demo
python generate.py export --network=runs/demo --format=tflite --uint8 \\
    --out=demo.tflite
""",
            flags.declare_export,
            checks.check_export,
        ),
    },
)


def main(args: argparse.Namespace) -> None:
    """Does what was parsed; TensorFlow's messages are of no interest."""
    with command_line.chatter_to(os.devnull):
        SCRIPT.check(args)
        with _as_only_writer(args):
            SCRIPT.do(args)


def _as_only_writer(
    args: argparse.Namespace,
) -> contextlib.AbstractContextManager[None]:
    """Keeps others out of an output folder; single files need no lock."""
    is_file = args.verb == "images" and checks.is_one_picture(args.out)
    if args.verb not in ("images", "project") or is_file:
        return contextlib.nullcontext()
    return locks.hold(pathlib.Path(args.out), "--out", "generate")


def run() -> None:
    """Runs the script, and ends the process with its exit code."""
    command_line.run(
        main, SCRIPT.parse, "--minibatch takes fewer images at a time"
    )
