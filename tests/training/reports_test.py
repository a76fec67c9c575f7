"""What a run reports and writes, recounted from durations that are known."""

import contextlib
import dataclasses
import json
import pathlib
import re
import tempfile
from unittest import mock

import numpy as np
import tensorflow as tf
from PIL import Image
from tensorflow.core.util import event_pb2

from pgan_tf.base import images
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import run_state, schedule, tick_numbers
from pgan_tf.sampling import drawing, latent_table
from pgan_tf.training import (
    opening,
    small_machines,
    speed,
    stopping,
    time_left,
    trainer,
)
from tests import common, pages
from tests.runs import tensorboard_test
from tests.training import known_steps, trainer_test

# By hand: a tick is a call of 1000 images, with the lod at its beginning.
LODS = [1.0, 1.0, 1.0, 2 / 3, 1 / 3, 0.0, 0.0, 0.0]
RESOLUTIONS = [4, 4, 4, 8, 8, 8, 8, 8]
# Where the fade-in begins, 8x8 has no weight yet, and no steps.
STEPS = [15.625] * 3 + [62.5] * 5
# For 4x4, for 8x8 fading in, and settled.
COMPILES = [16.0, 0.0, 0.0, 16.0, 0.0, 16.0, 0.0, 0.0]
# Ahead of a tick: the first grid and checkpoint, then a grid after every
# second tick, and a snapshot after every fourth.
MAINTENANCE = [10.0, 0.0, 2.0, 0.0, 6.0, 0.0, 2.0, 0.0]
CALLS = [step + known_steps.BATCH for step in STEPS]
SECONDS = [
    call + compiled for call, compiled in zip(CALLS, COMPILES, strict=True)
]
# The first call after compiling is part of the set-up, and no speed.
SPEEDS = [
    None if compiled else 1000 / call
    for call, compiled in zip(CALLS, COMPILES, strict=True)
]
SETUPS = [
    call + compiled if compiled else 0.0
    for call, compiled in zip(CALLS, COMPILES, strict=True)
]


def run(here: pathlib.Path) -> pathlib.Path:
    """The folder of such a run."""
    trainer_test.make_dataset(here / "set")
    options = known_steps.options(here)
    with known_steps.known(known_steps.Clock()):
        trainer.train(options)
    return pathlib.Path(options.run_dir)


def exact(found: object, expected: object) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


