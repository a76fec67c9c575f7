"""The options: flags, JSON, differences."""

import contextlib
import dataclasses
import shlex

from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions
from tests import common

CONFIGS = sorted((common.ROOT / "configs").glob("*.cfg"))


def parse(*arguments: str) -> RunOptions:
    """The options that a command line gives."""
    return run_flags.parse(arguments)


class FlagsTest(common.TestCase, parameterized.TestCase):
    def test_no_flags_are_the_defaults(self):
        self.assertEqual(parse(), RunOptions())

    def test_each_kind(self):
        options = parse(
            "--data_dir=somewhere",
            "--mirror_augment",
            "--fmap_base=512",
            "--gs_beta=0.5",
            "--minibatch_dict=4:128,8:64",
            "--g_lrate_dict=16:0.002",
        )
        self.assertEqual(options.data.data_dir, "somewhere")
        self.assertTrue(options.data.mirror_augment)
        self.assertEqual(options.networks.fmap_base, 512)
        self.assertEqual(options.optimizer.gs_beta, 0.5)
        self.assertEqual(options.schedule.minibatch_dict, {4: 128, 8: 64})
        self.assertEqual(options.schedule.g_lrate_dict, {16: 0.002})

    @parameterized.parameters(
        "--minibatch_dict=4", "--minibatch_dict=4:x", "--fmap_base=big"
    )
    def test_wrong_types_name_the_flag(self, argument):
        name = argument.partition("=")[0].removeprefix("--")
        with self.assertRaisesRegex(errors.UserError, f"^--{name}="):
            parse(argument)

    def test_the_command_gives_the_same_options(self):
        arguments = [
            "--data_dir=with a space/and'quote",
            "--mirror_augment",
            "--nonormalize_latents",
            "--gs_beta=0.5",
            "--lod_training_kimg_dict=4:128,8:64.5",
        ]
        options = parse(*arguments)
        python, script, *words = shlex.split(run_flags.command(options))
        self.assertEqual((python, script), ("python", "train.py"))
        self.assertCountEqual(
            words,
            [
                *arguments[:-1],
                "--lod_training_kimg_dict=4:128,8:64.5",
            ],
        )
        self.assertEqual(parse(*words), options)

    def test_every_option_has_help_and_a_name_of_its_own(self):
        leaves = list(option_tree.leaves(RunOptions))
        self.assertLen({leaf.name for leaf in leaves}, len(leaves))
        for leaf in leaves:
            self.assertEndsWith(leaf.metadata["help"], ".", leaf.name)

    @parameterized.parameters(*CONFIGS)
    def test_flagfiles(self, path):
        # A flagfile names those it includes from the project's folder.
        with contextlib.chdir(common.ROOT):
            options = parse(f"--flagfile={path}")
        self.assertNotEqual(options, RunOptions())
        self.assertStartsWith(path.read_text(), "#")


class ChangedTest(common.TestCase):
    def test_values_win_over_the_flagfile_and_that_over_options(self):
        before = parse("--seed=7", "--total_kimg=5", "--gs_beta=0.5")
        values = {"total_kimg": 10, "minibatch_dict": {4: 8}, "xla": True}
        options = run_flags.changed(before, "demo", values)
        self.assertEqual(options.seed, 7)
        self.assertEqual(options.optimizer.gs_beta, 0.99)
        self.assertEqual(options.schedule.total_kimg, 10)
        self.assertEqual(options.schedule.minibatch_dict, {4: 8})
        self.assertTrue(options.optimizer.xla)
        self.assertEqual(run_flags.changed(None, None, {}), RunOptions())

    def test_mistakes(self):
        for values, message in (
            ({"total_kmg": 1}, "unknown flag --total_kmg; did you mean"),
            ({"total_kimg": True}, "--total_kimg=true: must be a number"),
            ({"fmap_max": 0.5}, "--fmap_max=0.5: must be a whole number"),
        ):
            with self.assertRaisesRegex(errors.UserError, message):
                run_flags.changed(None, None, values)


class RangeTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        ("--total_kimg=nan", "must be at least 0"),
        ("--total_kimg=inf", "must be at least 0"),
        ("--seed=-1", "must be at least 0, below 4294967296"),
        ("--mbstd_group_size=-4", "must be at least 0"),
        ("--lod_training_kimg=-1", "must be at least 0"),
        ("--lod_transition_kimg_dict=8:-1", "must be at least 0"),
        ("--gs_beta=1", "must be at least 0, below 1"),
        ("--max_label_size=-7", "must be at least -1"),
        ("--minibatch_dict=5:8", "5 is not a resolution"),
    )
    def test_out_of_range(self, argument, message):
        with self.assertRaises(errors.UserError) as caught:
            option_tree.check_ranges(parse(argument))
        self.assertIn(message, str(caught.exception))
        name = argument.partition("=")[0]
        self.assertStartsWith(str(caught.exception), name)

    def test_defaults_are_in_range(self):
        option_tree.check_ranges(RunOptions())


class JsonTest(common.TestCase):
    def test_round_trip(self):
        options = parse("--minibatch_dict=4:128", "--seed=7", "--grid=3x2")
        self.assertEqual(
            run_flags.from_json(run_flags.to_json(options)), options
        )

    def test_options_left_out_are_at_default(self):
        options = run_flags.from_json('{"seed": 5, "data": {"data_dir": "x"}}')
        self.assertEqual(options.seed, 5)
        self.assertEqual(options.data.data_dir, "x")
        self.assertEqual(options.networks, ProgressiveOptions())

    def test_unknown_options_are_named(self):
        with self.assertRaisesRegex(ValueError, "unknown option .colour"):
            run_flags.from_json('{"data": {"colour": 1}}')

    def test_what_is_no_tree_of_options(self):
        for text in ("[]", '{"data": 3}', '{"seed": []}', "{"):
            with self.assertRaises(ValueError):
                run_flags.from_json(text)

    def test_differences(self):
        old = RunOptions()
        new = dataclasses.replace(old, networks=ProgressiveOptions(fmap_max=64))
        self.assertEqual(option_tree.differences(old, old), [])
        self.assertEqual(
            option_tree.differences(old, new), ["fmap_max: 512 -> 64"]
        )
