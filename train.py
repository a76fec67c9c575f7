"""Trains a progressive GAN.

  python train.py --flagfile=configs/demo.cfg
  python train.py --data_dir=datasets/celeba64 --run_dir=runs/celeba64

The same command again continues a run that was stopped. Ctrl-C stops it.
"""

import pathlib
import signal
import sys
from typing import Any

from pgan_tf import command, config, errors
from pgan_tf.training import setup

config.define_flags(sys.argv[0])


def main(argv: list[str]) -> None:
    if len(argv) > 1:
        raise errors.UserError(f"unexpected argument {argv[1]!r}")
    options = setup.check(config.from_flags())
    requests: list[int] = []

    def request_stop(signum: int, unused_frame: Any) -> None:
        # A second signal ends the process at once.
        signal.signal(signum, signal.SIG_DFL)
        requests.append(signum)

    run_dir = pathlib.Path(options.run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    with command.chatter_to(run_dir / "tensorflow.log"):
        from pgan_tf.training import trainer

        for signum in (signal.SIGINT, signal.SIGTERM):
            signal.signal(signum, request_stop)
        trainer.train(options, lambda: bool(requests))


if __name__ == "__main__":
    command.run(main)
