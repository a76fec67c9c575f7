"""Options of the schedule, and of how often what is written: they arrive.

By a whole training whose steps do nothing (`arrival_case.Walk`). By hand, of a
final resolution of 32: 8x8 for 72 images; 16x16 fades in over 48 and settles
for 96; 32x32 fades in over 24; the end is at 300. Calls are of 6 steps of D,
and end where the schedule is looked at again.
"""

import itertools
import math
from typing import Any

import numpy as np
import tensorflow as tf

from pgan_tf.data import pipeline
from pgan_tf.runs import folder as run_folder
from tests.training import arrival_case
from tests.training.arrival_case import CALL, PICTURE, WAIT, reads

# Images shown before each call; resolution, minibatch; alpha; G's and D's
# rate, at 100 images and later; passes.
CALLS = [
    (0, 8, 6, 1.0, 0.004, 0.005, 1),
    (36, 8, 6, 1.0, 0.004, 0.005, 1),
    # The next resolution comes one image later.
    (72, 8, 6, 1.0, 0.004, 0.005, 1),
    (108, 16, 4, 0.75, 0.002, 0.005, 2),
    (132, 16, 4, 1.0, 0.002, 0.005, 2),
    (156, 16, 4, 1.0, 0.002, 0.005, 2),
    (180, 16, 4, 1.0, 0.002, 0.005, 2),
    (204, 16, 4, 1.0, 0.002, 0.005, 2),
    (228, 32, 2, 0.5, 0.004, 0.003, 1),
    (240, 32, 2, 1.0, 0.004, 0.003, 1),
    (252, 32, 2, 1.0, 0.004, 0.003, 1),
    (264, 32, 2, 1.0, 0.004, 0.003, 1),
    (276, 32, 2, 1.0, 0.004, 0.003, 1),
    (288, 32, 2, 1.0, 0.004, 0.003, 1),
]
# Where layers came into use, or went out.
GROWN = (0, 108, 132, 228, 240)
# 24 images at least, but 48 at 16x16, and what is left at the end.
TICKS = [36, 72, 108, 156, 204, 240, 264, 288, 300]


def rise(nimg: int) -> float:
    """The share of the rates that holds after so many images."""
    return math.exp(-5 * max(1 - nimg / 100, 0) ** 2)


