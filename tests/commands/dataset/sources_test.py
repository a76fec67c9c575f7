"""Tests of `dataset_tool.py create` from every kind of published files."""

import pathlib
import shutil
from unittest import mock

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from pgan_tf.data.format import datasets
from pgan_tf.data.sources import tfds_download
from tests.commands.dataset import tool
from tests.data.sources import published, shapes

ONE = ("create", "--workers=1")


class SourcesTest(tool.ToolTestCase):
    def images(self, folder: str) -> np.ndarray:
        """All images of a dataset."""
        dataset = datasets.open_dataset(self.cwd / folder)
        return dataset.read(dataset.resolution, np.arange(dataset.num_images))

    def test_celeba(self) -> None:
        (self.cwd / "aligned").mkdir()
        for number in (1, 2):
            pixels = np.full((218, 178, 3), 50 * number, np.uint8)
            pixels[57:185, 25:153, 1] = 200  # the crop
            image = Image.fromarray(pixels)
            image.save(self.cwd / "aligned" / f"{number:06d}.png")
        attributes = "2\nSmiling Male\n000001.jpg 1 -1\n000002.jpg 1 1\n"
        for each in (1, 2):
            attributes = attributes.replace(f"{each}.jpg", f"{each}.png")
        (self.cwd / "list_attr_celeba.txt").write_text(attributes)
        output = self.succeed(
            *ONE, "--source=celeba", "--source_dir=aligned", "--noshuffle",
            "--labels=list_attr_celeba.txt", "--out_dir=out",
        )  # fmt: skip
        self.assertIn("2 multihot: Smiling (2), Male (1)", output)
        expected = np.full((2, 128, 128, 3), 200)
        expected[0, ..., ::2], expected[1, ..., ::2] = 50, 100
        self.assertAllEqual(self.images("out"), expected)

    def test_celebahq_of_deltas(self) -> None:
        images = published.write_celebahq(self.cwd)
        args = ("--source=celebahq", "--source_dir=photos",
                "--delta_dir=deltas", "--noshuffle")  # fmt: skip
        output = self.succeed(*ONE, *args, "--out_dir=out")
        self.assertIn("1024x1024, 3 channels", output)
        self.assertIn("bit-exact   2 of 2 images", output)
        self.assertAllEqual(self.images("out"), images)

        table = self.cwd / "deltas" / "image_list.txt"
        first = published.md5(images[0])
        table.write_text(table.read_text().replace(first, 32 * "0"))
        small = (*ONE, *args, "--resolution=16", "--out_dir=small")
        output = self.call(*small, "--on_mismatch=skip")
        self.assertRegex(output, "images +1\n")
        self.assertRegex(output, "skipped +image 0 of 000004.jpg is not bit")
        shutil.rmtree(self.cwd / "small")
        self.refuse("image 0 .* published one.*by --on_mismatch=skip",
                    *small, "--on_mismatch=fail")  # fmt: skip
        output = self.call(*small, "--max_images=1")
        self.assertIn("bit-exact   0 of 1 images", output)

    def test_celebahq_ready_made(self) -> None:
        folder = self.cwd / "CelebA-HQ-img"
        folder.mkdir()
        for number in (2, 10):
            image = Image.new("L", (1024, 1024), number)
            image.save(folder / f"{number}.png")
        args = ("--source=celebahq", "--source_dir=CelebA-HQ-img",
                "--noshuffle", "--resolution=32")  # fmt: skip
        self.succeed(*ONE, *args, "--out_dir=out")
        self.assertAllEqual(self.images("out")[:, 0, 0, 0], [2, 10])

    def test_lsun(self) -> None:
        published.write_lsun(self.cwd / "bedroom_lmdb")
        args = ("--source=lsun", "--source_dir=bedroom_lmdb")
        output = self.succeed(*ONE, *args, "--max_images=3", "--out_dir=out")
        self.assertIn("256x256, 3 channels", output)
        # In the order of the keys each is brighter.
        brightness = self.images("out").mean(axis=(1, 2, 3))
        self.assertLen(brightness, 3)
        self.assertAllEqual(np.argsort(brightness), [0, 1, 2])

    def test_lsun_with_a_bad_entry(self) -> None:
        published.write_lsun(self.cwd / "lmdb")
        published.put(self.cwd / "lmdb", b"001zz", b"")
        args = (*ONE, "--source=lsun", "--source_dir=lmdb", "--out_dir=out",
                "--resolution=8")  # fmt: skip
        self.fail_with("lmdb, key 001zz is empty", *args)
        output = self.call(*args, "--on_error=skip")
        self.assertRegex(output, "skipped +lmdb, key 001zz is empty")
        self.assertRegex(output, "images +5\n")

    def test_hdf5(self) -> None:
        images = published.write_hdf5(self.cwd / "set.h5")
        args = ("--source=hdf5", "--source_dir=set.h5")
        output = self.succeed(*ONE, *args, "--noshuffle", "--out_dir=out")
        self.assertIn("3 onehot: 0 (3), 1 (2), 2 (2)", output)
        self.assertAllEqual(self.images("out"), images)
        self.call(*ONE, *args, "--out_dir=shuffled")
        order = np.arange(len(images))
        np.random.RandomState(123).shuffle(order)  # as the reference
        self.assertAllEqual(self.images("shuffled"), images[order])

    def test_tfds(self) -> None:
        shapes.Shapes(data_dir=self.cwd / "data").download_and_prepare()
        args = ("--source=tfds", "--tfds_name=shapes", "--resolution=8",
                "--tfds_data_dir=data")  # fmt: skip
        # Two workers read the files, too.
        output = self.succeed("create", "--workers=2", *args, "--out_dir=out")
        self.assertIn("circle (2), square (2), star (2)", output)
        self.call(*ONE, *args, "--out_dir=one")
        self.assertIn("identical", self.call("compare", "out", "one"))
        args = (*ONE, *args, "--tfds_split=test", "--out_dir=test")
        self.assertRegex(self.call(*args), "images +2\n")

    def test_mocked_tfds(self) -> None:
        with (
            tfds.testing.mock_data(num_examples=5),
            mock.patch.object(tfds_download, "reach"),
        ):
            output = self.call(
                *ONE, "--source=tfds", "--tfds_name=mnist",
                "--tfds_download", "--channels=gray", "--resolution=32",
                "--out_dir=out",
            )  # fmt: skip
        self.assertIn("32x32, 1 channels", output)
        self.assertIn("10 onehot", output)

    def test_bad_flags(self) -> None:
        out = "--out_dir=out"
        self.fail_with("tfds needs --tfds_name", *ONE, "--source=tfds", out)
        hq = (*ONE, "--source=celebahq", out)
        self.refuse("celebahq needs --source_dir", *hq)
        hq = (*hq, "--source_dir=.")
        self.refuse("--on_mismatch=skip needs --delta_dir", *hq,
                    "--on_mismatch=skip")  # fmt: skip
        self.refuse("fail stops where --on_error=skip goes on", *hq,
                    "--delta_dir=.", "--on_mismatch=fail",
                    "--on_error=skip")  # fmt: skip
        self.refuse("cannot read absent/image_list.txt: .*deltas", *hq,
                    "--delta_dir=absent")  # fmt: skip
        self.refuse("lsun takes no --labels", *ONE, "--source=lsun", out,
                    "--source_dir=.", "--labels=none")  # fmt: skip
        self.refuse("images takes no --tfds_name", *ONE, "--source=images",
                    out, "--source_dir=.", "--tfds_name=mnist")  # fmt: skip
        self.refuse("is no file; name the .h5", *ONE, "--source=hdf5", out,
                    "--source_dir=.")  # fmt: skip


