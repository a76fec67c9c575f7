"""A run killed by SIGKILL, once or often, ends as one never killed."""

import json
import pathlib
import random
import re
import subprocess
import time

import numpy as np
import pytest
import tensorflow as tf

from tests import common, processes
from tests.training import trainer_test

COMMON = [
    "--deterministic",
    "--fmap_base=32",
    "--fmap_max=8",
    "--grid=4x3",
    "--mirror_augment",
    "--minibatch_base=8",
    "--minibatch_repeats=2",
]
# 4x4, then 8x8 fading in; a checkpoint after every 16 images.
SHORT = [
    *COMMON,
    "--checkpoint_minutes=0",
    "--lod_training_kimg=0.16",
    "--lod_transition_kimg=0.64",
    "--tick_kimg_base=0.1",
    "--total_kimg=0.64",
]
# 4x4, 8x8 fading in, then settled; a checkpoint every second or so.
LONG = [
    *COMMON,
    "--checkpoint_minutes=0.02",
    "--lod_training_kimg=30",
    "--lod_transition_kimg=60",
    "--tick_kimg_base=1.8",
    "--total_kimg=180",
]
# What the clock and the machine decide.
OWN = (
    "seconds",
    "images_per_sec",
    "sec_per_tick",
    "sec_per_kimg",
    "data_sec",
    "setup_sec",
    "maintenance_sec",
    "peak_memory_mb",
)


def stats(run_dir: pathlib.Path) -> list[dict]:
    lines = (run_dir / "stats.jsonl").read_text().splitlines()
    return [
        {k: v for k, v in json.loads(line).items() if k not in OWN}
        for line in lines
    ]


def last_checkpoint(run_dir: pathlib.Path) -> pathlib.Path:
    folders = (run_dir / "checkpoints").glob("ckpt-*")
    return max(folders, key=lambda path: int(path.name.split("-")[1]))


def state(run_dir: pathlib.Path) -> dict[str, bytes]:
    """The bits of every variable in the last checkpoint."""
    path = last_checkpoint(run_dir) / "state"
    reader = tf.train.load_checkpoint(str(path))
    values = {
        n: reader.get_tensor(n) for n in reader.get_variable_to_shape_map()
    }
    return {
        name: value.tobytes()
        for name, value in values.items()
        if isinstance(value, np.ndarray | np.generic)
    }


def resumed_at(run_dir: pathlib.Path) -> list[float]:
    """Where the run was continued, in kimg."""
    log = (run_dir / "log.txt").read_text()
    return [float(x) for x in re.findall(r"resuming at ([\d.]+) kimg", log)]


class KillTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        trainer_test.make_dataset(self.here / "set")

    def start(self, run: str, flags: list[str]) -> subprocess.Popen[str]:
        where = [f"--data_dir={self.here / 'set'}"]
        where.append(f"--run_dir={self.here / run}")
        return processes.start(self, "train.py", *where, *flags)

    def finish(self, process: subprocess.Popen[str]) -> None:
        process.communicate(timeout=900)
        self.assertEqual(process.returncode, 0)

    def assert_same(self, expected: str, found: str) -> None:
        """Two runs of the same name end with the same numbers and bits."""
        expected, found = self.here / expected, self.here / found
        self.assertEqual(stats(found), stats(expected))
        self.assertEqual(
            last_checkpoint(found).name, last_checkpoint(expected).name
        )
        self.assertEqual(state(found), state(expected))

    def test_killed_mid_fade(self):
        self.finish(self.start("whole", SHORT))
        process = self.start("parts", SHORT)
        for line in process.stdout:
            if " 8x8 " in line and "lod 0." in line:
                break
        process.kill()
        process.wait()
        (nimg,) = re.findall(r"\d+", last_checkpoint(self.here / "parts").name)
        self.assertBetween(int(nimg), 161, 639)
        self.finish(self.start("parts", SHORT))

        (kimg,) = resumed_at(self.here / "parts")
        self.assertAllClose(kimg, int(nimg) / 1000, rtol=0, atol=0.051)
        ticks = stats(self.here / "whole")
        # Every seventh call ends a tick; the last is cut short.
        self.assertEqual(
            [t["nimg"] for t in ticks], [112, 224, 336, 448, 560, 640]
        )
        self.assertEqual([t["tick"] for t in ticks], [1, 2, 3, 4, 5, 6])
        # G and Gs have 12 variables, D has 14; two moments each of G's and
        # D's; two step counts.
        self.assertLen(state(self.here / "whole"), 38 + 2 * 26 + 2)
        self.assert_same("whole", "parts")

    @pytest.mark.slow
    def test_killed_at_25_random_moments(self):
        began = time.monotonic()
        process = self.start("whole", LONG)
        for line in process.stdout:
            if line.startswith("tick 1"):
                break
        start_up = time.monotonic() - began
        self.finish(process)

        moments, kills = random.Random(0), 0
        while kills < 25:
            process = self.start("parts", LONG)
            with self.assertRaises(subprocess.TimeoutExpired):
                # Some come before there is anything to save.
                process.communicate(timeout=moments.uniform(0.3, 2) * start_up)
            process.kill()
            process.communicate()
            kills += 1
            print(f"kill {kills}: {resumed_at(self.here / 'parts')[-1:]} kimg")
        self.finish(self.start("parts", LONG))
        self.assertGreater(len(set(resumed_at(self.here / "parts"))), 8)
        self.assertLen(stats(self.here / "whole"), 100)
        self.assert_same("whole", "parts")
