"""Builds that are killed at random moments; minutes, so `make test-slow`."""

import pathlib
import random
import signal
import subprocess
import time

import pytest

from tests import common, processes

COUNT = 1200
NUM_KILLS = 20
# Command lines that must all give the same bytes, but for the shards.
VARIANTS = (
    ["--workers=1"],
    ["--workers=2"],
    ["--workers=3"],
    ["--workers=2", "--num_shards=4"],
)


def files_of(path: pathlib.Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


@pytest.mark.slow
class KilledBuildsTest(common.TestCase):
    def start(self, out_dir: pathlib.Path, flags: list[str]):
        command = ["dataset_tool.py", "create"]
        command += ["--source=faces", f"--num_images={COUNT}"]
        command += ["--resolution=16", f"--out_dir={out_dir}", *flags]
        return processes.start(
            self,
            *command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )

    def build(self, out_dir: pathlib.Path, flags: list[str]) -> str:
        """Builds to the end; what it says of a build it continues."""
        child = self.start(out_dir, flags)
        _, output = child.communicate()
        self.assertEqual(child.returncode, 0, output)
        lines = [each for each in output.splitlines() if "continuing" in each]
        return "".join(lines) or "begun afresh"

    def test_killed_twenty_times(self) -> None:
        folder = self.folder()
        rng = random.Random(0)
        expected, seconds = {}, {}
        for number, flags in enumerate(VARIANTS):
            whole = folder / f"whole{number}" / "faces"
            start = time.monotonic()
            self.build(whole, flags)
            seconds[number] = time.monotonic() - start
            expected[number] = files_of(whole)
            if len(flags) == 1:
                self.assertEqual(expected[number], expected[0])
        num_unfinished = 0
        for kill in range(NUM_KILLS):
            number = kill % len(VARIANTS)
            out_dir = folder / str(kill) / "faces"
            child = self.start(out_dir, VARIANTS[number])
            wait = rng.uniform(0, 0.9) * seconds[number]
            time.sleep(wait)
            child.send_signal(signal.SIGKILL)
            child.communicate()
            finished = (out_dir / "dataset.json").exists()
            num_unfinished += not finished
            said = "it was finished"
            if not finished:
                said = self.build(out_dir, VARIANTS[number])
            same = files_of(out_dir) == expected[number]
            print(
                f"kill {kill + 1:2} after {wait:4.1f} s of "
                f"{seconds[number]:4.1f}, {' '.join(VARIANTS[number])}: "
                f"{said}; {'the same' if same else 'other'} bytes",
                flush=True,
            )
            self.assertEqual(files_of(out_dir), expected[number])
        self.assertGreater(num_unfinished, NUM_KILLS // 2)
