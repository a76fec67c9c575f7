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

from pgan_tf.base import errors, files, images
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import report, run_state, tick_numbers
from pgan_tf.runs.options import DataOptions, RunOptions, ScheduleOptions
from tests import common
from tests.pages import Page


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
        page = Page(self.run_dir)
        self.assertIn("<title>run</title>", page.text)
        self.assertIn('<p class="state">0.0 of 5 kimg</p>', page.text)
        self.assertEqual(page.data["kimg"], 0)
        self.assertEqual(page.data["charts"], [])
        self.assertNotIn("<figure", page.text)

    def test_what_the_run_is_doing(self):
        state = run_state.RunState.new((("device", "CPU <2>"),))
        cases = (
            (state.now(run_state.RUNNING, seconds_left=90), "1m 30s left"),
            (state.now(run_state.STOPPED), ""),
            (state.now(run_state.FINISHED), ""),
            (state.now(run_state.FAILED, "no <more> memory"), "no &lt;more"),
        )
        for now, told in cases:
            run_state.write(self.run_dir, now)
            self.assertEqual(run_state.read(self.run_dir), now)
            report.write(self.run_dir)
            page = Page(self.run_dir)
            self.assertIn(
                f'<p class="state {now.status}"><b>{now.status}</b>', page.text
            )
            self.assertIn(told, page.text)
            what = "last heard of" if now.status == "running" else now.status
            self.assertRegex(page.text, f"<p>began 20[^,]*, {what} 20")
            self.assertIn("<dt>device</dt><dd>CPU &lt;2&gt;</dd>", page.text)
            # Only the page of a run that goes on is loaded again.
            running = now.status == run_state.RUNNING
            self.assertEqual('id="age"' in page.text, running)
            self.assertEqual('http-equiv="refresh"' in page.text, running)
            self.assertEqual(page.data["heard"], now.written)

    def test_a_damaged_state_is_no_obstacle(self):
        whole = '{"status": "running", "written": 1, "began": '
        damaged = (
            *("{}", "[", '{"status": 3}', "null", "\xff"),
            *(whole + each + "}" for each in ("1e300", "NaN", '"a"', "null")),
            whole + "1" + "0" * 400 + "}",
            whole + '1, "rollbacks": [[1, 2]]}',
            whole + '1, "seconds_left": "long"}',
            whole + '1, "why": 3}',
            whole.replace("running", "flying") + "1}",
        )
        for content in damaged:
            run_state.path(self.run_dir).write_text(content)
            left_out = report.write(self.run_dir)
            self.assertIn("state.json", left_out, content)
            told = "Left out of this page: state.json"
            self.assertIn(told, Page(self.run_dir).text)

    def test_not_a_run(self):
        with self.assertRaisesRegex(errors.UserError, "not a run folder"):
            report.write(self.folder())

    def test_schedule_and_command(self):
        report.write(self.run_dir)
        page = Page(self.run_dir)
        phases = [
            (p["from"], p["to"], p["resolution"], p["fading"])
            for p in page.data["phases"]
        ]
        self.assertEqual(
            phases, [(0, 2, 4, False), (2, 3, 8, True), (3, 5, 8, False)]
        )
        self.assertEqual(
            page.command(),
            "python train.py --run_dir=runs/it --resolution=8"
            " --mirror_augment --total_kimg=5 --lod_training_kimg=2"
            " --lod_transition_kimg=1 --minibatch_dict=4:16,8:8",
        )
        changed = re.findall(r'<tr class="changed"><td>(\w+)</td>', page.text)
        self.assertIn("minibatch_dict", changed)
        self.assertNotIn("fmap_base", changed)

    def test_curves(self):
        ticks = [self.tick(1000), self.tick(2000, G_loss=0.25, surprise=7)]
        add_lines(self.run_dir / "stats.jsonl", *ticks)
        with open(self.run_dir / "stats.jsonl", "a") as file:
            file.write('{"nimg": 3000, "G_lo')  # Torn by a kill.
        report.write(self.run_dir)
        page = Page(self.run_dir)
        charts = {c["title"]: c["series"] for c in page.data["charts"]}
        # No curve of what is always zero, nor of a rate that never changes.
        self.assertEqual(
            list(charts), ["Losses", "Speed", "Level of detail", "surprise"]
        )
        self.assertEqual(
            charts["Losses"],
            [
                {
                    "name": "G",
                    "raw": "G_loss",
                    "told": "What G lowers. It is no measure of quality.",
                    "points": [[1, 0.5], [2, 0.25]],
                }
            ],
        )
        self.assertEqual(charts["surprise"][0]["points"], [[2, 7]])
        self.assertIn(
            "2.0 of 5 kimg, 4x4, 100.0 images/s, 20s of training", page.text
        )
        self.assertTrue(all(c["unit"] for c in page.data["charts"]))

    def test_every_number_that_is_drawn_has_a_name_and_a_unit(self):
        # In stats.jsonl kimg is nimg.
        names = tick_numbers.BY_NAME.keys() - {"kimg"}
        ticks = [{**dict.fromkeys(names, i), "nimg": 1000 * i} for i in (1, 2)]
        add_lines(self.run_dir / "stats.jsonl", *ticks)
        report.write(self.run_dir)
        charts = Page(self.run_dir).data["charts"]
        self.assertNotIn("value", {chart["unit"] for chart in charts})
        series = [each for chart in charts for each in chart["series"]]
        self.assertLen(series, len({each["raw"] for each in series}))
        for each in series:
            self.assertNotIn("_", each["name"])
            self.assertEndsWith(each["told"], ".")

    def test_a_fade_in_is_told(self):
        add_lines(self.run_dir / "stats.jsonl", self.tick(1000, lod=0.25))
        report.write(self.run_dir)
        self.assertIn("4x4, fading in (75%), 100.0", Page(self.run_dir).text)

    def test_long_runs_are_thinned(self):
        ticks = [self.tick(i) for i in range(5000)]
        add_lines(self.run_dir / "stats.jsonl", *ticks)
        report.write(self.run_dir)
        points = Page(self.run_dir).data["charts"][0]["series"][0]["points"]
        self.assertLessEqual(len(points), 1000)
        self.assertEqual((points[0][0], points[-1][0]), (0, 4.999))

    def test_the_ticks_are_read_once(self):
        """A page is written with every tick, of which there are thousands."""
        add_lines(self.run_dir / "stats.jsonl", self.tick(1000))
        read, real = [], files.read_json_lines

        def counting(path):
            read.append(path.name)
            return real(path)

        with mock.patch.object(files, "read_json_lines", counting):
            report.write(self.run_dir)
        self.assertEqual(read, ["stats.jsonl"])

    def test_pictures(self):
        for kimg in range(0, 120, 2):
            picture = np.full([8, 3000, 3], kimg, np.uint8)
            path = run_folder.fakes_path(self.run_dir, kimg * 1000)
            images.save_png(path, picture)
        images.save_png(
            self.run_dir / "reals.png", np.full([8, 8, 1], 200, np.uint8)
        )
        report.write(self.run_dir)
        page = Page(self.run_dir)
        kimgs = [kimg for kimg, _ in page.pictures()]
        self.assertLessEqual(len(kimgs), 50)
        self.assertEqual((kimgs[0], kimgs[-1]), (0, 118))
        self.assertEqual(kimgs, sorted(set(kimgs)))
        head, _, content = page.pictures()[-1][1].partition(",")
        self.assertEqual(head, "data:image/webp;base64")
        with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
            self.assertLessEqual(picture.width, 1100)
            self.assertAllClose(np.asarray(picture).mean(), 118, rtol=0, atol=2)
        self.assertRegex(page.text, f'<figure><img [^>]*src="{head}.*"Reals"')

    def test_pictures_of_ticks_under_one_kimg(self):
        for nimg in (0, 256, 512):
            path = run_folder.fakes_path(self.run_dir, nimg)
            images.save_png(path, np.full([8, 8, 3], nimg // 4, np.uint8))
        # As earlier releases called them.
        path.rename(path.with_name("fakes000001.png"))
        report.write(self.run_dir)
        page = Page(self.run_dir)
        kimgs = [kimg for kimg, _ in page.pictures()]
        self.assertEqual(kimgs, [0, 0.256, 1])
        self.assertIn("Fakes at 0.256 kimg", page.text)

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
                kimgs = [kimg for kimg, _ in Page(self.run_dir).pictures()]
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
        names = ["NN copies n=9", "PR precision n=9", "PR recall n=9"]
        self.assertEqual(
            Page(self.run_dir).rows("Metrics"),
            [["snapshot", *names], ["Reals2", "0.5", "0.5", "0.25"]],
        )

    def test_hashes_are_footnotes(self):
        line = {"row": "Reals2", "num_fakes": 9, "value": 0.5}
        add_lines(
            self.run_dir / "metric-fid.jsonl",
            {**line, "label": "FD[labels:4e052f3e]"},
        )
        report.write(self.run_dir)
        page = Page(self.run_dir)
        self.assertEqual(
            page.rows("Metrics")[0], ["snapshot", "FD[labels¹] n=9"]
        )
        self.assertIn('<p class="note">¹ features 4e052f3e</p>', page.text)

    def test_numbers_of_two_sets_of_features_are_told_apart(self):
        line = {"row": "Reals2", "num_fakes": 9}
        add_lines(
            self.run_dir / "metric-fid.jsonl",
            {**line, "label": "FD[labels:4e052f3e]", "value": 1},
            {**line, "label": "FD[labels:00000000]", "value": 2},
        )
        add_lines(
            self.run_dir / "metric-is.jsonl",
            {**line, "label": "CS[labels:4e052f3e]", "value": 3},
        )
        report.write(self.run_dir)
        page = Page(self.run_dir)
        names = ["FD[labels¹] n=9", "FD[labels²] n=9", "CS[labels¹] n=9"]
        self.assertEqual(
            page.rows("Metrics"),
            [["snapshot", *names], ["Reals2", "1", "2", "3"]],
        )
        for note in ("¹ features 4e052f3e", "² features 00000000"):
            self.assertIn(f'<p class="note">{note}</p>', page.text)

    def test_a_try_out_is_no_column_for_ever(self):
        def line(count: int, kimg: int) -> dict:
            row = f"network-snapshot-{kimg:06d}.keras"
            return {"label": "FID", "num_fakes": count, "row": row, "value": 1}

        path = self.run_dir / "metric-fid.jsonl"
        lines = [line(64, 1), line(5000, 1), line(4000, 1)]
        add_lines(path, *lines)
        report.write(self.run_dir)
        head, _ = Page(self.run_dir).rows("Metrics")
        self.assertEqual(head[1:], ["FID n=5000", "FID n=4000"])
        told = "Tried out with few images, and not shown: FID n=64."
        self.assertIn(told, Page(self.run_dir).text)
        # It stays while there is more of it than of anything else.
        add_lines(path, *lines, line(64, 2))
        report.write(self.run_dir)
        page = Page(self.run_dir)
        self.assertIn("FID n=64", page.rows("Metrics")[0])
        self.assertNotIn("Tried out", page.text)
        # The same snapshots need not be there again.
        add_lines(path, *lines, line(64, 2), line(5000, 3))
        report.write(self.run_dir)
        head, *_ = Page(self.run_dir).rows("Metrics")
        self.assertNotIn("FID n=64", head)

    def test_truncation(self):
        name = "network-snapshot-000003"
        line = {"row": f"{name}.keras", "num_fakes": 9, "label": "IS"}
        sweep = [
            {
                **line,
                "row": f"{name}.keras truncation {limit:g}",
                "value": value,
                "truncation": limit,
            }
            for limit, value in ((1.0, 3.0), (0.5, 2.0))
        ]
        add_lines(self.run_dir / "truncation-is.jsonl", *sweep)
        add_lines(
            self.run_dir / "metric-is.jsonl",
            {**line, "value": 4.0},
            {**line, "value": 5.0, "row": "network-snapshot-000004.keras"},
        )
        names = (
            f"truncation-{name}.png",
            f"nearest-{name}.png",
            "distances-a.png",
        )
        for each in (*names, f"nearest-{name}-truncation-0.5.png"):
            picture = np.zeros([8, 8, 3], np.uint8)
            images.save_png(self.run_dir / each, picture)
        report.write(self.run_dir)
        page = Page(self.run_dir)
        self.assertEqual(
            page.rows("Truncation"),
            [
                ["snapshot", "IS n=9"],
                ["3 kimg, truncation 0.5", "2"],
                ["3 kimg, truncation 1", "3"],
                ["3 kimg", "4"],
            ],
        )
        captions = re.findall("<figcaption>(.*?)</figcaption>", page.text)
        self.assertEqual(
            captions,
            [*(f"3 kimg ({each})" for each in names[:2]), "distances-a.png"],
        )

    def test_metrics(self):
        lines = [
            {
                "label": "FID",
                "num_fakes": n,
                "row": row,
                "value": value,
                "better": "lower",
            }
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
        page = Page(self.run_dir)
        self.assertEqual(
            page.rows("Metrics"),
            [
                ["snapshot", "FID n=500", "FID n=900"],
                ["1 kimg", "80", "-"],
                ["3 kimg", "60", "50"],
                ["Reals2", "2", "-"],
            ],
        )
        (chart,) = page.data["charts"]
        self.assertEqual(chart["title"], "FID n=500")
        self.assertEqual(chart["unit"], "FID, lower is better")
        self.assertEqual(chart["series"][0]["points"], [[1, 80], [3, 60]])
        self.assertEqual(chart["series"][1]["points"], [[1, 2], [3, 2]])

    def test_on_a_phone_each_number_says_what_it_is(self):
        line = {"row": "Reals2", "num_fakes": 9, "label": "<b>", "value": 2}
        add_lines(self.run_dir / "metric-fid.jsonl", line)
        report.write(self.run_dir)
        page = Page(self.run_dir)
        cells = re.findall('<td data-of="(.*?)">(.*?)<', page.text)
        self.assertContainsSubset(
            [("snapshot", "Reals2"), ("&lt;b&gt; n=9", "2")], cells
        )

    def test_rollbacks(self):
        for rollbacks, nimg, why in (
            (1, 3000, "G_loss is <nan>"),
            (2, 2500, "too large"),
        ):
            folder = run_folder.new_diagnostics_path(self.run_dir, nimg)
            folder.mkdir(parents=True)
            state = {"nimg": nimg, "why": why, "rollbacks": rollbacks}
            (folder / "state.json").write_text(json.dumps(state))
        back = run_state.Rollback("3000", 2.0, 0.5)
        state = run_state.RunState.new(())
        state = dataclasses.replace(state, rollbacks=(back,))
        run_state.write(self.run_dir, state)
        self.assertEqual(run_state.read(self.run_dir), state)
        report.write(self.run_dir)
        page = Page(self.run_dir)
        told = [
            "The training failed at 3 kimg: G_loss is <nan> (diagnostics/3000)."
            " It was rolled back to 2 kimg and went on with learning rates "
            "times 0.5",
            "The training failed at 2.5 kimg: too large (diagnostics/2500)",
        ]
        self.assertEqual(page.lines("Failures"), told)
        self.assertEqual(
            page.data["failures"],
            [{"kimg": 3, "told": told[0]}, {"kimg": 2.5, "told": told[1]}],
        )

    def test_the_command_is_a_flag_on_a_line(self):
        run_dir = self.folder()
        odd = dataclasses.replace(self.options, run_dir="a --b\nc")
        run_folder.begin(run_dir, odd, "")
        report.write(run_dir)
        (shown,) = re.findall("<pre>(.*?)</pre>", Page(run_dir).text, re.DOTALL)
        first, second, *_ = shown.split(" \\\n  ")
        self.assertEqual(first, "python train.py")
        self.assertEqual(second, "&#x27;--run_dir=a --b\nc&#x27;")

    def test_the_script_finds_what_it_looks_for(self):
        pixels = np.zeros([8, 8, 3], np.uint8)
        images.save_png(run_folder.fakes_path(self.run_dir, 0), pixels)
        run_state.write(self.run_dir, run_state.RunState.new(()))
        report.write(self.run_dir)
        page = Page(self.run_dir)
        _, _, script = page.text.partition('"use strict";')
        ids = set(re.findall(r'\$\("(\w+)"\)', script))
        self.assertContainsSubset(ids, re.findall(r'\bid="(\w+)"', page.text))
        self.assertIn("slider", ids)
        # All that is sent to it is used.
        self.assertEqual(
            set(re.findall(r"\bdata\.(\w+)", script)), set(page.data)
        )

    def test_every_colour_is_there_in_light_and_in_dark(self):
        report.write(self.run_dir)
        page = Page(self.run_dir)
        light, dark = re.findall(r":root \{(.*?)\}", page.text, re.DOTALL)
        names = [re.findall(r"(--\w+): #", each) for each in (light, dark)]
        self.assertEqual(*names)
        used = set(re.findall(r"var\((--\w+)\)", page.text))
        self.assertContainsSubset(used, names[0])

    def test_the_package_may_be_replaced_while_a_training_goes_on(self):
        report.write(self.run_dir)
        read = pathlib.Path.read_text

        def gone(path, *rest, **named):
            if path.is_relative_to(pathlib.Path(report.__file__).parents[1]):
                raise FileNotFoundError(path)
            return read(path, *rest, **named)

        run_folder.report_path(self.run_dir).unlink()
        with mock.patch.object(pathlib.Path, "read_text", gone):
            self.assertEqual(report.write(self.run_dir), {})
        self.assertIn("setUpPictures", Page(self.run_dir).text)

    def test_nothing_in_it_is_run_or_loaded(self):
        run_dir = self.run_dir.parent / "<img src=x onerror=alert(1)>"
        run_dir.mkdir()
        evil = dataclasses.replace(
            self.options, run_dir="</script><script>alert(1)</script>"
        )
        run_folder.begin(run_dir, evil, "")
        report.write(run_dir)
        page = Page(run_dir)
        self.assertNotIn("alert(1)<", page.text)
        self.assertNotIn("<img src=x", page.text)
        self.assertEqual(page.text.count("</script>"), 2)
        self.assertIn("</script>", page.command())
        self.assertIn("default-src 'none'", page.text)
        elsewhere = page.text.replace("http://www.w3.org/2000", "")
        self.assertNotIn("http://", elsewhere)
        self.assertNotIn("https://", page.text)
