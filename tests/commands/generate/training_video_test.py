"""The film of a run: when each grid is shown, and what is written below."""

import argparse
import json
from unittest import mock

import numpy as np
from PIL import Image

from pgan_tf.base import errors, images, video
from pgan_tf.commands.generate import training_video
from pgan_tf.runs import folder as run_folder
from tests import common, small_run
from tests.commands.generate import generate_case


class TrainingVideoTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.run_dir = small_run.make(self.folder())
        for i, nimg in enumerate((0, 10_400, 30_100)):
            picture = np.full((8 * 64, 15 * 64, 3), 80 * i, np.uint8)
            picture[:64, :64] += 15
            images.save_png(run_folder.fakes_path(self.run_dir, nimg), picture)
        rows = [{"nimg": 10_400, "lod": 1.25}, {"nimg": 30_100, "lod": 0.0}]
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (self.run_dir / "stats.jsonl").write_text(text)

    def test_grids_in_order_with_their_stage(self):
        grids = training_video.list_grids(self.run_dir)
        self.assertEqual([kimg for kimg, _ in grids], [0, 10.4, 30.1])
        # 16x16 images begin at 4x4.
        stages = training_video.read_stages(self.run_dir)
        self.assertEqual(
            stages, {0: "4x4", 10_400: "8x8 fading in", 30_100: "16x16"}
        )

    def test_stages_of_pictures_named_by_whole_kimg(self):
        stages = {0: "4x4", 10_400: "8x8", 10_900: "16x16", 11_100: "x"}
        found = [
            training_video.stage_at(stages, kimg)
            for kimg in (0, 10, 10.4, 10.9, 11, 12, 10.401)
        ]
        self.assertEqual(
            found, ["4x4", "16x16", "8x8", "16x16", "x", None, None]
        )

    def test_stages(self):
        stages = {0: "32x32", 0.25: "32x32 fading in", 1: "16x16",
                  2.5: "8x8 fading in", 3: "4x4"}  # fmt: skip
        for lod, expected in stages.items():
            self.assertEqual(training_video.stage_of(lod, 32), expected)

    def test_every_picture_has_as_long(self):
        """Whatever kimg they are of; the last one stays."""
        shown = training_video.places(3, duration=1, fps=5)
        self.assertAllClose(
            shown, [0, 0.5, 1, 1.5, 2] + [2] * 8, rtol=1e-6, atol=1e-6
        )
        # More pictures than frames, and only one.
        self.assertEqual(training_video.places(9, 1, 3)[:3], [0, 4, 8])
        self.assertEqual(set(training_video.places(1, 1, 3)), {0})

    def made(self, *shown, **flags):
        args = argparse.Namespace(
            run_dir=str(self.run_dir), grid=(2, 1), zoom=1, shrink=2
        )
        vars(args).update(flags)
        grids = training_video.list_grids(self.run_dir)
        return list(training_video.frames(args, grids, shown))

    def test_pictures_turn_into_one_another(self):
        found = self.made(0, 0.25, 0.5, 1.0, 1.75, 2.0)
        for frame, grey in zip(found, (0, 20, 40, 80, 140, 160), strict=True):
            # Two cells of 32 pixels, a bar, a line.
            self.assertAllEqual(
                frame[:32, :32], np.full((32, 32, 3), grey + 15)
            )
            self.assertAllEqual(frame[:32, 32:64], np.full((32, 32, 3), grey))
            self.assertEqual(frame.shape[1], 64)
        done = [int((each[32, :, 2] == 255).sum()) for each in found]
        self.assertEqual(done, [0, 8, 16, 32, 56, 64])
        # The captions are those of the nearer picture, bright on dark.
        lines = [frame[34:] for frame in found]
        self.assertAllEqual(lines[0], lines[1])
        self.assertNotAllEqual(lines[0], lines[3])
        self.assertNotAllEqual(lines[3], lines[4])
        self.assertAllEqual(lines[4], lines[5])
        self.assertGreater(int(found[2][36:].max()), 200)

    def test_it_moves_from_the_first_second(self):
        frames = self.made(*training_video.places(3, duration=20, fps=30)[:30])
        greys = [int(frame[0, -1, 0]) for frame in frames]
        self.assertEqual(greys, sorted(greys))
        self.assertGreater(len(set(greys)), 5)

    def test_at_least_512_pixels_high(self):
        """Beside bar and caption; each pixel as a square."""
        (frame,) = self.made(0, zoom=None, shrink=1, grid=(2, 3))
        # Three rows of 64 pixels, three times.
        self.assertEqual(frame.shape[1], 2 * 64 * 3)
        self.assertAllEqual(
            frame[: 3 * 192, :192, 0],
            np.repeat([15, 0, 0], 192)[:, None] * np.ones((1, 192)),
        )
        (frame,) = self.made(0, zoom=None, shrink=1, grid=None)
        self.assertEqual(frame.shape[1], 15 * 64)
        self.assertGreater(frame.shape[0], 512)
        (frame,) = self.made(0, zoom=5, shrink=1)
        self.assertEqual(frame.shape[1], 5 * 128)
        # Who asks for a smaller one gets it.
        (frame,) = self.made(0, zoom=None, shrink=4)
        self.assertEqual(frame.shape[1], 32)

    def test_every_flag_arrives(self):
        texts, seen = [], []

        def plain(picture, text, done):
            texts.append((text, round(done, 2)))
            return picture

        args = argparse.Namespace(
            **{
                "run_dir": str(self.run_dir),
                "out": str(self.run_dir / "a.gif"),
            },
            **{"duration": 1.0, "fps": 5, "zoom": 3},
            **{"grid": (2, 1), "shrink": 2},
        )
        with (
            mock.patch.object(training_video, "with_caption", plain),
            mock.patch.object(
                video,
                "write",
                lambda _, frames, fps: seen.append((list(frames), fps)),
            ),
        ):
            training_video.run(args)
        ((frames, fps),) = seen
        self.assertEqual(fps, 5)
        self.assertEqual(
            [frame[0, -1, 0] for frame in frames],
            [0, 40, 80, 120] + [160] * 9,
        )
        self.assertEqual({frame.shape for frame in frames}, {(96, 192, 3)})
        self.assertEqual(
            texts[:5],
            [
                ("0 kimg   4x4", 0.0),
                ("0 kimg   4x4", 0.25),
                ("10 kimg   8x8 fading in", 0.5),
                ("30 kimg   16x16", 0.75),
                ("30 kimg   16x16", 1.0),
            ],
        )

    def test_caption(self):
        self.assertEqual(training_video.caption(120.4, "4x4"), "120 kimg   4x4")
        self.assertEqual(training_video.caption(7.04, None), "7 kimg")
        self.assertEqual(training_video.caption(0.256, None), "0.26 kimg")

    def refuse(self, message, **changed):
        args = {"run_dir": str(self.run_dir), "grid": None, "shrink": 1}
        args["zoom"] = None
        args = argparse.Namespace(**{**args, **changed})
        grids = training_video.list_grids(self.run_dir)
        with self.assertRaisesRegex(errors.UserError, message):
            list(training_video.frames(args, grids, [0.0]))

    def test_mistakes(self):
        self.refuse("--grid=16x1: the run's grids are 15x8", grid=(16, 1))
        self.refuse("--shrink=128", shrink=128)
        path = run_folder.fakes_path(self.run_dir, 10_400)
        Image.new("RGB", (15 * 8, 8 * 8)).save(path)
        with self.assertRaisesRegex(errors.UserError, "a video has one size"):
            self.made(0.5, grid=None)
        path = run_folder.fakes_path(self.run_dir, 0)
        Image.new("RGB", (100, 100)).save(path)
        self.refuse("do not hold 15x8")
        path.write_text("torn")
        self.refuse("or no PNG")
        with self.assertRaisesRegex(errors.UserError, "not a run folder"):
            training_video.list_grids(self.folder())
        for each in self.run_dir.glob("fakes*.png"):
            each.unlink()
        with self.assertRaisesRegex(errors.UserError, "no grids yet"):
            training_video.list_grids(self.run_dir)


class ScriptTest(generate_case.GenerateCase):
    def test_all_formats(self):
        run_dir = small_run.make(self.cwd)
        for nimg in (0, 5000, 10_000):
            grid = np.full((512, 960, 3), nimg // 50, np.uint8)
            images.save_png(run_folder.fakes_path(run_dir, nimg), grid)
        for suffix in video.FORMATS:
            output = self.succeed(
                "training_video", f"--run_dir={run_dir}", "--duration=1",
                "--fps=4", "--grid=2x1", f"--out=film{suffix}",
            )  # fmt: skip
            self.assertEqual(
                output, f"wrote 10 frames of 3 grids to film{suffix}\n"
            )
            self.assertGreater((self.cwd / f"film{suffix}").stat().st_size, 100)
        self.refuse("not a run folder", "training_video", "--run_dir=absent",
                    "--out=a.gif")  # fmt: skip
