"""The page of a run: complete, alone, and harmless."""

import base64
import dataclasses
import io
import json
import pathlib
import re
from unittest import mock

import numpy as np
from PIL import Image

from pgan_tf.base import errors, images
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import report
from pgan_tf.runs.options import DataOptions, RunOptions, ScheduleOptions
from tests import common


def read(run_dir: pathlib.Path) -> tuple[str, dict]:
    """The page, and the data in it."""
    page = run_folder.report_path(run_dir).read_text()
    (data,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page
    )
    return page, json.loads(data)


def add_lines(path: pathlib.Path, *lines: dict) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


class ReportTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.run_dir = self.folder() / "run"
        self.run_dir.mkdir()
        self.options = RunOptions(
            run_dir="runs/it",
            data=DataOptions(resolution=8, mirror_augment=True),
            schedule=ScheduleOptions(
                lod_training_kimg=2,
                lod_transition_kimg=1,
                minibatch_dict={4: 16, 8: 8},
                total_kimg=5,
            ),
        )
        run_folder.begin(self.run_dir, self.options, "digest")

    def tick(self, nimg: int, **values: object) -> dict:
        return {
            "tick": nimg // 1000,
            "nimg": nimg,
            "seconds": nimg / 100,
            "resolution": 4,
            "lod": 1.0,
            "images_per_sec": 100.0,
            "G_loss": 0.5,
            "D_label_penalty": 0.0,
            "G_lrate": 0.001,
            **values,
        }

    def test_a_run_that_has_only_begun(self):
        report.write(self.run_dir)
        _, data = read(self.run_dir)
        self.assertEqual(data["title"], "run")
        self.assertEqual(data["kimg"], 0)
        self.assertEqual(data["charts"], [])
        self.assertIsNone(data["reals"])

    def test_not_a_run(self):
        with self.assertRaisesRegex(errors.UserError, "not a run folder"):
            report.write(self.folder())

    def test_schedule_and_command(self):
        report.write(self.run_dir)
        _, data = read(self.run_dir)
        phases = [
            (p["from"], p["to"], p["resolution"], p["fading"])
            for p in data["phases"]
        ]
        self.assertEqual(
            phases, [(0, 2, 4, False), (2, 3, 8, True), (3, 5, 8, False)]
        )
        self.assertEqual(
            data["command"],
            "python train.py --run_dir=runs/it --resolution=8"
            " --mirror_augment --total_kimg=5 --lod_training_kimg=2"
            " --lod_transition_kimg=1 --minibatch_dict=4:16,8:8",
        )
        changed = {
            name for name, _, is_changed in data["options"] if is_changed
        }
        self.assertIn("minibatch_dict", changed)
        self.assertNotIn("fmap_base", changed)

    def test_curves(self):
        ticks = [self.tick(1000), self.tick(2000, G_loss=0.25, surprise=7)]
        add_lines(self.run_dir / "stats.jsonl", *ticks)
        with open(self.run_dir / "stats.jsonl", "a") as file:
            file.write('{"nimg": 3000, "G_lo')  # Torn by a kill.
        report.write(self.run_dir)
        _, data = read(self.run_dir)
        charts = {c["title"]: c["series"] for c in data["charts"]}
        # No curve of what is always zero, nor of a rate that never changes.
        self.assertEqual(
            list(charts),
            ["Losses", "Images per second", "Level of detail", "surprise"],
        )
        self.assertEqual(
            charts["Losses"],
            [{"name": "G_loss", "points": [[1, 0.5], [2, 0.25]]}],
        )
        self.assertEqual(charts["surprise"][0]["points"], [[2, 7]])
        self.assertEqual(
            data["state"],
            "2.0 of 5 kimg, 4x4, lod 1.00, 100.0 images/s, 20s of training",
        )

    def test_long_runs_are_thinned(self):
        ticks = [self.tick(i) for i in range(5000)]
        add_lines(self.run_dir / "stats.jsonl", *ticks)
        report.write(self.run_dir)
        _, data = read(self.run_dir)
        points = data["charts"][0]["series"][0]["points"]
        self.assertLessEqual(len(points), 1000)
        self.assertEqual((points[0][0], points[-1][0]), (0, 4.999))

    def test_pictures(self):
        for kimg in range(0, 120, 2):
            picture = np.full([8, 3000, 3], kimg, np.uint8)
            path = run_folder.fakes_path(self.run_dir, kimg * 1000)
            images.save_png(path, picture)
        images.save_png(
            self.run_dir / "reals.png", np.full([8, 8, 1], 200, np.uint8)
        )
        report.write(self.run_dir)
        _, data = read(self.run_dir)
        kimgs = [p["kimg"] for p in data["pictures"]]
        self.assertLessEqual(len(kimgs), 50)
        self.assertEqual((kimgs[0], kimgs[-1]), (0, 118))
        self.assertEqual(kimgs, sorted(set(kimgs)))
        head, _, content = data["pictures"][-1]["src"].partition(",")
        self.assertEqual(head, "data:image/webp;base64")
        with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
            self.assertLessEqual(picture.width, 1100)
            self.assertAllClose(np.asarray(picture).mean(), 118, rtol=0, atol=2)
        self.assertStartsWith(data["reals"], head)

    def test_a_picture_is_encoded_once(self):
        """However many there are, and however often the page is written."""
        opened = []
        real = Image.open

        def counting(path, *rest):
            opened.append(pathlib.Path(path).name)
            return real(path, *rest)

        with mock.patch.object(Image, "open", counting):
            for kimg in range(200):
                path = run_folder.fakes_path(self.run_dir, kimg * 1000)
                images.save_png(path, np.full([8, 8, 3], kimg, np.uint8))
                report.write(self.run_dir)
                _, data = read(self.run_dir)
                kimgs = [p["kimg"] for p in data["pictures"]]
                self.assertLessEqual(len(kimgs), 48)
                self.assertGreater(len(kimgs), min(kimg, 23))
                self.assertEqual((kimgs[0], kimgs[-1]), (0, kimg))
                gaps = np.diff(kimgs[:-1])
                self.assertLen({1, *gaps} if kimg < 2 else set(gaps), 1)
        self.assertEqual(len(opened), len(set(opened)))
        self.assertLen(opened, 200)

    def test_metrics_of_several_numbers(self):
        shared = {"row": "Reals2", "num_fakes": 9, "value": 0.5}
        several = {"precision": 0.5, "recall": 0.25}
        add_lines(
            self.run_dir / "metric-pr.jsonl",
            {**shared, "label": "PR", "levels": several, "headline": None},
        )
        add_lines(
            self.run_dir / "metric-nn.jsonl",
            {**shared, "label": "NN", "levels": {}, "headline": "copies"},
        )
        report.write(self.run_dir)
        _, data = read(self.run_dir)
        metrics = data["metrics"]
        self.assertEqual(
            metrics["labels"],
            ["NN copies n=9", "PR precision n=9", "PR recall n=9"],
        )
        self.assertEqual(metrics["rows"], [["Reals2", "0.5", "0.5", "0.25"]])

    def test_metrics(self):
        lines = [
            {"label": "FID", "num_fakes": n, "row": row, "value": value}
            for n, row, value in (
                (500, "network-snapshot-000001.keras", 80.0),
                (500, "network-snapshot-000003.keras", 70.0),
                (500, "network-snapshot-000003.keras", 60.0),
                (500, "Reals2", 2.0),
                (900, "network-snapshot-000003.keras", 50.0),
            )
        ]
        add_lines(self.run_dir / "metric-fid.jsonl", *lines)
        report.write(self.run_dir)
        _, data = read(self.run_dir)
        metrics = data["metrics"]
        self.assertEqual(metrics["labels"], ["FID n=500", "FID n=900"])
        self.assertEqual(
            metrics["rows"],
            [
                ["1 kimg", "80", "-"],
                ["3 kimg", "60", "50"],
                ["Reals2", "2", "-"],
            ],
        )
        (chart,) = metrics["charts"]
        self.assertEqual(chart["series"][0]["points"], [[1, 80], [3, 60]])
        self.assertEqual(chart["series"][1]["points"], [[1, 2], [3, 2]])

    def test_nothing_in_it_is_run_or_loaded(self):
        run_dir = self.run_dir.parent / "<img src=x onerror=alert(1)>"
        run_dir.mkdir()
        evil = dataclasses.replace(
            self.options, run_dir="</script><script>alert(1)</script>"
        )
        run_folder.begin(run_dir, evil, "")
        report.write(run_dir)
        page, data = read(run_dir)
        self.assertNotIn("alert(1)<", page)
        self.assertEqual(page.count("</script>"), 2)
        self.assertIn("</script>", data["command"])
        self.assertIn("default-src 'none'", page)
        self.assertNotIn("http://", page.replace("http://www.w3.org/2000", ""))
        self.assertNotIn("https://", page)
