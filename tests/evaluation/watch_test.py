"""Evaluating while a run goes on, and where the numbers arrive."""

import dataclasses
import json
from unittest import mock

import tensorflow as tf
from tensorflow.core.util import event_pb2

from pgan_tf.base import errors
from pgan_tf.evaluation import of_run
from pgan_tf.evaluation.options import Options
from pgan_tf.runs import folder as run_folder
from tests import common, small_run


class WatchTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        lods = (2.0, 1.0, 0.0)
        self.run_dir = small_run.make(self.here, lods=lods)
        options = run_folder.read_config(self.run_dir)
        schedule = dataclasses.replace(options.schedule, total_kimg=19.5)
        options = dataclasses.replace(options, schedule=schedule)
        run_folder.begin(self.run_dir, options, "")
        self.paths = run_folder.list_snapshots(self.run_dir)
        self.said = []

    def at(self, nimg):
        line = json.dumps(
            {
                "nimg": nimg,
                "resolution": 16,
                "lod": 0.0,
                "images_per_sec": 1.0,
                "seconds": 1.0,
            }
        )
        (self.run_dir / "stats.jsonl").write_text(line + "\n")

    def watch(self, sleep, **options):
        options = {"snapshot": "all", **options}
        options = Options(("swd",), **options)
        with mock.patch("time.sleep", sleep):
            return of_run.watch(self.run_dir, options, self.said.append)

    def test_until_the_run_ends(self):
        hidden = self.here / "last.keras"
        self.paths[2].rename(hidden)
        self.at(10_000)

        def sleep(seconds):
            self.assertEqual(seconds, of_run.WATCH_SECONDS)
            hidden.rename(self.paths[2])
            self.at(20_100)

        report = self.watch(sleep)
        names = [path.name for path in self.paths]
        self.assertEqual([each.row for each in report.results], names)
        begun, *said = self.said
        self.assertEqual(
            begun,
            f"watching {self.run_dir} for snapshots; Ctrl-C ends it with a"
            " table",
        )
        self.assertLen(said, 3)
        self.assertRegex(said[2], r"^20 kimg: SWDx1e3 \d")
        table = (self.run_dir / "metric-swd.txt").read_text().splitlines()
        kimgs = [row.split()[0] for row in table[2:]]
        self.assertEqual(kimgs, ["20", "10", "0"])

    def test_latest_leaves_out_what_was_there_before(self):
        self.at(20_100)
        report = self.watch(mock.Mock(), snapshot="latest")
        rows = [each.row for each in report.results]
        self.assertEqual(rows, [self.paths[2].name])

    def test_stopped(self):
        self.at(10_000)
        report = self.watch(mock.Mock(side_effect=KeyboardInterrupt))
        self.assertLen(report.results, 3)
        self.assertEqual(self.said[-1], "stopped watching")

    def test_refused(self):
        with self.assertRaisesRegex(errors.UserError, "not 10"):
            self.watch(mock.Mock(), snapshot="10")
        for path in self.paths:
            path.unlink()
        with self.assertRaisesRegex(errors.UserError, "no snapshots yet"):
            self.watch(mock.Mock(side_effect=KeyboardInterrupt))

    def test_finished(self):
        self.assertFalse(run_folder.is_finished(self.run_dir))
        for nimg, expected in (
            (19_499, False),
            (19_600, False),  # not saved: there is no 19
            (20_100, True),
        ):
            self.at(nimg)
            self.assertEqual(run_folder.is_finished(self.run_dir), expected)
        for text in ('{"nimg": 2', "[]", ""):
            (self.run_dir / "stats.jsonl").write_text(text)
            self.assertFalse(run_folder.is_finished(self.run_dir))

    def test_finished_when_no_length_was_given(self):
        options = run_folder.read_config(self.run_dir)
        schedule = dataclasses.replace(options.schedule, total_kimg=0)
        options = dataclasses.replace(options, schedule=schedule)
        run_folder.begin(self.run_dir, options, "")
        self.at(20_100)
        self.assertFalse(run_folder.is_finished(self.run_dir))

    def test_finished_where_the_total_is_derived(self):
        """16x16: 600 kimg, twice 1200, and four times 600 more."""
        options = run_folder.read_config(self.run_dir)
        open_ended = dataclasses.replace(options.schedule, total_kimg=0)
        data = dataclasses.replace(options.data, resolution=16)
        options = dataclasses.replace(options, schedule=open_ended, data=data)
        run_folder.begin(self.run_dir, options, "")
        self.paths[-1].rename(run_folder.snapshot_path(self.run_dir, 4_800_000))
        for nimg, expected in ((4_799_000, False), (4_800_000, True)):
            self.at(nimg)
            self.assertEqual(run_folder.is_finished(self.run_dir), expected)

    def test_tensorboard(self):
        self.at(20_100)
        report = self.watch(mock.Mock())
        folder = self.run_dir / "tensorboard" / "evaluation"
        (path,) = folder.iterdir()
        found = {}
        for record in tf.data.TFRecordDataset(str(path)):
            event = event_pb2.Event.FromString(record.numpy())
            for value in event.summary.value:
                number = float(tf.make_ndarray(value.tensor))
                found[value.tag, event.step] = number
        self.assertLen(found, 6)
        for result, kimg in zip(report.results, (0, 10, 20), strict=True):
            number = result.value.value
            self.assertNear(found["metrics/SWDx1e3 n=40", kimg], number, 1e-3)
            self.assertIn(("metrics/SWDx1e3 16 n=40", kimg), found)
        page = (self.run_dir / "report.html").read_text()
        self.assertIn("SWDx1e3 n=40", page)
        # Known numbers are not plotted again.
        self.watch(mock.Mock())
        self.assertLen(list(folder.iterdir()), 1)


if __name__ == "__main__":
    tf.test.main()
