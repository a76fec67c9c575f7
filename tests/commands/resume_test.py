"""A run goes on by its folder alone."""

import pathlib

from pgan_tf.base import errors
from pgan_tf.commands import train
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.networks.tiny.options import TinyOptions
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import DataOptions, RunOptions, ScheduleOptions
from tests import common

BEGUN = RunOptions(
    run_dir="where/it/was",
    seed=7,
    data=DataOptions(data_dir="set", resolution=8, mirror_augment=True),
    networks=ProgressiveOptions(fmap_base=64, fmap_max=16),
    schedule=ScheduleOptions(total_kimg=5, minibatch_dict={4: 16, 8: 8}),
)


def options_of(*words: str) -> RunOptions:
    return train.options_of(train.parse(words))


class ResumeTest(common.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.here = self.folder()
        self.run_dir = self.begin("run", BEGUN)

    def begin(self, name: str, options: RunOptions) -> pathlib.Path:
        run_dir = self.here / name
        run_dir.mkdir()
        run_folder.begin(run_dir, options, "digest")
        return run_dir

    def test_its_folder_is_enough(self):
        for flag in ("--resume", "--run_dir"):
            found = options_of(f"{flag}={self.run_dir}")
            self.assertEqual(found.run_dir, str(self.run_dir))
            self.assertEqual(found.seed, 7)
            self.assertEqual(found.data, BEGUN.data)
            self.assertEqual(found.networks, BEGUN.networks)
            self.assertEqual(found.schedule, BEGUN.schedule)

    def test_what_is_given_wins(self):
        found = options_of(f"--resume={self.run_dir}", "--total_kimg=9")
        self.assertEqual(found.schedule.total_kimg, 9)
        self.assertEqual(found.schedule.minibatch_dict, {4: 16, 8: 8})
        # Back to a default, too.
        found = options_of(f"--resume={self.run_dir}", "--nomirror_augment")
        self.assertFalse(found.data.mirror_augment)

    def test_another_family(self):
        tiny = RunOptions(
            run_dir="r",
            family="tiny",
            data=DataOptions(data_dir="set", resolution=32),
            networks=TinyOptions(d_divisor=2),
        )
        found = options_of(f"--resume={self.begin('tiny', tiny)}")
        self.assertEqual(found.family, "tiny")
        self.assertEqual(found.networks, TinyOptions(d_divisor=2))

    def test_a_whole_command_says_all(self):
        found = options_of(f"--run_dir={self.run_dir}", "--data_dir=set")
        self.assertEqual(found.seed, RunOptions().seed)

    def test_nothing_to_go_on_with(self):
        with self.assertRaisesRegex(errors.UserError, "no run has begun there"):
            options_of(f"--resume={self.here}")
        self.assertEqual(
            options_of(f"--run_dir={self.here}").run_dir, str(self.here)
        )
        with self.assertRaisesRegex(errors.UsageError, "give one of them"):
            options_of(f"--resume={self.run_dir}", f"--run_dir={self.run_dir}")
