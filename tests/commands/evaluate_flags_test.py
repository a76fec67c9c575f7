"""Every flag of evaluate.py arrives where it acts."""

import contextlib
import dataclasses
import io
import pathlib
from unittest import mock

from pgan_tf.base import streams
from pgan_tf.commands import evaluate, evaluate_checks, evaluate_flags
from pgan_tf.evaluation import of_classes, of_run, of_two_sets
from pgan_tf.evaluation.options import Options
from pgan_tf.runs import folder as run_folder
from tests import common

# By option: a flag, and what it must become; none is a default.
FLAGS = {
    "metrics": ("--metrics=swd,kid50k", ["swd", "kid50k"]),
    "features": ("--features=random", "random"),
    "inception": ("--inception=in.tgz", pathlib.Path("in.tgz")),
    "num_images": ("--num_images=77", 77),
    "seed": ("--seed=5", 5),
    "minibatch": ("--minibatch=3", 3),
    "devices": ("--devices=CPU:0,CPU:1", "CPU:0,CPU:1"),
    "force": ("--force", True),
    "snapshot": ("--snapshot=all", "all"),
    "data_dir": ("--data_dir=elsewhere", pathlib.Path("elsewhere")),
    "truncation": ("--truncation=0.5,0.75", [0.5, 0.75]),
    "compare_to_paper": ("--compare_to=paper", True),
    "out_dir": ("--out_dir=out", pathlib.Path("out")),
    "mnist": ("--mnist=digits", pathlib.Path("digits")),
    "batch_statistics": ("--batch_statistics", True),
}
# These choose what is done, or name what it is done to.
OTHERS = {
    "run_dir",
    "reals",
    "fakes",
    "watch",
    "per_class",
    "compare_to",
    "convert_inception",
}


class EvaluateFlagsTest(common.TestCase):
    def seen_by(self, module, *flags, name="evaluate"):
        """What a body is called with."""
        args = evaluate_flags.parse(flags)
        with (
            contextlib.chdir(self.folder()),
            mock.patch.object(run_folder, "read_config"),
            mock.patch.object(module, name) as body,
        ):
            evaluate.evaluate(args)
        return body.call_args.args

    def test_every_option_is_here(self):
        names = {field.name for field in dataclasses.fields(Options)}
        self.assertEqual(set(FLAGS), names)
        known = set(vars(evaluate_flags.parse([]))) - {"given"}
        self.assertEqual(known, (names - {"compare_to_paper"}) | OTHERS)

    def test_defaults(self):
        """Of the metrics those of the paper that need least."""
        expected = Options(
            metrics=["fid", "is", "swd"],
            features=None,
            inception=None,
            num_images=None,
            seed=0,
            minibatch=None,
            devices="",
            force=False,
            snapshot="latest",
            data_dir=None,
            truncation=[],
            compare_to_paper=False,
            out_dir=None,
            mnist=None,
            batch_statistics=False,
        )
        _, found = self.seen_by(of_run, "--run_dir=a")
        self.assertEqual(found, expected)

    def test_each_alone(self):
        _, default = self.seen_by(of_run, "--run_dir=a")
        for name, (flag, value) in FLAGS.items():
            run_dir, found = self.seen_by(of_run, "--run_dir=a", flag)
            self.assertEqual(run_dir, pathlib.Path("a"))
            self.assertEqual(
                found, dataclasses.replace(default, **{name: value})
            )

    def test_all_together(self):
        flags = [flag for flag, _ in FLAGS.values()]
        expected = Options(**{k: value for k, (_, value) in FLAGS.items()})
        _, found = self.seen_by(of_run, "--run_dir=a", *flags)
        self.assertEqual(found, expected)
        reals, fakes, found = self.seen_by(
            of_two_sets, "--reals=a", "--fakes=b", *flags
        )
        self.assertEqual((reals, fakes), (pathlib.Path("a"), pathlib.Path("b")))
        self.assertEqual(found, expected)

    def test_what_is_done(self):
        watched = self.seen_by(of_run, "--run_dir=a", "--watch", name="watch")
        self.assertEqual(watched[0], pathlib.Path("a"))
        # FID alone, unless metrics are named.
        _, found = self.seen_by(of_classes, "--run_dir=a", "--per_class")
        self.assertEqual(found.metrics, ["fid"])
        for metrics in ("fid50k", "fid,is,swd"):
            _, found = self.seen_by(
                of_classes, "--run_dir=a", "--per_class", f"--metrics={metrics}"
            )
            self.assertEqual(found.metrics, metrics.split(","))

    def test_inception_implies_its_features(self):
        for options, expected in (
            (Options(), "labels"),
            (Options(features="random"), "random"),
            (Options(inception=pathlib.Path("a")), "inception"),
            (
                Options(features="random", inception=pathlib.Path("a")),
                "random",
            ),
        ):
            self.assertEqual(options.extractor_name("labels"), expected)

    def test_tables_fit_the_window(self):
        here = self.folder()
        both = f"--reals={here}", f"--fakes={here}"
        for flags in (both, (f"--run_dir={here}",)):
            args = evaluate_flags.parse(flags)
            report = mock.Mock()
            report.table.return_value = "the table"
            with (
                mock.patch.object(evaluate_checks, "check"),
                mock.patch.object(evaluate, "evaluate", return_value=report),
                mock.patch.object(streams, "width", return_value=57),
                contextlib.redirect_stdout(io.StringIO()) as printed,
            ):
                evaluate.main(args)
            report.table.assert_called_once_with(57)
            self.assertStartsWith(printed.getvalue(), "the table\n")

    def test_what_is_said_fits_the_window(self):
        with (
            mock.patch.object(streams, "width", return_value=20),
            contextlib.redirect_stdout(io.StringIO()) as printed,
        ):
            evaluate.say("100 kimg: FID 7.3000, SWDx1e3 2.9600")
        self.assertEqual(
            printed.getvalue(),
            "100 kimg: FID\n    7.3000, SWDx1e3\n    2.9600\n",
        )
