"""Tests of dataset_tool.py as a user runs it."""

import contextlib
import io
import os
import pathlib
import re
import shutil
from unittest import mock

from PIL import Image

from pgan_tf.base import locks
from pgan_tf.commands.dataset import source_flags, verbs
from pgan_tf.data.format import datasets
from tests import common
from tests.commands.dataset import tool
from tests.data.sources import published

VERBS = ("create", "info", "display", "verify", "extract", "compare")


class DatasetToolTest(tool.ToolTestCase):
    def photos(self) -> pathlib.Path:
        folder = self.cwd / "photos"
        folder.mkdir()
        for index in range(3):
            image = Image.effect_noise((90, 70), 50 + index)
            image.save(folder / f"{index}.jpg")
        return folder

    def test_create_info_display(self) -> None:
        cache = self.cache_folder()
        output = self.succeed(
            "create", "--source=faces", "--resolution=16",
            "--num_images=30", "--out_dir=datasets/faces16",
        )  # fmt: skip
        self.assertIn("30", output)
        dataset = datasets.open_dataset(self.cwd / "datasets" / "faces16")
        self.assertEqual(dataset.num_images, 30)
        self.assertEqual(dataset.resolution, 16)
        output = self.succeed("info", "datasets/faces16")
        self.assertIn("16x16, 3 channels", output)
        output = self.succeed("info", "datasets/faces16", "--json")
        self.assertIn('"sha256"', output)
        output = self.succeed("display", "datasets/faces16", "--count=6")
        # It is only to be seen: nothing of it lies here.
        path = cache / "pgan_tf" / "sheets" / "faces16.png"
        self.assertIn(f"6 images to {path}\n", output)
        self.assertEqual([p.name for p in self.cwd.iterdir()], ["datasets"])
        self.assertRegex(output, "row 2, column 3: .+")
        self.assertEqual(Image.open(path).size, (3 * 256, 2 * 256))
        self.succeed("display", "datasets/faces16", "--out=new/sheet.png",
                     "--count=3", "--resolution=8")  # fmt: skip
        sheet = Image.open(self.cwd / "new" / "sheet.png")
        self.assertEqual(sheet.size, (3 * 512, 512))

    def test_folders_that_could_be_labels_are_mentioned(self) -> None:
        for name in ("cats", "dogs"):
            (self.cwd / "pets" / name).mkdir(parents=True)
            image = Image.new("L", (8, 8))
            image.save(self.cwd / "pets" / name / "1.png")
        command = ("create", "--source=images",
                   f"--source_dir={self.cwd}/pets", "--resolution=4",
                   "--workers=1", "--overwrite",
                   f"--out_dir={self.cwd}/out")  # fmt: skip
        outputs = {}
        for labels in ([], ["--labels=none"], ["--labels=folders"]):
            args = verbs.SCRIPT.parse([*command, *labels])
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                verbs.SCRIPT.run(args)
            outputs[" ".join(labels)] = stream.getvalue()
        self.assertIn("with --labels=folders", outputs[""])
        self.assertNotIn("--labels=folders", outputs["--labels=none"])
        self.assertNotIn("with --labels", outputs["--labels=folders"])
        self.assertIn("cats (1), dogs (1)", outputs["--labels=folders"])

    def test_create_from_published_files(self) -> None:
        published.write_mnist(self.cwd)
        create = ("create", "--source_dir=.", "--workers=1")
        output = self.succeed(*create, "--source=mnist", "--out_dir=a")
        self.assertIn("32x32, 1 channels", output)
        self.assertIn("10 onehot: 0 (1), 1 (1)", output)
        rgb = (*create, "--source=mnistrgb", "--max_images=20")
        output = self.succeed(*rgb, "--out_dir=b", "--seed=7")
        self.assertIn("num_images=20 seed=7 shuffle=None", output)
        self.assertIn("32x32, 3 channels", output)
        published.write_cifar10(self.cwd)
        output = self.succeed(*create, "--source=cifar10", "--out_dir=c")
        self.assertIn("class9 (4)", output)
        published.write_cifar100(self.cwd)
        args = ("--source=cifar100", "--split=test", "--out_dir=d")
        self.assertIn("class99 (1)", self.succeed(*create, *args))
        published.write_svhn(self.cwd)
        output = self.succeed(*create, "--source=svhn", "--out_dir=e")
        self.assertIn("0 (2), 1 (1)", output)

    def test_verify_extract_compare(self) -> None:
        golden = common.GOLDEN_DIR / "tfrecords"
        output = self.succeed("verify", golden)
        self.assertIn("is whole: 24 images at 4 levels", output)
        output = self.succeed("extract", golden, "--out_dir=png", "--count=3")
        self.assertIn("wrote 3 images to png", output)
        self.assertLen(list((self.cwd / "png").glob("*.png")), 3)
        self.assertIn("identical", self.succeed("compare", golden, golden))

        shutil.copytree(golden, self.cwd / "copy")
        file = self.cwd / "copy" / "tfrecords-r04.tfrecords"
        data = bytearray(file.read_bytes())
        data[-9] ^= 4
        file.write_bytes(data)
        self.fail_with("copy is damaged .faults: 1", "verify", "copy")
        self.fail_with(
            "tfrecords-r04.tfrecords: record 23 is damaged",
            "compare", golden, "copy",
        )  # fmt: skip
        file.write_bytes(data[:-100])
        self.fail_with("r04.tfrecords is truncated", "verify", "copy")
        file.unlink()
        self.fail_with("level .* is missing: .*r04", "verify", "copy")

    def test_shards(self) -> None:
        make = ("create", "--source=faces", "--resolution=8")
        make += ("--num_images=10",)
        self.succeed(*make, "--out_dir=one")
        output = self.succeed(*make, "--out_dir=many", "--num_shards=3")
        self.assertRegex(output, r"shards +3")
        self.assertIn("identical", self.succeed("compare", "one", "many"))
        self.assertIn("10 images", self.succeed("verify", "many"))
        self.succeed("display", "many", "--out=many.png")
        for name in ("one", "many"):
            self.succeed("extract", name, f"--out_dir=png/{name}")
        files = {path.name for path in (self.cwd / "png/many").iterdir()}
        self.assertLen(files, 11)
        for file in files:
            one, many = (self.cwd / "png" / each / file for each in
                         ("one", "many"))  # fmt: skip
            self.assertEqual(one.read_bytes(), many.read_bytes())

    def test_two_at_once(self) -> None:
        with locks.hold(self.cwd / "out", "--out_dir", "create"):
            self.fail_with(
                "another `create` is writing to --out_dir=out",
                *("create", "--source=faces", "--out_dir=out"),
            )

    def test_create_from_images(self) -> None:
        folder = self.photos()
        rows = ["file,big,red", "0.jpg,0,1", "1.jpg,1,1", "2.jpg,0,0"]
        (folder / "labels.csv").write_text("\n".join(rows))
        output = self.succeed(
            "create", "--source=images", f"--source_dir={folder}",
            "--resolution=32", "--out_dir=out", "--workers=1",
            "--label_attributes=red",
        )  # fmt: skip
        self.assertIn("1 multihot: red (2)", output)
        dataset = datasets.open_dataset(self.cwd / "out")
        self.assertEqual((dataset.num_images, dataset.resolution), (3, 32))

    def test_help_is_instant_and_has_examples(self) -> None:
        for args in (["--help"], ["create", "-h"], ["verify", "--help"]):
            start = os.times().children_user
            output = self.succeed(*args)
            # Half a second; importing TensorFlow takes several. That of the
            # processor, as the machine may be busy.
            self.assertLess(os.times().children_user - start, 2)
            self.assertIn("dataset", output)
        self.assertIn("example", output)

    def test_examples_and_documents_hold_commands_that_parse(self) -> None:
        text = (common.ROOT / "docs" / "datasets.md").read_text()
        for verb in VERBS:
            stream = io.StringIO()
            with contextlib.redirect_stdout(stream):
                with self.assertRaises(SystemExit):
                    verbs.SCRIPT.parse([verb, "--help"])
            self.assertIn(
                f"  python dataset_tool.py {verb} ", stream.getvalue()
            )
            text += stream.getvalue()
        commands = re.findall(
            r"^ *python dataset_tool.py (.*)", text.replace("\\\n", ""), re.M
        )
        self.assertGreater(len(commands), 20)
        found = {verbs.SCRIPT.parse(each.split()).verb for each in commands}
        self.assertEqual(found, set(VERBS))
        # Every source is documented by a command.
        for each in source_flags.FLAGS_OF:
            self.assertIn(f"dataset_tool.py create --source={each} ", text)

    def test_bad_flags(self) -> None:
        out = "--out_dir=out"
        faces = "--source=faces"
        self.fail_with("VERB")
        self.refuse("unknown verb 'destroy'", "destroy")
        self.refuse(
            "--source=cats: must be one of celeba, ",
            "create",
            "--source=cats",
            out,
        )
        self.refuse("--out_dir", "create", faces)
        self.refuse("--colour", "create", faces, out, "--colour=red")
        # No abbreviations: scripts would break with the next flag.
        self.refuse("--reso", "create", faces, out, "--reso=32")
        for value in ("48", "2", "2048", "-4", "0"):
            self.refuse(
                f"--resolution={value}: must be a power of two",
                "create", faces, out, f"--resolution={value}",
            )  # fmt: skip
        for flag in ("--resolution", "--workers", "--seed", "--num_images"):
            self.refuse(
                f"{flag}=many: must be a whole number",
                "create", faces, out, f"{flag}=many",
            )  # fmt: skip
        self.refuse(
            "--num_images=0: must be 1 or more",
            "create",
            faces,
            out,
            "--num_images=0",
        )

    def test_bad_sources(self) -> None:
        create = ("create", "--resolution=32", "--out_dir=out")
        images = (*create, "--source=images")
        self.fail_with("needs --source_dir", *images)
        self.fail_with("no such folder.*absent", *images, "--source_dir=absent")
        (self.cwd / "empty").mkdir()
        self.fail_with("no images in empty", *images, "--source_dir=empty")
        self.fail_with(
            "takes no --source_dir",
            *create, "--source=faces", "--source_dir=empty",
        )  # fmt: skip
        out = "--out_dir=out"
        self.fail_with(
            "mnist needs --source_dir", "create", "--source=mnist", out
        )
        published.write_mnist(self.cwd)
        mnist = ("create", "--source=mnist", "--source_dir=.", out)
        self.fail_with("images of 32 pixels", *mnist, "--resolution=64")
        self.fail_with("has no --split=extra", *mnist, "--split=extra")
        self.fail_with("mnist takes no --crop", *mnist, "--crop=pad")
        folder = self.photos()
        self.fail_with(
            "0.jpg has 90x70 pixels",
            *create, "--source=celeba", f"--source_dir={folder}",
        )  # fmt: skip

    def test_truncated_jpeg_is_named(self) -> None:
        folder = self.photos()
        file = folder / "1.jpg"
        file.write_bytes(file.read_bytes()[:900])
        args = ("create", "--source=images", f"--source_dir={folder}",
                "--resolution=32", "--out_dir=out")  # fmt: skip
        self.fail_with("1.jpg is truncated", *args)
        self.fail_with("not finished", "info", "out")
        file.write_text("not an image at all")
        self.fail_with("1.jpg is no image", *args)
        output = self.succeed(
            *args, "--on_error=skip", "--crop=pad", "--channels=gray"
        )
        self.assertRegex(output, "skipped +.*1.jpg is no image of a known")
        self.assertRegex(output, "skipped +1 image, see dataset.json")
        self.assertRegex(output, "images +2\n")
        self.assertIn("32x32, 1 channels", output)
        self.assertIn("crop=pad", output)

    def test_bad_datasets(self) -> None:
        for verb in ("info", "display", "verify", "extract --out_dir=x"):
            self.fail_with(
                "no such dataset folder: absent", *verb.split(), "absent"
            )
        golden = common.GOLDEN_DIR / "tfrecords"
        self.fail_with("dataset.json", "info", golden, "--json")
        self.fail_with(
            "--resolution=64 is more than the 32",
            "display", golden, "--resolution=64",
        )  # fmt: skip
        self.fail_with("--out=a.jpg: name a .png file",
                       "display", golden, "--out=a.jpg")  # fmt: skip
        with mock.patch.dict(os.environ, {"XDG_CACHE_HOME": "/dev/null"}):
            self.fail_with("or name the sheet with --out=", "display", golden)
        self.assertEmpty(list(self.cwd.iterdir()))
