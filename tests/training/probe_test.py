"""Probing a training before it begins."""

from unittest import mock

import tensorflow as tf

from benchmarks import peak
from pgan_tf.base import errors
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import (
    DataOptions,
    RunOptions,
    ScheduleOptions,
)
from pgan_tf.runs.schedule import Schedule, Stage
from pgan_tf.training import compiled_steps, probe
from tests import common

OPTIONS = RunOptions(
    data=DataOptions(resolution=8),
    networks=ProgressiveOptions(fmap_base=16, fmap_max=4, latent_size=4),
    schedule=ScheduleOptions(
        minibatch_base=8,
        lod_training_kimg=1,
        lod_transition_kimg=3,
        total_kimg=7,
    ),
)


def make_timing(lod: float, images_per_sec: float) -> probe.Timing:
    stage = Schedule.derive(OPTIONS.schedule, 8).at(0)
    stage = Stage(
        lod=lod,
        resolution=4 if lod == 1 else 8,
        minibatch=8,
        g_lrate=stage.g_lrate,
        d_lrate=stage.d_lrate,
        tick_kimg=stage.tick_kimg,
    )
    return probe.Timing(stage, images_per_sec, 2.0, 700.0)


class TimingTest(common.TestCase):
    def test_fading_and_settled_count_by_their_length(self):
        found = [
            make_timing(1.0, 500.0),
            make_timing(0.5, 100.0),
            make_timing(0.0, 300.0),
        ]
        said: list[str] = []
        with mock.patch.object(probe, "timings", return_value=found):
            speeds = probe.speeds(OPTIONS, 3, said.append)
        # 3 kimg fading in at 100 images/s and 3 settled at 300: 40 seconds.
        self.assertAllClose(
            speeds, {4: 500.0, 8: 6000 / 40}, rtol=1e-6, atol=1e-6
        )
        self.assertEqual(
            said[1],
            "probe 8x8 fading in: 100.0 images/s, first call 2.0s, peak "
            "memory so far 700 MiB",
        )

    def test_what_does_not_fit_is_named(self):
        def refuse(*_):
            raise tf.errors.ResourceExhaustedError(None, None, "OOM")

        with (
            mock.patch.object(
                compiled_steps, "make_iterations", return_value=refuse
            ),
            self.assertRaisesRegex(
                errors.UserError,
                "out of memory at 4x4 with 8 images per device: "
                "--max_micro_batch_dict=4:4 ",
            ),
        ):
            list(probe.timings(OPTIONS, 3))

    def test_images_are_counted_by_steps_of_d(self):
        """A call shows repeats x d_repeats minibatches; two take 1.25 s."""
        clock = iter([0.0, 5.0, 5.0, 5.5, 6.25])
        calls = []

        def call(images, labels, *_):
            calls.append((images.shape, labels.shape))
            return tf.zeros([])

        options = RunOptions(
            data=DataOptions(resolution=8, max_label_size=2),
            networks=OPTIONS.networks,
            schedule=ScheduleOptions(
                minibatch_base=8, d_repeats=3, minibatch_repeats=2
            ),
        )
        stage = Schedule.derive(options.schedule, 8).at(0)
        nets = mock.Mock()
        nets.D.num_channels = 3
        with (
            mock.patch.object(
                compiled_steps, "make_iterations", return_value=call
            ) as made,
            mock.patch.object(probe.time, "perf_counter", lambda: next(clock)),
        ):
            found = probe.time_stage(options, nets, mock.Mock(), stage)
        self.assertEqual(calls, [((48, 4, 4, 3), (48, 2))] * 3)
        self.assertEqual(made.call_args.args[3].shape, (1, 2))
        self.assertEqual(found.first_call_seconds, 5.0)
        self.assertEqual(found.images_per_sec, 2 * 48 / 1.25)
        self.assertGreater(found.peak_memory_mb, 100)

    def test_peak_of_a_convolution(self):
        """8 convolutions of 2.4 GMAC; the faster of two attempts counts."""
        clock = iter([0.0, 3.0, 3.0, 5.0])
        with (
            mock.patch.object(peak, "ATTEMPTS", 2),
            mock.patch.object(peak.time, "perf_counter", lambda: next(clock)),
        ):
            found = peak.convolution_peak("float32")
        self.assertNear(found, 8 * 16 * 32**2 * 9 * 128**2 / 1e9 / 2, 1e-9)
