"""`create`: every flag of how to build arrives."""

from unittest import mock

from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.commands.dataset import create
from pgan_tf.commands.dataset import verbs as dataset_verbs
from pgan_tf.data import jobs
from tests import common

FLAGS = ("create", "--source=faces", "--resolution=16", "--out_dir=out")
DEFAULTS = {
    "num_images": None,
    "shuffle": True,
    "num_workers": 4,
    "overwrite": False,
    "skip_bad": False,
    "num_shards": 1,
}


class CreateTest(common.TestCase, parameterized.TestCase):
    def built_with(self, *flags, **changed):
        """What the build is called with: (how, its options)."""
        args = dataset_verbs.SCRIPT.parse([*FLAGS, *flags])
        for name, value in changed.items():
            setattr(args, name, value)
        with (
            mock.patch.object(create.build, "create") as build,
            mock.patch.object(create.datasets, "open_dataset") as opened,
        ):
            create.make("a source", args)
        opened.assert_called_once_with("out")
        source, out_dir, how = build.call_args.args
        self.assertEqual((source, out_dir), ("a source", "out"))
        return how, build.call_args.kwargs

    def test_all_together(self):
        how, options = self.built_with(
            *("--num_images=7", "--noshuffle", "--workers=3", "--overwrite"),
            *("--on_error=skip", "--num_shards=2"),
        )
        self.assertEqual(how, {"source": "faces"})
        self.assertEqual(
            options,
            {
                "num_images": 7,
                "shuffle": False,
                "num_workers": 3,
                "overwrite": True,
                "skip_bad": True,
                "num_shards": 2,
            },
        )

    def test_defaults(self):
        _, options = self.built_with("--workers=4")
        self.assertEqual(options, DEFAULTS)

    @parameterized.parameters(
        ("faces", None, True),
        ("lsun", None, False),
        ("mnistrgb", None, False),
        ("lsun", True, True),
        ("faces", False, False),
    )
    def test_shuffle(self, source, said, expected):
        """Some are in a random order already, and stay as they are."""
        _, options = self.built_with(source=source, shuffle=said)
        self.assertEqual(options["shuffle"], expected)

    @parameterized.parameters(
        ("fail", "fail", False, "on_mismatch"),
        ("skip", "fail", True, "on_mismatch"),
        ("fail", "skip", True, "on_error"),
        ("fail", "keep", False, "on_error"),
    )
    def test_bad_images(self, on_error, on_mismatch, skips, flag):
        answers = {"on_error": on_error, "on_mismatch": on_mismatch}
        _, options = self.built_with(**answers)
        self.assertEqual(options["skip_bad"], skips)
        args = dataset_verbs.SCRIPT.parse(FLAGS)
        args.on_error, args.on_mismatch = on_error, on_mismatch
        with (
            mock.patch.object(
                create.build, "create", side_effect=jobs.BadImage("a.png: torn")
            ),
            self.assertRaisesRegex(errors.UserError, f"--{flag}=skip$"),
        ):
            create.make("a source", args)
