"""generate.py import and export as a user runs them."""

import pathlib
from unittest import mock

import numpy as np

import pgan_tf
from pgan_tf.networks import export, export_formats
from tests import common, small_run
from tests.commands.generate import generate_case

PICKLE = common.GOLDEN_DIR / "ref_snapshot.pkl"


class ImportTest(generate_case.GenerateCase):
    def test_nvidias_network_and_its_pictures(self):
        output = self.succeed("import", f"--network={PICKLE}", "--out=Gs.keras")
        self.assertEqual(
            output,
            "wrote Gs.keras: a generator of 32x32 images with 3 channels at "
            "lod 0, latents of size 32\n",
        )
        golden = common.golden("ref_snapshot")
        np.save(self.cwd / "z.npy", golden["latents"])
        expected = common.nhwc(golden["Gs_out_uint8"]).astype(int)
        for network in (PICKLE, "Gs.keras"):
            self.call(
                *("images", f"--network={network}", "--latents=z.npy"),
                "--out=pictures",
            )
            for i in range(4):
                found = self.pixels(f"pictures/latent{i:04d}.png")
                self.assertLessEqual(np.abs(found - expected[i]).max(), 1)

    def test_mistakes(self):
        torn = self.cwd / "torn.pkl"
        torn.write_bytes(PICKLE.read_bytes()[:5000])
        self.refuse(
            "torn.pkl: no pickle, or a torn",
            *("import", f"--network={torn}", "--out=a.keras"),
        )
        self.refuse(
            "none.pkl: no such file",
            *("import", "--network=none.pkl", "--out=a.keras"),
        )
        self.refuse(
            "--out=a.pkl: name a .keras file",
            *("import", f"--network={PICKLE}", "--out=a.pkl"),
        )
        self.refuse(
            "/proc/none: cannot make this folder",
            *("import", f"--network={PICKLE}", "--out=/proc/none/a.keras"),
        )
        self.assertEqual([p.name for p in self.cwd.iterdir()], ["torn.pkl"])


class ExportTest(generate_case.GenerateCase):
    def test_every_format(self):
        run_dir = small_run.make(self.cwd, label_size=2)
        self.assertEqual(pgan_tf.load(run_dir).label_size, 2)
        for name, format_ in export_formats.FORMATS.items():
            out = f"models/of_{name}{format_.suffix}"
            output = self.call(
                *("export", f"--network={run_dir}", f"--format={name}"),
                *(f"--out={out}", "--lod=1.5", "--uint8"),
            )
            self.assertRegex(output, f"^wrote {out}: run once, .* [01] of 255")
            self.assertTrue((self.cwd / out).exists())
        self.assertLen(list((self.cwd / "models").iterdir()), 4)

    def test_every_flag_arrives(self):
        run_dir = small_run.make(self.cwd)
        for flags, expected in (
            (("--lod=1.5", "--uint8"), (1.5, True)),
            ((), (None, False)),
        ):
            with mock.patch.object(
                export, "export", return_value=0.0
            ) as exported:
                self.call(
                    *("export", f"--network={run_dir}", "--format=onnx"),
                    *("--out=a.onnx", *flags),
                )
            _, name, path, *others = exported.call_args.args
            self.assertEqual((name, path), ("onnx", pathlib.Path("a.onnx")))
            self.assertEqual(tuple(others), expected)

    def test_the_script(self):
        output = self.succeed(
            *("export", f"--network={PICKLE}", "--format=onnx"),
            "--out=a.onnx",
        )
        self.assertStartsWith(output, "wrote a.onnx: run once, its images")

    def test_mistakes(self):
        (self.cwd / "full").mkdir()
        (self.cwd / "full" / "file").touch()
        for message, *args in (
            ("--out=a.keras: name a .onnx", "--format=onnx", "--out=a.keras"),
            ("full: is there already", "--format=savedmodel", "--out=full"),
            ("--out=full: is a folder|name a .onnx", "--format=onnx",
             "--out=full"),
            ("--lod=-1.0: .* between 0 and 3", "--format=keras",
             "--out=a.keras", "--lod=-1"),
        ):  # fmt: skip
            self.refuse(message, "export", f"--network={PICKLE}", *args)
        self.assertEqual([p.name for p in self.cwd.iterdir()], ["full"])
