"""Labels and pixels on their way through dataset_tool.py."""

import contextlib
import io
import json
import zipfile
from unittest import mock

import numpy as np
from PIL import Image

from pgan_tf.base import streams
from pgan_tf.commands.dataset import create
from pgan_tf.data.format import datasets
from tests.commands.dataset import tool
from tests.data.sources import published, raw_pictures

CREATE = (
    "create", "--source=images", "--source_dir=photos", "--resolution=4",
    "--workers=1", "--noshuffle", "--out_dir=out",
)  # fmt: skip


class ValuesTest(tool.ToolTestCase):
    def setUp(self) -> None:
        super().setUp()
        narrow = mock.patch.object(streams, "width", return_value=80)
        self.enter_context(narrow)

    def photos(self, *names: str) -> None:
        """Small images; each another shade."""
        for shade, name in enumerate(names):
            path = self.cwd / "photos" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (4, 4), shade).save(path)

    def table(self, text: str, name: str = "labels.csv") -> None:
        (self.cwd / "photos" / name).write_text(text)

    def test_celebas_attributes_from_a_csv(self) -> None:
        self.photos("1.png", "2.png", "3.png")
        self.table("image_id,Bald,Male\n1.png,-1,1\n2.png,-1,-1\n3.png,1,1\n")
        told = self.call(*CREATE)
        self.assertIn("2 multihot: Bald (1), Male (2)", told)
        self.assertIn("became 0 and 1", told)
        self.assertNotIn("ignored", told)
        dataset = datasets.open_dataset(self.cwd / "out")
        self.assertAllEqual(dataset.labels, [[0, 1], [0, 0], [1, 1]])
        self.assertIn("became 0 and 1", self.call("info", "out"))
        self.call("verify", "out")

    def test_values_are_called_so(self) -> None:
        self.photos("1.png", "2.png")
        self.table("file,yaw,pitch\n1.png,0.25,-3\n2.png,0.5,71.5\n")
        for told in (self.call(*CREATE), self.call("info", "out")):
            self.assertIn(
                "2 values: yaw (from 0.25 to 0.5), pitch (from -3 to 71.5)",
                told,
            )
        dataset = datasets.open_dataset(self.cwd / "out")
        self.assertEqual(dataset.manifest["labels"]["kind"], "values")
        self.call("verify", "out")

    def test_verify_sees_labels_that_are_not_as_told(self) -> None:
        self.photos("1.png", "2.png")
        self.table("file,yaw,pitch\n1.png,0.25,-3\n2.png,0.5,71.5\n")
        self.call(*CREATE)
        file = self.cwd / "out" / "dataset.json"
        manifest = json.loads(file.read_text())
        for kind in ("onehot", "multihot", "no such kind"):
            manifest["labels"]["kind"] = kind
            file.write_text(json.dumps(manifest))
            self.refuse("is damaged .faults: 1", "verify", "out")
            self.assertIn("2 values:", self.call("info", "out"))

    def test_some_images_of_sorted_classes(self) -> None:
        names = [f"{c}/{i}.png" for c in "abcdefghij" for i in range(6)]
        self.photos(*names)
        with zipfile.ZipFile(self.cwd / "photos.zip", "w") as file:
            for name in names:
                file.write(self.cwd / "photos" / name, name)
        rows = [[name, "abcdefghij".index(name[0])] for name in names]
        self.table(json.dumps({"labels": rows}), "dataset.json")
        for source in (
            ("--labels=folders",),
            ("--labels=dataset.json",),
            ("--labels=folders", "--source_dir=photos.zip"),
        ):
            told = self.call(*CREATE, *source, "--num_images=20", "--overwrite")
            self.assertIn("20 of 60 images, of each class in proport", told)
            dataset = datasets.open_dataset(self.cwd / "out")
            self.assertAllEqual(dataset.labels.sum(axis=0), np.full(10, 2))
            self.assertAllEqual(
                dataset.read(4, np.arange(20))[:, 0, 0, 0],
                [6 * c + i for c in range(10) for i in range(2)],
            )

    def test_some_images_of_published_classes(self) -> None:
        (self.cwd / "cifar").mkdir()
        published.write_cifar10(self.cwd / "cifar")
        told = self.call(
            "create", "--source=cifar10", "--source_dir=cifar",
            "--num_images=10", "--workers=1", "--out_dir=out",
        )  # fmt: skip
        self.assertIn("10 of 35 images, of each class in proportion", told)
        dataset = datasets.open_dataset(self.cwd / "out")
        self.assertAllEqual(dataset.labels.sum(axis=0), np.ones(10))

    def test_what_is_left_out_is_told(self) -> None:
        self.photos("1.png", "2.JPG", "sub/3.jfif")
        for name in ("a.HEIC", "b.txt", ".DS_Store", "._1.png"):
            self.table("nothing", name)
        (self.cwd / "photos" / "sub" / "again").symlink_to("..")
        for told in (self.call(*CREATE), self.call("info", "out")):
            self.assertRegex(told, r"\nimages +3\n")
            self.assertRegex(
                told,
                r"\nignored +1 .HEIC, 1 .txt, 2 hidden, 1 linked folders that "
                r"were read already \(convert .HEIC to .png or .jpg",
            )

    def test_enlarged_and_few_images_are_told(self) -> None:
        self.photos(*(f"{i:02}.png" for i in range(20)))
        Image.new("RGB", (3, 9)).save(self.cwd / "photos" / "07.png")
        told = self.call(*CREATE)
        row = (
            "enlarged    1 of 20 images were smaller than 4x4 and were enlarged"
        )
        self.assertIn(f"\n{row}\n", told)
        self.assertIn(f"\n{row}\n", self.call("info", "out"))
        hints = told[told.index("hint") :].splitlines()
        expected = [
            "hint        20 images are few: a training from nothing wants"
            " 5,000 or more, else",
            "            it draws copies of them. Add images; train with"
            " --mirror_augment, or",
            "            from a trained network (--init_from); look for copies"
            " with",
            "            evaluate.py --metrics=nn",
        ]
        self.assertEqual(hints, expected)
        # Of a tenth or more it is said what that does.
        Image.new("RGB", (9, 3)).save(self.cwd / "photos" / "08.png")
        told = self.call(*CREATE, "--overwrite")
        self.assertIn("enlarged    2 of 20 images", told)
        self.assertIn(
            "hint        enlarged images are blurred, and fakes will be as"
            " blurred; a lower\n            --resolution enlarges fewer\n",
            told,
        )

    def test_no_hints_without_a_reason(self) -> None:
        self.photos("1.png")
        with mock.patch.object(create, "FEW_IMAGES", 1):
            told = self.call(*CREATE)
        self.assertNotIn("hint", told)
        self.assertNotIn("enlarged", told)
        # Those that are drawn by the tool are as many as was said.
        told = self.call(
            "create", "--source=faces", "--num_images=2", "--resolution=4",
            "--out_dir=faces", "--workers=1",
        )  # fmt: skip
        self.assertNotIn("hint", told)

    def test_the_look_at_all_images_has_a_bar(self) -> None:
        self.photos("1.png")
        self.table("no picture", "2.png")
        with contextlib.redirect_stderr(io.StringIO()) as shown:
            told = self.call(*CREATE, "--on_error=skip")
        # In a pipe it is a line, see `base.progress`.
        self.assertStartsWith(shown.getvalue(), "checking: 2 img in ")
        self.assertIn("skipped     1 image, see dataset.json", told)

    def test_zip_made_on_windows(self) -> None:
        self.photos("1.png", "2.png")
        with zipfile.ZipFile(self.cwd / "w.zip", "w") as file:
            for name in ("1", "2"):
                file.write(self.cwd / f"photos/{name}.png", f"a\\{name}.png")
            rows = [["a/1.png", 1], ["a\\2.png", 0]]
            file.writestr("a\\dataset.json", json.dumps({"labels": rows}))
        self.call(*CREATE, "--source_dir=w.zip")
        labels = datasets.open_dataset(self.cwd / "out").labels
        self.assertAllEqual(labels, [[0, 1], [1, 0]])

    def test_pixel_range(self) -> None:
        self.photos("1.png")
        samples = np.linspace(0, 4095, 16).astype(np.uint16).reshape(4, 4)
        data = raw_pictures.tiff(samples)
        (self.cwd / "photos" / "2.tif").write_bytes(data)
        self.refuse(r"2.tif has .*--pixel_range=0,4095", *CREATE)
        told = self.call(*CREATE, "--pixel_range=0,4095")
        self.assertIn("pixel_range=0,4095", told)
        images = datasets.open_dataset(self.cwd / "out").read(4, np.arange(2))
        self.assertAllEqual(images[0], np.zeros((4, 4, 3)))
        self.assertAllEqual(images[1, ..., 0].ravel(), np.arange(16) * 17)
        for bad in ("4095", "0,x", "5,5", "9,0", "0,nan", "0,inf", "1,2,3", ""):
            self.refuse("pixel_range.*must be", *CREATE, f"--pixel_range={bad}")

    def test_a_column_of_attributes_comes_back(self) -> None:
        self.photos("1.png", "2.png", "3.png")
        self.table("file,hat\n1.png,1\n2.png,0\n3.png,1\n")
        make = (*CREATE, "--label_attributes=hat")
        self.assertIn("1 multihot: hat (2)", self.call(*make))
        self.call("extract", "out", "--out_dir=back")
        self.call(*make, "--source_dir=back", "--out_dir=again")
        self.call("compare", "out", "again")

    def test_names_of_any_bytes(self) -> None:
        odd = ["new\nline", "[a]*?", 'it\'s "b"', "a b", "%s{0}", "\udcff"]
        self.photos(*(f"{each}/{each}.png" for each in odd))
        told = self.call(*CREATE, "--labels=folders")
        lines = told.splitlines()
        self.assertLen([each for each in lines if "6 onehot" in each], 1)
        for each in odd[1:]:
            name = self.cwd / "photos" / each / f"{each}.png"
            name.write_bytes(b"damaged")
        again = (*CREATE, "--labels=folders", "--overwrite")
        self.refuse("no image", *again)
        told = self.call(*again, "--on_error=skip")
        skipped = [x for x in told.splitlines() if x.startswith("skipped ")]
        self.assertLen(skipped, 6)  # and how many there are
        self.assertIn("images      1\n", told)
        self.assertEqual(told.encode().decode(), told)
