"""A run killed by SIGKILL at random moments ends as one never killed."""

import json
import pathlib
import random
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from tests import common
from tests.training import trainer_test

ROOT = pathlib.Path(__file__).parent.parent
# 4x4, 8x8 fading in, then settled; a checkpoint every second or so.
FLAGS = [
    "--deterministic",
    "--checkpoint_minutes=0.01",
    "--fmap_base=32",
    "--fmap_max=8",
    "--grid=4x3",
    "--mirror_augment",
    "--minibatch_base=8",
    "--minibatch_repeats=2",
    "--lod_training_kimg=0.96",
    "--lod_transition_kimg=1.92",
    "--tick_kimg_base=0.48",
    "--total_kimg=4.8",
]
# What the clock and the machine decide.
OWN = (
    "seconds",
    "images_per_sec",
    "sec_per_tick",
    "sec_per_kimg",
    "maintenance_sec",
    "peak_memory_mb",
)


def stats(run_dir: pathlib.Path) -> list[dict]:
    lines = (run_dir / "stats.jsonl").read_text().splitlines()
    return [
        {k: v for k, v in json.loads(line).items() if k not in OWN}
        for line in lines
    ]


def state(run_dir: pathlib.Path) -> dict[str, bytes]:
    """The bits of every variable in the last checkpoint."""
    folders = (run_dir / "checkpoints").glob("ckpt-*")
    last = max(folders, key=lambda path: int(path.name.split("-")[1]))
    reader = tf.train.load_checkpoint(str(last / "state"))
    values = {
        n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map()
    }
    return {
        name: value.tobytes()
        for name, value in values.items()
        if isinstance(value, np.ndarray | np.generic)
    }


class KillTest(common.TestCase):
    def command(self, here: pathlib.Path, run: str) -> list[str]:
        where = [f"--data_dir={here / 'set'}", f"--run_dir={here / run}"]
        return [sys.executable, "train.py", *where, *FLAGS]

    def check(self, kills: int) -> None:
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        options = {"cwd": ROOT, "stdout": subprocess.DEVNULL}
        subprocess.run(
            self.command(here, "whole"), check=True, timeout=600, **options
        )
        killed, moments = 0, random.Random(0)
        while killed < kills:
            process = subprocess.Popen(self.command(here, "parts"), **options)
            try:
                code = process.wait(moments.uniform(4, 14))
                self.assertEqual(code, 0)
                break
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                killed += 1
        self.assertGreater(killed, 0)
        subprocess.run(
            self.command(here, "parts"), check=True, timeout=600, **options
        )
        self.assertEqual(stats(here / "parts"), stats(here / "whole"))
        self.assertLen(stats(here / "whole"), 10)
        expected, found = state(here / "whole"), state(here / "parts")
        self.assertGreater(len(expected), 80)
        self.assertEqual(found, expected)

    @pytest.mark.slow
    def test_random_kills(self):
        # Fewer, if the run ends before.

        self.check(25)
