"""The options: flags, JSON, differences."""

import contextlib
import dataclasses
import pathlib

from absl import flags
from absl.testing import parameterized

from pgan_tf import config, errors
from tests import common

ROOT = pathlib.Path(__file__).parent.parent
CONFIGS = sorted((ROOT / "configs").glob("*.cfg"))


def parse(*arguments: str) -> config.RunConfig:
    """The options that a command line gives."""
    values = flags.FlagValues()
    config.define_flags("test", values)
    values(["train.py", *arguments])
    return config.from_flags(values)


class FlagsTest(common.TestCase, parameterized.TestCase):
    def test_no_flags_are_the_defaults(self):
        self.assertEqual(parse(), config.RunConfig())

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
        with self.assertRaisesRegex(flags.Error, name):
            parse(argument)

    def test_every_option_has_help_and_a_name_of_its_own(self):
        leaves = list(config.leaves())
        self.assertLen({leaf.name for leaf in leaves}, len(leaves))
        for leaf in leaves:
            self.assertEndsWith(leaf.metadata["help"], ".", leaf.name)

    @parameterized.parameters(*CONFIGS)
    def test_flagfiles(self, path):
        # A flagfile names those it includes from the project's folder.
        with contextlib.chdir(ROOT):
            options = parse(f"--flagfile={path}")
        self.assertNotEqual(options, config.RunConfig())
        self.assertStartsWith(path.read_text(), "#")


class JsonTest(common.TestCase):
    def test_round_trip(self):
        options = parse("--minibatch_dict=4:128", "--seed=7", "--grid=3x2")
        self.assertEqual(config.from_json(config.to_json(options)), options)

    def test_options_left_out_are_at_default(self):
        options = config.from_json('{"seed": 5, "data": {"data_dir": "x"}}')
        self.assertEqual(options.seed, 5)
        self.assertEqual(options.data.data_dir, "x")
        self.assertEqual(options.networks, config.NetworksConfig())

    def test_unknown_options_are_named(self):
        with self.assertRaisesRegex(errors.UserError, "unknown option colour"):
            config.from_json('{"data": {"colour": 1}}')

    def test_differences(self):
        old = config.RunConfig()
        new = dataclasses.replace(
            old, networks=config.NetworksConfig(fmap_max=64)
        )
        self.assertEqual(config.differences(old, old), [])
        self.assertEqual(config.differences(old, new), ["fmap_max: 512 -> 64"])