class OddImagesTest(tool.ToolTestCase):
    """Whatever people have in their folders, through `--source=images`."""

    args = (*ONE, "--source=images", "--source_dir=photos", "--resolution=4",
            "--noshuffle")  # fmt: skip

    def setUp(self) -> None:
        super().setUp()
        (self.cwd / "photos").mkdir()

    def path(self, name: str) -> pathlib.Path:
        path = self.cwd / "photos" / name
        path.parent.mkdir(exist_ok=True)
        return path

    def build(self, *args: str) -> dict[str, np.ndarray]:
        """Images by the names of their files."""
        self.call(*self.args, *args, "--out_dir=out", "--overwrite")
        dataset = datasets.open_dataset(self.cwd / "out")
        found = dataset.read(4, np.arange(dataset.num_images))
        bad = str((dataset.manifest or {}).get("skipped"))
        root = self.cwd / "photos"
        names = sorted(
            name
            for path in root.rglob("*.*")
            if (name := str(path.relative_to(root))) not in bad
            and "/." not in f"/{name}"
        )
        return dict(zip(names, found, strict=True))

    def test_all_kinds_become_rgb(self) -> None:
        gray = Image.new("L", (6, 6), 90)
        color = Image.new("RGB", (6, 6), (90, 60, 30))
        deep = Image.fromarray(np.full((6, 6), 90 * 257, np.uint16))
        clear = Image.new("RGBA", (6, 6), (1, 2, 3, 0))
        gray.save(self.path("gray.png"))
        gray.convert("LA").save(self.path("gray-alpha.png"))
        gray.convert("1", dither=Image.Dither.NONE).save(self.path("bits.png"))
        color.save(self.path("color.png"))
        color.convert("RGBA").save(self.path("opaque.webp"), lossless=True)
        clear.save(self.path("clear.png"))
        color.quantize(4).save(self.path("palette.png"))
        color.convert("CMYK").save(self.path("print.tif"))
        deep.save(self.path("deep.png"))
        deep.save(self.path("deep.tif"))
        part = np.full((6, 6), 90 / 255, np.float32)
        Image.fromarray(part).save(self.path("float.tif"))
        expected = {
            **dict.fromkeys(["color.png", "opaque.webp", "palette.png"], 1),
            **dict.fromkeys(["gray.png", "gray-alpha.png"], (90, 90, 90)),
            **dict.fromkeys(["deep.png", "deep.tif"], (90, 90, 90)),
            "print.tif": (90, 60, 30),
            "float.tif": (90, 90, 90),
            "bits.png": (0, 0, 0),
            "clear.png": (255, 255, 255),
        }
        found = self.build()
        self.assertCountEqual(found, expected)
        for name, value in expected.items():
            value = (90, 60, 30) if value == 1 else value
            pixels = np.broadcast_to(value, (4, 4, 3))
            self.assertAllClose(found[name], pixels, rtol=0, atol=1, msg=name)

    def test_turned_animated_and_deeper(self) -> None:
        halves = np.zeros((8, 8, 3), np.uint8)
        halves[:, 4:] = 200  # bright on the right
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise by a quarter
        Image.fromarray(halves).save(self.path("turned.png"), exif=exif)
        first, second = Image.new("L", (8, 8), 70), Image.new("L", (8, 8), 9)
        first.save(self.path("moves.gif"), save_all=True,
                   append_images=[second])  # fmt: skip
        first.save(self.path("sub folder/Ünï 😀.PNG"))
        self.path(".hidden.png").write_text("no image")
        self.path(".cache/1.png").write_text("no image")
        found = self.build()
        names = ["moves.gif", "sub folder/Ünï 😀.PNG", "turned.png"]
        self.assertCountEqual(found, names)
        for name in names[:2]:
            self.assertAllEqual(found[name], np.full((4, 4, 3), 70))
        self.assertAllEqual(found["turned.png"][:, 1, 0], [0, 0, 200, 200])

    def test_not_square(self) -> None:
        bands = np.repeat(np.arange(4, dtype=np.uint8) * 80, 4)
        Image.fromarray(np.tile(bands, (8, 1))).save(self.path("wide.png"))
        rows = {
            crop: self.build(f"--crop={crop}")["wide.png"][..., 0]
            for crop in ("center", "none", "pad")
        }
        self.assertAllEqual(rows["center"][2], [80, 80, 160, 160])
        self.assertAllEqual(rows["none"][2], [0, 80, 160, 240])
        self.assertAllEqual(rows["pad"][2], [0, 80, 160, 240])
        self.assertAllEqual(rows["pad"][0], [0, 0, 0, 0])
        nearest = self.build("--crop=none", "--resize_filter=nearest")
        self.assertAllEqual(nearest["wide.png"][0, :, 0], [0, 80, 160, 240])

    def test_bad_files_stop_or_are_skipped(self) -> None:
        good = Image.effect_noise((64, 64), 50)
        good.save(self.path("good.jpg"))
        data = self.path("good.jpg").read_bytes()
        bad = {
            "cut.jpg": (data[: len(data) // 2], "is truncated or damaged"),
            "empty.jpg": (b"", "is empty"),
            "page.png": (b"<html>404</html>", "is no image of a known format"),
        }
        for name, (content, message) in bad.items():
            self.path(name).write_bytes(content)
            # Also by the real script, which names file and way out.
            self.refuse(f"photos/{name} {message}", *self.args, "--out_dir=x")
            shutil.rmtree(self.cwd / "x")
            self.path(name).unlink()
        for name, (content, _) in bad.items():
            self.path(name).write_bytes(content)
        self.path("link.png").symlink_to("/absent")
        bad["link.png"] = (b"", "")
        self.fail_with(
            "photos/cut.jpg is trunc.*; mend it, or .* by --on_error=skip",
            *self.args, "--out_dir=x", "--workers=2",
        )  # fmt: skip
        output = self.succeed(
            *self.args, "--out_dir=skipped", "--on_error=skip"
        )
        for name, (_, message) in bad.items():
            self.assertRegex(output, f"skipped +.*photos/{name}:? ?{message}")
        self.assertRegex(output, "images +1\n")
        self.path("good.jpg").unlink()
        self.refuse(
            "none of the 4 images can be used: photos/cut.jpg",
            *self.args, "--out_dir=none", "--on_error=skip",
        )  # fmt: skip
