"""The runs of Table 4: their flagfiles, what is run, what is written."""

import json
import os

import numpy as np
from absl.testing import parameterized

from benchmarks import table4
from pgan_tf.base import errors
from pgan_tf.networks.tiny.options import TinyOptions
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.schedule import Schedule
from tests import common

FORMS = {
    "gan": {"batch_norm": True, "minibatch_stddev": False, "growing": False},
    "norm": {"minibatch_stddev": False, "growing": False},
    "mbstd": {"growing": False},
    "progressive": {},
}
FORMS["unrolled"] = FORMS["wgangp"] = FORMS["gan"]


def result(column="norm", size="k4", seed=1000, modes=800.0, kl=1.5):
    return {
        "column": column,
        "size": size,
        "seed": seed,
        "kimg": 10000,
        "modes": modes,
        "kl": kl,
        "classifier_error": 0.0042,
        "reals_modes": 1000.0,
        "reals_kl": 0.0239,
        "training_seconds": 2640,
        "machine": "a core",
    }


class ProtocolTest(common.TestCase, parameterized.TestCase):
    @parameterized.product(column=table4.COLUMNS, size=table4.SIZES)
    def test_flagfiles(self, column, size):
        options = run_flags.parse([f"--flagfile=modes-{column}-{size}"])
        self.assertEqual(options.family, "tiny")
        divisor = {"k4": 4, "k2": 2}[size]
        self.assertEqual(
            options.networks, TinyOptions(d_divisor=divisor, **FORMS[column])
        )
        self.assertEqual(options.data.max_label_size, 0)
        self.assertFalse(options.data.mirror_augment)
        self.assertEqual(options.run_dir, f"runs/modes-{column}-{size}")
        self.assertEqual(options.schedule.total_kimg, 10_000)

    @parameterized.product(
        column=("wgangp", "norm", "mbstd", "progressive"), size=table4.SIZES
    )
    def test_training_of_karras(self, column, size):
        options = run_flags.parse([f"--flagfile=modes-{column}-{size}"])
        losses, optimizer = options.losses, options.optimizer
        self.assertEqual((losses.loss, losses.penalty), ("wgan-gp", "auto"))
        self.assertEqual(
            (losses.wgan_lambda, losses.wgan_target, losses.wgan_epsilon),
            (10, 1, 0),
        )
        self.assertEqual(
            (optimizer.adam_beta1, optimizer.adam_beta2), (0, 0.99)
        )
        self.assertEqual(optimizer.adam_epsilon, 1e-8)
        # .999 for each step of G, after five of D.
        self.assertAllClose(optimizer.gs_beta**5, 0.999, rtol=1e-7, atol=0)
        schedule = Schedule.derive(options.schedule, 32)
        for nimg in (50_000, 2_300_000, 9_999_000):
            stage = schedule.at(nimg)
            self.assertEqual(stage.minibatch, 64)
            self.assertEqual((stage.g_lrate, stage.d_lrate), (0.001, 0.001))
        self.assertEqual(options.schedule.d_repeats, 5)
        self.assertEqual(options.schedule.lrate_rampup_kimg, 40)
        # 156,250 steps of D and 31,250 of G, to the last one.
        calls = 10_000_000 / schedule.call_nimg(stage)
        self.assertEqual(calls * options.schedule.minibatch_repeats, 31_250)
        if column == "progressive":
            self.assertEqual(schedule.at(399_999).resolution, 4)
            self.assertEqual(schedule.at(600_000).alpha, 0.5)
            self.assertEqual(schedule.at(2_399_999).resolution, 32)
            self.assertIsNone(schedule.at(2_400_000).alpha)

    @parameterized.product(column=("gan", "unrolled"), size=table4.SIZES)
    def test_training_of_metz(self, column, size):
        options = run_flags.parse([f"--flagfile=modes-{column}-{size}"])
        self.assertEqual(
            (options.losses.loss, options.losses.penalty), ("logistic", "none")
        )
        self.assertEqual(options.optimizer.adam_beta1, 0.5)
        steps = 5 if column == "unrolled" else 0
        self.assertEqual(options.optimizer.unroll_steps, steps)
        stage = Schedule.derive(options.schedule, 32).at(0)
        self.assertEqual((stage.g_lrate, stage.d_lrate), (1e-4, 2e-4))
        self.assertEqual(stage.minibatch, 128)
        self.assertEqual(options.schedule.d_repeats, 1)


class PageTest(common.TestCase):
    def test_cells(self):
        """Mean and deviation over seeds, not the error of the mean."""
        results = [result(modes=m, kl=k) for m, k in ((800, 1.5), (900, 1.1))]
        results.append(result("wgangp", "k2", modes=700.0, kl=2.0))
        lines = table4.page(results).splitlines()
        deviations = np.std([800, 900], ddof=1), np.std([1.5, 1.1], ddof=1)
        self.assertIn(
            f"| norm | 2 | 850.0 ± {deviations[0]:.1f} | 856.7 ± 50.4 "
            f"| 1.30 ± {deviations[1]:.2f} | 1.10 ± 0.19 |",
            lines,
        )
        self.assertIn(
            "| wgangp | 1 | 700.0 | 772.4 ± 146.5 | 2.00 | 1.35 ± 0.55 |",
            lines,
        )
        self.assertIn(
            "| gan | 0 | not run | 30.6 ± 20.7 | not run | 5.99 ± 0.42 |",
            lines,
        )
        self.assertIn(
            "| norm-k4 | 1000 | 10000 | 800.0 | 1.500 | 44 | a core |", lines
        )
        self.assertIn("errs at 0.42 %", "\n".join(lines))
        self.assertIn("None yet.", table4.page([]))

    def test_the_page_is_that_of_the_results(self):
        page = table4.page(table4.read_results(table4.RESULTS))
        self.assertEqual(table4.PAGE.read_text(encoding="utf-8"), page)


class RunsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        patch = common.mock.patch.object
        self.enter_context(patch(table4, "RESULTS", self.here / "results"))
        self.enter_context(patch(table4, "PAGE", self.here / "page.md"))
        self.finished = self.enter_context(
            patch(table4.run_folder, "is_finished", return_value=True)
        )
        self.called = []

    def pretend(self, log, script, *arguments):
        """In place of the scripts: leaves the files that they would."""
        self.called.append((script, *arguments))
        given = dict(a.lstrip("-").partition("=")[::2] for a in arguments)
        if script == "dataset_tool.py":
            folder = table4.pathlib.Path(given["out_dir"])
            folder.mkdir(parents=True)
            (folder / "dataset.json").write_text("{}")
        if script == "evaluate.py":
            self.write_files(table4.pathlib.Path(given["run_dir"]))

    def write_files(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        common_facts = {
            "levels": {"KL": 1.25, "KL +-": 0.1},
            "spread": 4.0,
            "num_fakes": 256_000,
            "statistics_of": 256,
            "classifier_error": 0.0042,
            "classifier_sha256": "12",
            "versions": {},
            "time": "now",
        }
        rows = ((None, "Reals", 1000.0), (10_000, "network.keras", 812.5))
        lines = [
            {"kimg": k, "row": r, "value": v, **common_facts}
            for k, r, v in rows
        ]
        (folder / "metric-modes.jsonl").write_text(
            "".join(json.dumps(line) + "\n" for line in lines)
        )
        (folder / "stats.jsonl").write_text('{"seconds": 99.4}\n')

    def run_table(self, *arguments):
        with common.mock.patch.object(table4, "call", self.pretend):
            table4.main(
                table4.parse(
                    [
                        f"--mnist={self.here}",
                        f"--out_dir={self.here / 'out'}",
                        "--jobs=1",
                        *arguments,
                    ]
                )
            )

    def test_a_run_that_was_stopped_is_not_evaluated(self):
        """Its training ends well, and its result would be of another length."""
        self.finished.return_value = False
        with self.assertRaisesRegex(
            errors.UserError, "norm-k4-1000 was stopped; the same command"
        ):
            self.run_table("--columns=norm", "--sizes=k4", "--seeds=1")
        scripts = [script for script, *_ in self.called]
        self.assertEqual(scripts, ["dataset_tool.py", "train.py"])

    def test_what_is_missing_is_run(self):
        asked = ("--columns=norm,wgangp", "--sizes=k4")
        self.run_table(*asked, "--seeds=1")
        scripts = [script for script, *_ in self.called]
        self.assertEqual(
            scripts,
            ["dataset_tool.py", *["train.py", "evaluate.py"] * 2],
        )
        self.assertIn("--flagfile=configs/modes-wgangp-k4.cfg", self.called[1])
        self.assertIn("--seed=1000", self.called[1])
        self.assertIn("--metrics=modes256k", self.called[2])
        self.assertIn("--batch_statistics", self.called[2])
        (first, _) = table4.read_results(table4.RESULTS)
        self.assertEqual((first["column"], first["modes"]), ("wgangp", 812.5))
        self.assertEqual((first["kl"], first["reals_modes"]), (1.25, 1000.0))
        self.assertEqual(first["training_seconds"], 99)
        self.called.clear()
        self.run_table(*asked, "--seeds=2")
        self.assertLen(self.called, 4)
        self.assertTrue(all("--seed=1000" not in c for c in self.called[::2]))
        self.assertIn("812.5 ± 0.0", table4.PAGE.read_text())
        self.called.clear()
        self.run_table("--report")
        self.assertEmpty(self.called)

    def test_one_thread_and_failures(self):
        log = self.here / "logs" / "log"
        with common.mock.patch.object(table4.subprocess, "run") as run:
            run.return_value.returncode = 0
            table4.call(log, "train.py", "--x")
            environment = run.call_args.kwargs["env"]
            for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
                self.assertEqual(environment[name], "1")
            self.assertIn("PATH", os.environ)
            run.return_value.returncode = 3
            with self.assertRaisesRegex(
                errors.UserError, f"train.py failed with exit code 3: see {log}"
            ):
                table4.call(log, "train.py")

    def test_refusals(self):
        with self.assertRaisesRegex(errors.UserError, "--columns: nirm: none"):
            self.run_table("--columns=nirm")
        with self.assertRaisesRegex(errors.UserError, "--mnist is missing"):
            table4.make_dataset(None, self.here / "none")
