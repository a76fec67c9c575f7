"""Pages, pictures, curves and logs that fail do not end a training."""

import contextlib
import errno
import json
import os
import pathlib
from unittest import mock

import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import errors, files, images
from pgan_tf.networks import snapshots
from pgan_tf.runs import report, tensorboard
from pgan_tf.sampling import drawing
from pgan_tf.training import checkpoints, grid, guard, reports, trainer
from tests import common, pages
from tests.training import known_steps, trainer_test

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")
FULL_IN_TF = tf.errors.ResourceExhaustedError(None, None, "no space\nleft")
BUG = IndexError("an old library")


def damage(run_dir: pathlib.Path) -> None:
    """Damages what a run folder holds beside checkpoints and options."""
    (run_dir / "reals.png").write_bytes(b"\x89PNG no picture")
    (run_dir / "fakes000000.000.png").write_bytes(b"")
    (run_dir / "fakes000001.png").mkdir()
    stats = run_dir / "stats.jsonl"
    lines = [
        b'{"nimg": "many"}',
        b'{"tick": 3}',
        b"[1]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"nimg": 1, "G_loss": 1e999, "lod": "x", "resolution": null}',
    ]
    stats.write_bytes(b"\n".join(lines) + b"\n" + stats.read_bytes())
    results = [
        {"row": "a", "label": "FID", "num_fakes": 9, "value": "x"},
        {"row": ["a"], "label": "FID", "headline": None},
        {"row": "Reals", "label": "FID", "num_fakes": 9, "value": 1e999},
        {"row": "Reals2", "label": "FID", "num_fakes": 9, "value": 2.5},
    ]
    text = "\n".join([*map(json.dumps, results), "{", "\udcff", "7"])
    (run_dir / "metric-fid.jsonl").write_text(text, errors="surrogateescape")
    (run_dir / "metric-is.jsonl").mkdir()
    for name, state in (("7", "{"), ("8", '{"nimg": "x"}'), ("9", None)):
        folder = run_dir / "diagnostics" / name
        folder.mkdir(parents=True)
        if state:
            (folder / "state.json").write_text(state)


class DerivedTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        self.options = known_steps.options(here)
        self.run_dir = here / "run"

    def train(self) -> list[str]:
        """Trains to the end; the lines of what was left out."""
        with known_steps.known(known_steps.Clock()):
            trainer.train(known_steps.options(self.run_dir.parent))
        ticks = trainer_test.stats(self.run_dir)
        self.assertEqual(ticks[-1]["nimg"], 8000)
        self.assertTrue((self.run_dir / "checkpoints" / "ckpt-8000").is_dir())
        log = (self.run_dir / "log.txt").read_text().splitlines()
        return [line for line in log if line.startswith("left out: ")]

    @parameterized.parameters(
        (images, "save_png", FULL, "the grids of pictures"),
        (drawing, "generate", BUG, "the grids of pictures"),
        (grid.Grid, "save_fakes", FULL_IN_TF, "the grids of pictures"),
        (tensorboard.Writer, "picture", FULL_IN_TF, "the grids of pictures"),
        (tensorboard.Writer, "tick", FULL_IN_TF, "TensorBoard's curves"),
        (tensorboard.Writer, "has_begun", BUG, "TensorBoard's curves"),
        (tensorboard.Writer, "config", FULL_IN_TF, "TensorBoard's text"),
        (tensorboard.Writer, "flush", FULL_IN_TF, "TensorBoard's curves"),
        (tensorboard.Writer, "flush", BUG, "TensorBoard's curves"),
        (tensorboard.Writer, "close", FULL_IN_TF, "TensorBoard's curves"),
        (report, "write", FULL, "report.html"),
        (report, "write", RecursionError("deep"), "report.html"),
    )
    def test_what_fails_is_said_once(self, owner, name, error, what):
        with (
            mock.patch.object(owner, name, side_effect=error),
            # It draws as well, and must.
            mock.patch.object(guard.Guard, "what_is_wrong", return_value=""),
        ):
            said = self.train()
        self.assertLen(said, 1)
        self.assertStartsWith(said[0], f"left out: {what} (")
        self.assertNotIn("\n", said[0])

    def test_lines_of_stats_come_once_there_is_room(self):
        full = 3

        def append(path, text):
            nonlocal full
            full -= 1
            if full > 0:
                raise FULL
            return real(path, text)

        real = files.append
        with mock.patch.object(files, "append", append):
            said = self.train()
        self.assertLen(said, 1)
        self.assertIn("stats.jsonl (No space left on device", said[0])
        nimgs = [tick["nimg"] for tick in trainer_test.stats(self.run_dir)]
        self.assertEqual(nimgs, [1000 * k for k in range(1, 9)])

    def test_a_closed_terminal(self):
        with mock.patch("builtins.print", side_effect=BrokenPipeError):
            self.assertEmpty(self.train())
        log = (self.run_dir / "log.txt").read_text()
        self.assertIn("tick 8 ", log)

    def test_a_full_disk_for_the_log(self):
        with open("/dev/full", "w") as full:
            opened = reports.Log(self.run_dir.parent)
            self.enter_context(mock.patch.object(opened, "_text", full))
            said = []
            with mock.patch("builtins.print", lambda x, **_: said.append(x)):
                for i in range(3000):
                    opened.line(f"line {i}")
            with contextlib.suppress(OSError):
                full.close()
        told = [line for line in said if line.startswith("left out: log.txt")]
        self.assertLen(told, 1)
        self.assertLen(said, 3001)

    @parameterized.parameters(
        (checkpoints.Checkpoints, "save", "No space left|no space left"),
        (snapshots, "save_generator", "no space left on the disk of --run_dir"),
    )
    def test_what_a_run_is_for_does_end_it(self, owner, name, message):
        with (
            known_steps.known(known_steps.Clock()),
            mock.patch.object(owner, name, side_effect=FULL),
            self.assertRaisesRegex(errors.UserError, message) as caught,
        ):
            trainer.train(self.options)
        # The page has the same words, if it was there before the failure.
        if owner is snapshots:
            text = pages.Page(self.run_dir).text
            self.assertIn('<p class="state failed"><b>failed</b>', text)
            self.assertIn(f'class="why">{caught.exception}</span>', text)

    def test_a_damaged_run_folder(self):
        with known_steps.known(known_steps.Clock()):
            trainer.train(
                known_steps.options(self.run_dir.parent, total_kimg=3.0)
            )
        damage(self.run_dir)
        said = self.train()
        self.assertEqual(len(said), len(set(said)), said)
        for what in (
            "lines of stats.jsonl (5 damaged)",
            "fakes000000.000.png in report.html",
            "fakes000001.png in report.html",
            "reals.png in report.html",
            "metric-is.jsonl in report.html",
            "a line of metric-fid.jsonl in report.html",
            "diagnostics/7 in report.html",
            "diagnostics/8 in report.html",
            "diagnostics/9 in report.html",
        ):
            found = [line for line in said if f"left out: {what}" in line]
            self.assertLen(found, 1, f"{what}: {said}")
        page = pages.Page(self.run_dir)
        self.assertIn("fakes000000.000.png", "".join(page.lines("Failures")))
        self.assertEqual(
            page.rows("Metrics")[1:],
            [["Reals", "not finite"], ["Reals2", "2.5"]],
        )
        kimgs = [kimg for kimg, _ in page.pictures()]
        self.assertEqual(kimgs, [2, 3, 4, 6, 8])

    def test_a_failure_is_on_the_page(self):
        terms = {**known_steps.TERMS, "G_loss": float("nan")}
        options = known_steps.options(self.run_dir.parent)
        with (
            known_steps.known(known_steps.Clock()),
            mock.patch.object(known_steps, "TERMS", terms),
            self.assertRaisesRegex(errors.UserError, "--max_rollbacks"),
        ):
            trainer.train(options)
        for path in self.run_dir.rglob("*.json"):
            json.loads(path.read_text(), parse_constant=self.fail)
        for path in self.run_dir.rglob("*.jsonl"):
            for line in path.read_text().splitlines():
                json.loads(line, parse_constant=self.fail)
        page = pages.Page(self.run_dir)
        failures = page.lines("Failures")
        self.assertLen(failures, 1 + options.guard.max_rollbacks)
        for failure in failures:
            self.assertStartsWith(failure, "The training failed at 1 kimg: ")
            self.assertIn("G_loss is nan", failure)
        self.assertIn('class="state failed"', page.text)
        self.assertIn("--max_rollbacks", page.text)
        (last,) = trainer_test.stats(self.run_dir)
        self.assertIsNone(last["G_loss"])
