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

    def test_grids_in_order_with_their_lod(self):
        grids = training_video.list_grids(self.run_dir)
        self.assertEqual([kimg for kimg, _ in grids], [0, 10, 30])
        # 16x16 images begin at 4x4: at lod 2.
        lods = training_video.read_lods(self.run_dir)
        self.assertEqual(lods, {0: 2.0, 10: 1.25, 30: 0.0})

    def test_times(self):
        even = training_video.times(30, duration=1, fps=4, warp=1)
        self.assertAllClose(
            even, [0, 10, 20, 30] + [30] * 6, rtol=1e-6, atol=1e-6
        )
        warped = training_video.times(30, duration=1, fps=4, warp=2)
        self.assertAllClose(
            warped[:4], [0, 30 / 9, 4 * 30 / 9, 30], rtol=1e-6, atol=1e-6
        )

    def test_newest_grid_at_each_time(self):
        args = argparse.Namespace(
            run_dir=str(self.run_dir), grid=(2, 1), shrink=2
        )
        grids = training_video.list_grids(self.run_dir)
        shown = [0.0, 9.9, 10.0, 29.9, 30.0]
        found = list(training_video.frames(args, grids, shown))
        for frame, grey in zip(found, (0, 0, 80, 80, 160), strict=True):
            # Two cells of 32 pixels, a bar, a line.
            self.assertAllEqual(
                frame[:32, :32], np.full((32, 32, 3), grey + 15)
            )
            self.assertAllEqual(frame[:32, 32:64], np.full((32, 32, 3), grey))
            self.assertEqual(frame.shape[1], 64)
        done = [int((each[32, :, 2] == 255).sum()) for each in found]
        self.assertEqual(done, [0, 0, 22, 22, 64])  # 10/30 and all of 64
        # The captions differ, and are bright on dark.
        self.assertNotAllEqual(found[0][34:], found[2][34:])
        self.assertGreater(int(found[2][36:].max()), 200)

    def test_every_flag_arrives(self):
        """Slow at first, by --warp: of 30 kimg 0, 3.3, 13.3 and 30."""
        texts, seen = [], []

        def plain(picture, text, done):
            texts.append((text, round(done, 2)))
            return picture

        args = argparse.Namespace(
            **{
                "run_dir": str(self.run_dir),
                "out": str(self.run_dir / "a.gif"),
            },
            **{"duration": 1.0, "fps": 4, "warp": 2.0},
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
        self.assertEqual(fps, 4)
        self.assertEqual(
            [frame[0, -1, 0] for frame in frames], [0, 0, 80] + [160] * 7
        )
        self.assertEqual({frame.shape for frame in frames}, {(32, 64, 3)})
        self.assertEqual(
            texts,
            [
                ("0 kimg   lod 2.00", 0.0),
                ("10 kimg   lod 1.25", 0.33),
                ("30 kimg   lod 0.00", 1.0),
            ],
        )

    def test_caption(self):
        self.assertEqual(
            training_video.caption(120, 1.25), "120 kimg   lod 1.25"
        )
        self.assertEqual(training_video.caption(7, None), "7 kimg")

    def refuse(self, message, **changed):
        args = {"run_dir": str(self.run_dir), "grid": None, "shrink": 1}
        args = argparse.Namespace(**{**args, **changed})
        grids = training_video.list_grids(self.run_dir)
        with self.assertRaisesRegex(errors.UserError, message):
            list(training_video.frames(args, grids, [0.0]))

    def test_mistakes(self):
        self.refuse("--grid=16x1: the run's grids are 15x8", grid=(16, 1))
        self.refuse("--shrink=128", shrink=128)
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
