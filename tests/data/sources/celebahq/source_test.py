"""Tests of both ways to CelebA-HQ."""

import pickle
import shutil
import zipfile

import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data.sources import source as source_module
from pgan_tf.data.sources.celebahq import source as celebahq
from tests import common
from tests.data.sources import published


class ReadyMadeTest(common.TestCase):
    def test_order_is_that_of_the_numbers(self) -> None:
        folder = self.folder()
        with zipfile.ZipFile(folder / "a.zip", "w") as file:
            for number in (0, 1, 2, 10, 11, 100):
                pixels = np.full((8, 8, 3), number, np.uint8)
                name = f"CelebA-HQ-img/{number}.jpg"
                file.writestr(name, published.jpeg(pixels))
        source = celebahq.ReadyMade(folder / "a.zip", 4)
        values = [source.image(index)[0, 0, 0] for index in range(len(source))]
        self.assertAllEqual(values, [0, 1, 2, 10, 11, 100])
        source = celebahq.ReadyMade(folder / "a.zip", 4, num_images=4)
        self.assertAllEqual(source.image(3), np.full((4, 4, 3), 10))

    def test_labels(self) -> None:
        folder = self.folder()
        for number in (2, 10):
            Image.new("L", (8, 8), number).save(folder / f"imgHQ{number}.png")
        path = folder / "list_attr_celeba.txt"
        path.write_text("2\nA B\nimgHQ10.png 1 -1\nimgHQ2.png -1 1\n")
        source = celebahq.ReadyMade(folder, 8)
        self.assertAllEqual(source.image(0), np.full((8, 8, 3), 2))
        self.assertAllEqual(source.label(0), [0, 1])

    def test_other_images_are_refused(self) -> None:
        folder = self.folder()
        Image.new("RGB", (16, 16)).save(folder / "1.png")
        Image.new("RGB", (32, 31)).save(folder / "2.png")
        source = celebahq.ReadyMade(folder, 32)
        with self.assertRaisesRegex(
            errors.UserError,
            "1.png has 16x16 pixels, not 1024x1024 .* need --delta_dir",
        ):
            source.image(0)
        with self.assertRaisesRegex(errors.UserError, "2.png has 32x31 pixels"):
            source.image(1)


class FromDeltasTest(common.TestCase):
    def test_original_images(self) -> None:
        folder = self.folder()
        images = published.write_celebahq(folder)
        source = celebahq.FromDeltas(
            folder / "photos", folder / "deltas", 1024, keep_mismatches=False
        )
        self.assertLen(source, 2)
        # So that blocks take seconds, whatever the resolution.
        self.assertIsInstance(source, source_module.Slow)
        self.assertAllEqual(source.image(0), images[0])
        # As it travels to the workers.
        source = pickle.loads(pickle.dumps(source))
        self.assertAllEqual(source.image(1), images[1])
        self.assertEqual(
            source.options(), {"source_dir": "photos", "delta_dir": "deltas"}
        )

    def test_smaller_with_labels(self) -> None:
        folder = self.folder()
        images = published.write_celebahq(folder)
        path = folder / "photos" / "list_attr_celeba.txt"
        path.write_text("2\nA B\n000003.jpg 1 -1\n000004.jpg -1 1\n")
        source = celebahq.FromDeltas(
            folder / "photos", folder / "deltas", 4, num_images=1
        )
        self.assertLen(source, 1)
        boxes = images[0].reshape(4, 256, 4, 256, 3).mean(axis=(1, 3))
        self.assertAllEqual(source.image(0), np.rint(boxes))
        self.assertAllEqual(source.label(0), [0, 1])

    def test_photos_are_not_turned(self) -> None:
        folder = self.folder()
        images = published.write_celebahq(folder, 1)
        # EXIF data that ask for a half turn; the pixels stay as they are.
        path = folder / "photos" / "000002.jpg"
        data = path.read_bytes()
        exif = Image.Exif()
        exif[0x0112] = 3
        segment = b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0")
        size = (len(segment) + 2).to_bytes(2, "big")
        turned = data[:2] + b"\xff\xe1" + size + segment + data[2:]
        path.write_bytes(turned)
        with Image.open(path) as image:
            self.assertEqual(image.getexif()[0x0112], 3)
        base = published.aligned(turned)
        delta = (images[0] - base).transpose(2, 0, 1).tobytes()
        with zipfile.ZipFile(folder / "deltas/deltas00000.zip", "w") as file:
            secret = published.encrypted(delta, turned, "000002.jpg")
            file.writestr("delta00000.dat", secret)
        source = celebahq.FromDeltas(
            folder / "photos", folder / "deltas", 1024, keep_mismatches=False
        )
        self.assertAllEqual(source.image(0), images[0])

    def test_mismatch(self) -> None:
        folder = self.folder()
        images = published.write_celebahq(folder, 1)
        path = folder / "deltas" / "image_list.txt"
        path.write_text(path.read_text()[:-3] + "xyz")
        folders = (folder / "photos", folder / "deltas")
        source = celebahq.FromDeltas(*folders, 1024)
        self.assertAllEqual(source.image(0), images[0])
        self.assertFalse(source.original(0)[1])
        source = celebahq.FromDeltas(*folders, 1024, keep_mismatches=False)
        with self.assertRaisesRegex(
            errors.UserError, "image 0 of 000002.jpg is not bit for bit"
        ):
            source.image(0)

    def test_bad_files(self) -> None:
        folder = self.folder()
        published.write_celebahq(folder, 1)
        folders = (folder / "photos", folder / "deltas")

        def refuse(message: str) -> None:
            with self.assertRaisesRegex(errors.UserError, message):
                celebahq.FromDeltas(*folders, 1024)

        path = folder / "photos" / "list_landmarks_celeba.txt"
        text = path.read_text()
        path.write_text(text.replace("22 30", "22"))
        refuse("celeba.txt, line 3 is no file with ten numbers: '000002")
        path.write_text(text.replace("000002", "000009"))
        refuse("list_landmarks_celeba.txt has no row of '000002.jpg'")
        path.unlink()
        refuse("no list_landmarks_celeba.txt in --source_dir=.* nor in")
        # It may lie with the deltas as well.
        (folder / "deltas" / path.name).write_text(text)
        celebahq.FromDeltas(*folders, 1024)
        photos = folder / "photos"
        shutil.move(photos / "000002.jpg", photos / "000001.jpg")
        refuse("lacks 1 of the 1 photos .*, such as 000002.jpg")