class RecountTest(common.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        here = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.run_dir = run(pathlib.Path(here))
        cls.seed = run_folder.read_config(cls.run_dir).seed

    def stats(self, name: str) -> list:
        text = (self.run_dir / "stats.jsonl").read_text()
        return [json.loads(line)[name] for line in text.splitlines()]

    def test_counts(self):
        self.assertEqual(self.stats("tick"), list(range(1, 9)))
        self.assertEqual(self.stats("nimg"), [1000 * k for k in range(1, 9)])
        self.assertEqual(self.stats("resolution"), RESOLUTIONS)
        self.assertEqual(self.stats("minibatch"), [8] * 8)
        np.testing.assert_allclose(
            self.stats("lod"), LODS, rtol=1e-12, atol=1e-12
        )

    def test_rates(self):
        by_resolution = {4: (0.002, 0.004), 8: (0.003, 0.005)}
        expected = [by_resolution[r] for r in RESOLUTIONS]
        for i, name in enumerate(("G_lrate", "D_lrate")):
            exact(self.stats(name), [rates[i] for rates in expected])

    def test_times(self):
        exact(self.stats("sec_per_tick"), SECONDS)
        exact(self.stats("setup_sec"), SETUPS)
        self.assertEqual(self.stats("images_per_sec"), SPEEDS)
        per_kimg = [speed and 1000 / speed for speed in SPEEDS]
        self.assertEqual(self.stats("sec_per_kimg"), per_kimg)
        exact(self.stats("data_sec"), [known_steps.BATCH] * 8)
        exact(self.stats("maintenance_sec"), MAINTENANCE)
        exact(
            self.stats("seconds"), np.cumsum(SECONDS) + np.cumsum(MAINTENANCE)
        )

    def test_terms(self):
        for name, value in known_steps.TERMS.items():
            np.testing.assert_allclose(
                self.stats(name), [value] * 8, rtol=1e-6, atol=0
            )

    def test_log_lines(self):
        text = (self.run_dir / "log.txt").read_text()
        lines = [x for x in text.splitlines() if x.startswith("tick ")]
        self.assertLen(lines, 8)
        total = np.cumsum(SECONDS) + np.cumsum(MAINTENANCE)
        for i, line in enumerate(lines):
            *words, left = re.split(" {2,}| (?=images/s|left)", line)
            words = [word.split(" ", 1) for word in words]
            size = f"{RESOLUTIONS[i]}x{RESOLUTIONS[i]}"
            expected = {
                "tick": f"{i + 1}",
                "kimg": f"{i + 1}.0",
                "lod": f"{LODS[i]:.2f}",
                "minibatch": "8",
                "time": _duration(total[i]),
                "sec/tick": f"{SECONDS[i]:.1f}",
                "sec/kimg": f"{CALLS[i]:.2f}" if SPEEDS[i] else "-",
                "set-up": f"{SETUPS[i]:.1f}",
                "maintenance": f"{MAINTENANCE[i]:.1f}",
                "images/s": f"{SPEEDS[i]:.1f}" if SPEEDS[i] else "-",
                "G": f"{known_steps.TERMS['G_loss']:.2f}",
                "D": f"{known_steps.TERMS['D_loss']:.2f}",
            }
            shown = {word[0]: word[-1] for word in words}
            self.assertEqual(shown.pop(size), size)
            self.assertEndsWith(shown.pop("memory"), "GB")
            self.assertEqual(shown, expected)
            if i >= 5:  # No more is set up; pictures come as often as so far.
                between = np.mean(MAINTENANCE[1 : i + 1])
                left_seconds = (7 - i) * (CALLS[i] + between)
                self.assertEqual(left, f"left {_duration(left_seconds)}")

    def test_curves(self):
        found: dict[str, dict[int, float]] = {}
        for step, tag, tensor in _events(self.run_dir / "tensorboard"):
            if "/" in tag and not tag.startswith("Pictures/"):
                value = float(tf.make_ndarray(tensor))
                found.setdefault(tag, {})[step] = value
        expected = {
            "Progress/tick": range(1, 9),
            "Progress/kimg": range(1, 9),
            "Progress/lod": LODS,
            "Progress/minibatch": [8] * 8,
            "Timing/total_sec": np.cumsum(SECONDS) + np.cumsum(MAINTENANCE),
            "Timing/sec_per_tick": SECONDS,
            "Timing/sec_per_kimg": [speed and 1000 / speed for speed in SPEEDS],
            "Timing/setup_sec": SETUPS,
            "Timing/data_sec": [known_steps.BATCH] * 8,
            "Timing/maintenance_sec": MAINTENANCE,
            "TrainG/learning_rate": self.stats("G_lrate"),
            "TrainD/learning_rate": self.stats("D_lrate"),
            "Timing/images_per_sec": SPEEDS,
            "Progress/resolution": RESOLUTIONS,
            "Resources/peak_memory_mb": self.stats("peak_memory_mb"),
            **{
                tick_numbers.of(name).tag: [value] * 8
                for name, value in known_steps.TERMS.items()
                if value
            },
        }
        self.assertEqual(set(found), set(expected))
        for tag, values in expected.items():
            known = {
                k: value
                for k, value in enumerate(values, 1)
                if value is not None
            }
            self.assertEqual(list(found[tag]), list(known), tag)
            np.testing.assert_allclose(
                list(found[tag].values()),
                list(known.values()),
                rtol=1e-6,
                atol=1e-6,
            )

    def test_every_number_is_known_by_its_tag_and_the_config_is_told(self):
        tags = {tag for _, tag, _ in _events(self.run_dir / "tensorboard")}
        self.assertEqual(
            {tag for tag in tags if tag.startswith("Other")}, set()
        )
        ((step, text),) = [
            (step, tf.make_ndarray(tensor).item().decode())
            for step, tag, tensor in _events(self.run_dir / "tensorboard")
            if tag == "config"
        ]
        self.assertEqual(step, 0)
        self.assertIn("| **total_kimg** | 8 |", text)
        self.assertIn("| versions | pgan", text)

    def test_which_tick_writes_what(self):
        names = {path.name for path in self.run_dir.iterdir()}
        fakes = {f"fakes{kimg:06d}.000.png" for kimg in (0, 2, 4, 6, 8)}
        taken = {f"network-snapshot-{kimg:06d}.keras" for kimg in (4, 8)}
        self.assertEqual({n for n in names if n.startswith("fakes")}, fakes)
        self.assertEqual({n for n in names if n.startswith("network")}, taken)
        steps = [
            step
            for step, tag, _ in _events(self.run_dir / "tensorboard")
            if tag == "Pictures/fakes"
        ]
        self.assertEqual(steps, [0, 2, 4, 6, 8])
        checkpoints = {p.name for p in (self.run_dir / "checkpoints").iterdir()}
        self.assertEqual(checkpoints, {"ckpt-0", "ckpt-8000"})

    def test_each_snapshot_and_grid_has_the_lod_of_its_tick(self):
        for kimg, lod in ((4, 2 / 3), (8, 0.0)):
            path = self.run_dir / f"network-snapshot-{kimg:06d}.keras"
            self.assertAlmostEqual(snapshots.load_generator(path).lod, lod)
        # No step has changed Gs, so that any snapshot draws every grid.
        Gs = snapshots.load_generator(path)
        latents = latent_table.latents(0, 12, Gs.latent_size, self.seed)
        grids = {}
        for kimg, lod in ((0, 1.0), (2, 1.0), (4, 2 / 3), (6, 0.0), (8, 0.0)):
            cells = images.to_uint8(drawing.generate(Gs, latents, lod=lod))
            expected = images.grid(images.upscale(cells, 8), 4).astype(int)
            with Image.open(
                self.run_dir / f"fakes{kimg:06d}.000.png"
            ) as picture:
                grids[kimg] = np.asarray(picture).astype(int)
            self.assertLessEqual(np.abs(grids[kimg] - expected).max(), 1)
        # The lods do make a difference.
        self.assertGreater(np.abs(grids[0] - grids[4]).max(), 4)
        self.assertGreater(np.abs(grids[4] - grids[6]).max(), 4)

    def test_the_page(self):
        page = pages.Page(self.run_dir)
        total = sum(SECONDS) + sum(MAINTENANCE)
        self.assertIn(
            f"<b>finished</b> 8.0 of 8 kimg, 8x8, {1000 / CALLS[-1]:.1f} "
            f"images/s, {_duration(total)} of training",
            page.text,
        )
        self.assertEqual([kimg for kimg, _ in page.pictures()], [0, 2, 4, 6, 8])


class MemoryTest(common.TestCase):
    def test_the_numbers_of_steps_leave_nothing_in_memory(self):
        """Of numbers of Python TensorFlow would keep 0.7 kB each."""
        run = mock.Mock()

        def calls(start: int, count: int) -> None:
            for nimg in range(start, start + count):
                run.position.nimg = nimg
                stage = schedule.Stage(
                    lod=1 - (nimg % 9973) / 10_000,
                    resolution=8,
                    minibatch=8,
                    g_lrate=nimg / 2**30,
                    d_lrate=nimg / 2**30,
                    tick_kimg=1,
                    passes=1,
                )
                nimg_tensor, *_ = trainer.Run.scalars(run, stage)
            self.assertEqual(int(nimg_tensor), start + count - 1)

        calls(0, 1000)
        before = tensorboard_test.resident()
        calls(10_000, 10_000)
        self.assertLess(tensorboard_test.resident() - before, 4 << 20)


class StateTest(common.TestCase):
    def test_the_state_is_of_its_tick_and_of_all_of_the_run(self):
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        options = known_steps.options(here, total_kimg=2.0)
        written = []
        with (
            known_steps.known(known_steps.Clock()),
            mock.patch.object(
                run_state, "write", lambda _, state: written.append(state)
            ),
            mock.patch.object(
                time_left.TimeLeft, "seconds", lambda _, nimg: nimg
            ),
        ):
            trainer.train(options)
        found = [(s.status, s.seconds_left) for s in written]
        self.assertEqual(
            found,
            [
                ("running", None),
                ("running", 1000),
                ("running", 2000),
                ("finished", None),
            ],
        )
        self.assertLen({s.began for s in written}, 1)


class OpeningTest(common.TestCase):
    def opened(self, machine: speed.Machine) -> tuple[str, mock.Mock]:
        """log.txt of a run that has not trained yet."""
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        options = known_steps.options(here)
        with (
            known_steps.known(known_steps.Clock()),
            mock.patch.object(opening, "machine", return_value=machine) as made,
            mock.patch.object(
                small_machines, "advice", return_value=["take less"]
            ) as advice,
            contextlib.closing(trainer.Run(options)),
        ):
            made.assert_called_once_with(options, 1)
            return (here / "run" / "log.txt").read_text(), advice

    def test_a_cpu_is_told_how_long_and_what_is_shorter(self):
        cpu = speed.Machine(100.0, 0.5, "this CPU")
        log, advice = self.opened(cpu)
        # By layers alone: 2 kimg of one, 6 of two, half a second each, 8 at a
        # time; and three set-ups.
        left = 250 * 0.5 + 750 * 1.0 + 1.1 * (2 + 3.5 + 3)
        told = f"length       about {_duration(left)}, modelled for this CPU"
        self.assertIn(f"{told} at 100 GMAC/s", log)
        self.assertIn("\ntake less\n", log)
        options, channels, machine, seconds = advice.call_args.args
        self.assertEqual((options.data.resolution, machine), (8, cpu))
        self.assertEqual(channels, 3)
        self.assertAllClose(seconds, left, rtol=1e-3, atol=0)

    def test_a_gpu_is_not_told_what_a_cpu_should_do(self):
        log, advice = self.opened(speed.Machine(3300.0, name="V100"))
        self.assertIn("modelled for V100 at 3300 GMAC/s", log)
        advice.assert_not_called()


class StoppedTest(common.TestCase):
    def test_the_page_says_by_what_and_how_to_go_on(self):
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        options = known_steps.options(here, total_kimg=2.0, tick_kimg_base=2.0)
        stop = _AfterOneCall()
        stop.by = "Ctrl-C"
        with known_steps.known(known_steps.Clock()):
            trainer.train(options, stop)
        run_dir = pathlib.Path(options.run_dir)
        state = run_state.read(run_dir)
        self.assertEqual(state.status, "stopped")
        command = f"python train.py --resume={run_dir}"
        self.assertEqual(state.why, f"by Ctrl-C; {command} continues")
        self.assertIn(f"{command} continues</span>", pages.Page(run_dir).text)

    def test_seconds_of_a_tick_go_on_after_a_stop(self):
        """A tick of two calls, stopped after its first: as if it had not."""
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        options = known_steps.options(here, total_kimg=2.0, tick_kimg_base=2.0)
        clock = known_steps.Clock()
        with known_steps.known(clock):
            trainer.train(options, _AfterOneCall())
            clock.now += 1e6  # Nobody trains.
            trainer.train(options)
        (tick,) = trainer_test.stats(options.run_dir)
        # Compiled twice.
        seconds = 2 * (15.625 + known_steps.BATCH + 16.0)
        exact(tick["sec_per_tick"], seconds)
        exact(tick["setup_sec"], seconds)
        self.assertIsNone(tick["images_per_sec"])


class GoingOnTest(common.TestCase):
    def test_a_curve_goes_on_in_the_next_file_at_zero(self):
        """The lod falls to 0; no step is skipped, before or after."""
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        options = known_steps.options(here, total_kimg=6.0)
        with (
            known_steps.known(known_steps.Clock()),
            mock.patch.dict(known_steps.TERMS, {"D_skipped_steps": 0.0}),
        ):
            trainer.train(options)
            folder = pathlib.Path(options.run_dir, "tensorboard")
            folder.rename(here / "before")
            longer = dataclasses.replace(options.schedule, total_kimg=8.0)
            trainer.train(dataclasses.replace(options, schedule=longer))
        # Two more ticks, at the speed that stats.jsonl tells, and one set-up.
        log = pathlib.Path(options.run_dir, "log.txt").read_text()
        lengths = re.findall("length +(.*)", log)
        left = _duration(2 * CALLS[-1] + 1.1 * 3)
        told = f"about {left} to go, as fast as it was so far"
        self.assertEqual(lengths[0], "known after the first tick")
        self.assertStartsWith(lengths[1], told)
        lods = [(s, t) for s, tag, t in _events(folder) if "lod" in tag]
        self.assertEqual(
            [(step, float(tf.make_ndarray(tensor))) for step, tensor in lods],
            [(7, 0.0), (8, 0.0)],
        )
        for each in (here / "before", folder):
            tags = {tag for _, tag, _ in _events(each)}
            self.assertNotIn("TrainD/overflow_frequency", tags)
            self.assertIn("TrainG/overflow_frequency", tags)


class _AfterOneCall(stopping.StopRequest):
    def __init__(self) -> None:
        super().__init__()
        self._asked = 0

    def requested(self) -> bool:
        self._asked += 1
        return self._asked > 1  # The first is ahead of compiling.


def _duration(seconds: float) -> str:
    """Below an hour."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def _events(folder: pathlib.Path) -> list[tuple]:
    """(step, tag, tensor) of each value."""
    (path,) = folder.iterdir()
    return [
        (event.step, value.tag, value.tensor)
        for record in tf.data.TFRecordDataset(str(path))
        for event in [event_pb2.Event.FromString(record.numpy())]
        for value in event.summary.value
    ]
