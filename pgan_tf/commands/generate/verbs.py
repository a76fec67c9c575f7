"""Makes pictures and videos with trained networks, brings them in and out."""

import argparse
import os
from types import ModuleType

from pgan_tf.base import command_line
from pgan_tf.commands.generate import (
    explore,
    images,
    import_pickle,
    interpolate,
    project,
    training_video,
)
from pgan_tf.commands.generate import export as export_command

EXAMPLES = """examples:
  python generate.py images --network=runs/demo --seeds=0-9 --out=pictures
  python generate.py interpolate --network=runs/demo --grid=4x3 --out=walk.mp4
  python generate.py training_video --run_dir=runs/demo --out=training.mp4
  python generate.py project --network=runs/demo --target=photo.png --out=me
  python generate.py explore --network=runs/demo --out=explore.html
  python generate.py import --pkl=network-final.pkl --out=celebahq.keras
  python generate.py export --network=runs/demo --format=onnx --out=demo.onnx
  python generate.py VERB --help    explains each, with examples
"""


# Each has DESCRIPTION, EXAMPLES, add_flags(parser) and run(args).
VERBS: dict[str, ModuleType] = {
    "images": images,
    "interpolate": interpolate,
    "training_video": training_video,
    "project": project,
    "explore": explore,
    "import": import_pickle,
    "export": export_command,
}


def parse(argv: list[str]) -> argparse.Namespace:
    """Command line to arguments; `args.run` is the function to call."""
    parser = command_line.Parser(
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    subparsers = parser.add_subparsers(
        metavar="VERB", required=True, dest="name"
    )
    for name, module in VERBS.items():
        verb = command_line.add_verb(
            subparsers, name, module.DESCRIPTION, module.EXAMPLES
        )
        verb.set_defaults(run=module.run)
        module.add_flags(verb)
    return parser.parse_args(argv[1:])


def main(args: argparse.Namespace) -> None:
    with command_line.chatter_to(os.devnull):
        args.run(args)


def run() -> None:
    """Runs the script, and ends the process with its exit code."""
    command_line.run(main, parse)
