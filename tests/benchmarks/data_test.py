"""Tests of the measurement of `create`."""

import json
import os
import subprocess
import sys

import numpy as np

from benchmarks import data, plain_loop
from pgan_tf.data import build
from pgan_tf.data.format import datasets
from tests import common


class DataTest(common.TestCase):
    def test_loop_writes_what_create_writes(self) -> None:
        """But for the order of an Example's features, which TF leaves open."""
        for case in data.CASES:
            folder = self.folder()
            data.write_photos(folder / "photos", case, 5)
            files = sorted((folder / "photos").iterdir())
            plain_loop.create(files, folder / "out", case.crop)
            source = case.source(folder / "photos")
            build.create(source, folder / "tool" / "out", {}, shuffle=False)
            loop, tool = (
                datasets.open_dataset(path)
                for path in (folder / "out", folder / "tool" / "out")
            )
            self.assertEqual(loop.resolution, 64 if case.width == 64 else 128)
            everything = np.arange(5)
            for resolution, level in loop.levels.items():
                self.assertAllEqual(
                    loop.read(resolution, everything),
                    tool.read(resolution, everything),
                )
                self.assertEqual(
                    level.shards[0].path.stat().st_size,
                    tool.levels[resolution].shards[0].path.stat().st_size,
                )

    def test_summary(self) -> None:
        seconds = {"loop": (4, 6, 9), "other": (2, 2, 2)}
        times = {
            name: [{"clock": each, "processor": 2 * each} for each in rounds]
            for name, rounds in seconds.items()
        }
        loop, other = data.summarize(data.CASES[0], times, 300)
        self.assertEqual(loop["images_per_second"], 50)
        self.assertEqual(loop["times_loop_clock"], [1, 1, 1])
        self.assertEqual(other["images_per_second"], 150)
        self.assertEqual(other["times_loop_clock"], [3, 2, 4.5])
        self.assertIn("3.00 (2.00 to 4.50)", data.show(other))

    def test_processor_time_counts_children(self) -> None:
        script = "import time\nwhile time.process_time() < 0.5: pass"
        found = data.measure(
            lambda: subprocess.run([sys.executable, "-c", script], check=True)
        )
        self.assertBetween(found["processor"], 0.4, found["clock"] + 0.1)

    def test_script(self) -> None:
        result = subprocess.run(
            [sys.executable, "-m", "benchmarks.data", "--images=5"]
            + ["--rounds=1", "--json", f"--dir={self.folder()}"],
            check=True,
            stdout=subprocess.PIPE,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertLen(rows, 6)
        sources = [row["source"] for row in rows]
        self.assertEqual(sources, ["64x64"] * 3 + ["178x218"] * 3)
