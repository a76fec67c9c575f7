import json
import shutil
import zipfile
from unittest import mock

import numpy as np
import scipy.linalg
import tensorflow as tf
from PIL import Image

from pgan_tf.base import devices, errors
from pgan_tf.evaluation import of_two_sets
from pgan_tf.evaluation.features import untrained
from pgan_tf.evaluation.options import Options
from pgan_tf.evaluation.reals import open_pair
from tests import common, dataset_files, small_run


def save(folder, pixels, suffix="png"):
    folder.mkdir()
    for i, image in enumerate(pixels):
        Image.fromarray(image).save(folder / f"{i:03d}.{suffix}")
    return folder


def frechet(features1, features2):
    (m1, s1), (m2, s2) = (
        (x.mean(axis=0), np.cov(x.astype(np.float64), rowvar=False))
        for x in (features1, features2)
    )
    root = scipy.linalg.sqrtm(s1 @ s2).real
    return ((m1 - m2) ** 2).sum() + np.trace(s1 + s2 - 2 * root)


class PairsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        self.pixels = small_run.pictures()
        self.reals = save(self.here / "reals", self.pixels)
        self.other = 255 - self.pixels[:30]
        self.fakes = save(self.here / "fakes", self.other)

    def evaluate(self, reals, fakes, *metrics, **options):
        options = {"features": "random", **options}
        return of_two_sets.evaluate(
            reals, fakes, Options(metrics or ("fid",), **options)
        )

    def refused(self, line, *arguments, **options):
        with self.assertRaises(errors.UserError) as caught:
            self.evaluate(*arguments, **options)
        self.assertIn(line, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_distance_of_all_images(self):
        extractor = untrained.make(devices.Replicas())
        expected = frechet(
            extractor(self.pixels[:30])[0], extractor(self.other)[0]
        )
        reals = save(self.here / "thirty", self.pixels[:30])
        report = self.evaluate(reals, self.fakes)
        (result,) = report.results
        self.assertEqual((result.row, result.count), ("fakes", 30))
        self.assertAllClose(result.value.value, expected, rtol=1e-3, atol=0)
        self.assertIn("fakes", report.table())

    def test_folder_zip_and_dataset_are_alike(self):
        packed = self.here / "reals.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for file in sorted(self.reals.iterdir()):
                archive.write(file, file.name)
        dataset = self.here / "dataset"
        dataset_files.save(dataset, self.pixels)
        values = [
            self.evaluate(reals, self.fakes, "fid", "swd").results
            for reals in (self.reals, packed, dataset)
        ]
        self.assertLen(values[0], 2)
        self.assertEqual(values[1], values[0])
        self.assertEqual(values[2], values[0])

    def test_a_dataset_takes_the_size_of_the_folder(self):
        dataset = self.here / "dataset"
        dataset_files.save(
            dataset, self.pixels.repeat(2, axis=1).repeat(2, axis=2)
        )
        for pair in ((dataset, self.fakes), (self.fakes, dataset)):
            opened = open_pair(*pair)
            self.assertEqual([each.resolution for each in opened], [16, 16])

    def test_second_reals_and_files(self):
        out_dir = self.here / "out"
        options = {"num_images": 20, "out_dir": out_dir}
        report = self.evaluate(self.reals, self.fakes, **options)
        rows = [result.row for result in report.results]
        self.assertEqual(rows, ["Reals2", "fakes"])
        lines = small_run.lines(out_dir, "fid")
        self.assertEqual([line["row"] for line in lines], rows)
        self.assertEqual(lines[1]["value"], report.results[1].value.value)
        self.assertLen(lines[1]["fakes_digest"], 64)
        self.evaluate(self.reals, self.fakes, **options)
        self.assertLen(small_run.lines(out_dir, "fid"), 2)
        # Another image: another set.
        Image.fromarray(self.pixels[0]).save(self.fakes / "000.png")
        self.evaluate(self.reals, self.fakes, **options)
        self.assertLen(small_run.lines(out_dir, "fid"), 3)

    def test_every_option_arrives(self):
        names = ("features_by_name", "devices", "result_files", "reals")
        wrapped = {
            name: self.enter_context(
                mock.patch.object(
                    of_two_sets, name, wraps=getattr(of_two_sets, name)
                )
            )
            for name in names
        }
        made = self.enter_context(
            mock.patch.object(
                of_two_sets.comparison,
                "Comparison",
                wraps=of_two_sets.comparison.Comparison,
            )
        )
        inception = self.here / "inception.pb"
        out_dir = self.here / "out"
        self.evaluate(
            *(self.reals, self.fakes, "fid"),
            **{"num_images": 12, "seed": 5, "minibatch": 7, "force": True},
            **{"devices": "CPU:0", "inception": inception, "out_dir": out_dir},
        )
        wanted, path, dataset, size, _ = wrapped[
            "features_by_name"
        ].open_extractor.call_args.args
        self.assertEqual((wanted, path, size), ("random", inception, 16))
        self.assertIsNone(dataset)
        wrapped["devices"].make_strategy.assert_called_once_with("CPU:0")
        wrapped["result_files"].ResultFiles.assert_called_once_with(
            out_dir, True
        )
        draw = wrapped["reals"].draw.call_args
        self.assertEqual((draw.args[0].name, draw.args[1]), ("fakes", 12))
        self.assertEqual(draw.kwargs, {"seed": 5})
        said = made.call_args.kwargs
        self.assertEqual((said["seed"], said["minibatch"]), (5, 7))
        self.assertFalse(said["mirror_augment"])

    def test_cache_of_changed_reals_is_not_used(self):
        # Files of a format whose size does not depend on the content.
        reals = save(self.here / "bitmaps", self.pixels, "bmp")
        first = self.evaluate(reals, self.fakes).results
        for i in range(40):
            file = reals / f"{i:03d}.bmp"
            Image.fromarray(self.pixels[i] // 2).save(file)
        again = self.evaluate(reals, self.fakes).results
        self.assertNotEqual(again, first)

    def test_sets_that_do_not_fit(self):
        small = save(self.here / "small", self.pixels[:, ::2, ::2])
        self.refused("of one size", self.reals, small)
        self.refused("of one size", small, self.fakes)
        mixed = self.here / "mixed"
        shutil.copytree(self.reals, mixed)
        shutil.copy(small / "003.png", mixed / "003.png")
        line = "003.png has 8x8 pixels, others of"
        self.refused(line, mixed, self.fakes)
        self.refused(line, self.fakes, mixed, num_images=30)
        wide = save(self.here / "wide", self.pixels[:, ::2])
        self.refused("16x8 pixels: images must be square", wide, self.fakes)
        empty = self.here / "empty"
        empty.mkdir()
        self.refused("no images in", self.reals, empty)
        self.refused("no such folder", self.reals, self.here / "nothing")
        self.refused(
            "30; give 30 or less", self.reals, self.fakes, num_images=31
        )
        (self.fakes / "000.png").write_bytes(b"torn")
        self.refused("000.png is no image", self.reals, self.fakes)

    def test_metrics_that_do_not_fit(self):
        odd = [
            save(self.here / name, np.zeros((12, 24, 24, 3), np.uint8))
            for name in ("odd1", "odd2")
        ]
        report = self.evaluate(*odd, "swd", "fid", "msssim")
        self.assertEqual([r.key for r in report.results], ["fid"])
        patches, similarity = report.not_computed.values()
        self.assertIn("16x16, 32x32, ...", patches)
        self.assertIn("2^n or 32n pixels, not 24", similarity)
        self.refused("known metrics", self.reals, self.fakes, "fod")
        self.refused(
            "a folder has no labels", self.reals, self.fakes, features="labels"
        )
        few = [save(self.here / n, self.pixels[:5]) for n in ("few1", "few2")]
        self.refused("needs 10 images or more, not 5", *few, "is")

    def test_lines_are_json(self):
        out_dir = self.here / "out"
        self.evaluate(self.reals, self.fakes, "swd", out_dir=out_dir)
        text = (out_dir / "metric-swd.jsonl").read_text()
        self.assertEqual(json.loads(text)["resolution"], 16)


if __name__ == "__main__":
    tf.test.main()