class WalkTest(arrival_case.ArrivalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # One for all of its tests, which only look.
        cls.walked = arrival_case.Walk(cls(), cls.options("walked"))

    def stats(self) -> list[dict[str, Any]]:
        return run_folder.read_ticks(self.here / "walked")

    @reads(
        "total_kimg",
        "lod_initial_resolution",
        "lod_training_kimg",
        "lod_transition_kimg",
        "lod_training_kimg_dict",
        "lod_transition_kimg_dict",
        "minibatch_base",
        "minibatch_dict",
        "max_minibatch_per_gpu_dict",
        "max_micro_batch_dict",
        "g_lrate_base",
        "g_lrate_dict",
        "d_lrate_base",
        "d_lrate_dict",
        "lrate_rampup_kimg",
        "d_repeats",
        "minibatch_repeats",
    )
    def test_calls(self):
        calls = self.walked.calls
        self.assertEqual([c.nimg for c in calls], [row[0] for row in CALLS])
        for call, row in zip(calls, CALLS, strict=True):
            nimg, size, minibatch, alpha, g_lrate, d_lrate, passes = row
            share = rise(nimg)
            shape = (6 * minibatch, size, size, 3)
            self.assertEqual(call.images.shape, shape)
            self.assertEqual(call.labels.shape, (6 * minibatch, 2))
            self.assertEqual(call.stage.minibatch, minibatch)
            self.assertEqual(call.stage.passes, passes)
            self.assertAllClose(
                [call.alpha, call.g_lrate, call.d_lrate],
                [alpha, g_lrate * share, d_lrate * share],
                rtol=1e-5,
                atol=0,
            )
        self.assertEqual(self.walked.run.position.nimg, 300)

    def test_a_function_is_compiled_for_each_stage(self):
        found = [
            (call.stage.resolution, call.stage.minibatch)
            for call in self.walked.calls
        ]
        self.assertEqual(found, [(row[1], row[2]) for row in CALLS])
        fading = [call.stage.alpha is not None for call in self.walked.calls]
        self.assertEqual(fading, [row[0] in (108, 228) for row in CALLS])

    @reads("seed")
    def test_order_of_images(self):
        """One sequence of seed 77, whatever resolution and minibatch."""
        found = [
            int(round(float(image.mean()) / 10))
            for call in self.walked.calls
            for image in call.images
        ]
        epochs = [
            pipeline.permutation(24, 77, tf.constant(epoch, tf.int64))
            for epoch in range(13)
        ]
        expected = np.concatenate(epochs)[:300]
        self.assertEqual(found, expected.tolist())
        other = pipeline.permutation(24, 78, tf.constant(0, tf.int64))
        self.assertNotEqual(found[:24], other.numpy().tolist())
        labels = np.concatenate([call.labels for call in self.walked.calls])
        self.assertAllEqual(labels, np.eye(3)[expected % 3][:, :2])

    @reads("tick_kimg_base", "tick_kimg_dict")
    def test_ticks(self):
        self.assertEqual([t["nimg"] for t in self.stats()], TICKS)
        self.assertEqual([t["tick"] for t in self.stats()], list(range(1, 10)))

    def test_what_a_tick_says(self):
        """By recount; a picture's time is of the tick after it."""
        ends = [row[0] for row in CALLS[1:]] + [300]
        begin = seconds = 0
        for tick, end in zip(self.stats(), TICKS, strict=True):
            within = [
                row
                for row, until in zip(CALLS, ends, strict=True)
                if begin < until <= end
            ]
            took = (CALL + WAIT) * len(within)
            # At first, and after each second tick, there was a picture.
            pictures = PICTURE if tick["tick"] % 2 else 0.0
            seconds += took + pictures
            nimg, size, minibatch, alpha, g_lrate, d_lrate, _ = within[-1]
            # A first call is part of setting up, and tells no speed.
            own = [
                6 * row[2] / (CALL + WAIT)
                for row in within
                if row[0] not in GROWN and row[1] == size
            ]
            first = sum(row[0] in GROWN for row in within)
            lod = {8: 2, 16: 1, 32: 0}[size]
            expected = {
                "lod": lod + (1 - alpha),
                "resolution": size,
                "minibatch": minibatch,
                "G_lrate": g_lrate * rise(nimg),
                "D_lrate": d_lrate * rise(nimg),
                "seconds": seconds,
                "sec_per_tick": took,
                "sec_per_kimg": 1000 / own[0] if own else None,
                "images_per_sec": own[0] if own else None,
                "setup_sec": first * (CALL + WAIT),
                "maintenance_sec": pictures,
                "data_sec": WAIT * len(within),
            }
            found = {name: tick[name] for name in expected}
            for name, value in expected.items():
                if value is None:
                    self.assertIsNone(found[name], name)
                    continue
                self.assertAllClose(
                    found[name], value, rtol=1e-6, atol=1e-9, msg=name
                )
            begin = end

    def test_the_line_of_a_tick(self):
        log = (self.here / "walked" / "log.txt").read_text().splitlines()
        lines = [line for line in log if line.startswith("tick ")]
        self.assertLen(lines, len(TICKS))
        for part in (
            "tick 4 ",
            " kimg 0.2 ",
            " lod 1.00 ",
            " minibatch 4 ",
            " time 5m 39s ",
            " sec/tick 130.0 ",
            " sec/kimg - ",
            " set-up 130.0 ",
            " maintenance 0.0 ",
            " 16x16 ",
            " images/s - ",
        ):
            self.assertIn(part, lines[3])
        self.assertIn(" sec/kimg 2708.33 ", lines[4])
        self.assertIn(" images/s 0.37 ", lines[4])

    @reads("image_snapshot_ticks")
    def test_pictures(self):
        """At first, each second tick, and at the end."""
        self.assertEqual(self.walked.pictures, [0, *TICKS[1::2], TICKS[-1]])
        # Of where the last steps were: the fourth fades 32x32 in.
        self.assertAllClose(
            self.walked.picture_lods,
            [2.0, 2.0, 1.0, 0.5, 0.0, 0.0],
            rtol=1e-9,
            atol=0,
        )

    @reads("network_snapshot_ticks")
    def test_snapshots(self):
        """Each fourth tick, and the end; of the lod that they are of."""
        self.assertEqual(self.walked.snapshots, [TICKS[3], TICKS[7], 300])
        self.assertEqual(self.walked.lods, [1.0, 0.0, 0.0])

    def test_pictures_and_snapshots_are_of_gs(self):
        self.assertEqual(self.walked.drawn_by, {"Gs"})

    @reads("weight_histograms")
    def test_histograms(self):
        expected = [
            (name, nimg) for nimg in (156, 288, 300) for name in ("G", "D")
        ]
        self.assertEqual(self.walked.histograms, expected)

    @reads("checkpoint_minutes")
    def test_checkpoints(self):
        """A call takes more than a minute, so each third is over 2.5."""
        ends = [row[0] for row in CALLS[1:]] + [300]
        self.assertEqual(self.walked.checkpoints, [*ends[2::3], 300])

    def test_without_reset_the_optimizers_go_on(self):
        for found in ("g_step", "d_step"):
            counts = [getattr(call, found) for call in self.walked.calls]
            self.assertEqual(counts, list(range(len(CALLS))))


class OtherWalksTest(arrival_case.ArrivalCase):
    @reads("reset_opt_for_new_lod")
    def test_optimizers_restart_where_layers_change(self):
        walked = self.walk(
            self.options(
                "reset", reset_opt_for_new_lod=True, weight_histograms=False
            )
        )
        expected, count = [], 0
        for nimg, *_ in CALLS:
            count = 0 if nimg in GROWN else count + 1
            expected.append(count)
        for found in ("g_step", "d_step"):
            counts = [getattr(call, found) for call in walked.calls]
            self.assertEqual(counts, expected)
        self.assertEqual(walked.histograms, [])

    def test_pictures_and_snapshots_of_the_end_alone(self):
        walked = self.walk(
            self.options(
                "last",
                image_snapshot_ticks=0,
                network_snapshot_ticks=0,
                checkpoint_minutes=0,
            )
        )
        self.assertEqual(walked.pictures, [0, 300])
        self.assertEqual(walked.snapshots, [300])
        ends = [row[0] for row in CALLS[1:]] + [300]
        self.assertEqual(walked.checkpoints, ends)


class RecountTest(arrival_case.ArrivalCase):
    def test_the_table_above(self):
        """The calls follow one another, as the schedule's text has it."""
        ends = [row[0] + 6 * row[2] for row in CALLS]
        self.assertEqual(ends, [row[0] for row in CALLS[1:]] + [300])
        last, found = 0, []
        for (nimg, size, *_), end in zip(CALLS, ends, strict=True):
            least = 48 if size == 16 else 24
            if end - last >= least or end >= 300:
                found.append(end)
                last = end
            self.assertLess(nimg, end)
        self.assertEqual(found, TICKS)
        self.assertEqual(len(list(itertools.pairwise(TICKS))), 8)
