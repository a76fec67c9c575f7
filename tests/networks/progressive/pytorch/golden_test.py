"""Networks of other programs against what those programs make of them.

Expected are the images and scores of the programs' own code for their own
files: see tests/golden/README.md.
"""

import argparse
import contextlib
import dataclasses
import io
import json
import pathlib
import re
from collections.abc import Iterator
from unittest import mock

import numpy as np
from absl.testing import absltest, parameterized

from pgan_tf.commands.generate import import_network, inputs
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive import stock_model
from pgan_tf.networks.progressive.pytorch import published
from pgan_tf.networks.progressive.pytorch import snapshots as pytorch
from tests import common

FOLDER = common.GOLDEN_DIR / "checkpoints"
# Of the largest value, or of this.
TOLERANCE, SMALL = 1e-5, 0.1


def cases(program: str) -> list[str]:
    found = sorted(FOLDER.glob(f"{program}*/*.json"))
    assert found
    return [str(path.relative_to(FOLDER).with_suffix("")) for path in found]


@dataclasses.dataclass
class Case:
    """What is known of a file."""

    name: str

    def __post_init__(self) -> None:
        path = FOLDER / self.name
        self.about = json.loads(path.with_suffix(".json").read_text())
        with np.load(path.with_suffix(".npz")) as arrays:
            self.arrays = dict(arrays)
        if "file" in self.about:
            self.file = path.parent / self.about["file"]
        else:
            first = next(iter(self.about["files"].items()))
            name = first[1][0] if isinstance(first[1], list) else first[0]
            self.file = path.parent / self.about["folder"] / name
        self.networks = pytorch.load_networks(self.file)

    def matching(self, pattern: str) -> Iterator[tuple[re.Match, np.ndarray]]:
        """The arrays whose whole names match."""
        for name, array in self.arrays.items():
            if match := re.fullmatch(pattern, name):
                yield match, array

    def draw(
        self,
        name: str,
        resolution: int | None = None,
        alpha: float | None = None,
    ) -> np.ndarray:
        """Images, NCHW, of the latents; labels are last among these."""
        G = self.networks[name]
        latents, labels = self.arrays["latents"], None
        if G.label_size:
            latents, labels = np.split(latents, [G.latent_size], axis=1)
        images = G(latents, labels, resolution=resolution, alpha=settled(alpha))
        return np.asarray(images).transpose(0, 3, 1, 2)

    def judge(
        self,
        images: np.ndarray,
        count: int,
        alpha: float | None = None,
        labels: np.ndarray | None = None,
    ) -> np.ndarray:
        """Scores and logits, side by side, of the first NCHW images."""
        D = self.networks["D"]
        if labels is not None:
            labels = np.eye(D.label_size, dtype=np.float32)[labels[:count]]
        outputs = D(common.nhwc(images[:count]), labels, alpha=settled(alpha))
        return np.concatenate(outputs, axis=1)


def settled(alpha: float | str | None) -> float | None:
    """None for the weight 1."""
    return None if alpha is None or float(alpha) == 1 else float(alpha)


class GoldenCase(common.TestCase, parameterized.TestCase):
    def assertClose(self, found: np.ndarray, expected: np.ndarray) -> None:
        largest = max(float(np.abs(expected).max()), SMALL)
        self.assertEqual(found.shape, expected.shape)
        self.assertAllClose(found, expected, rtol=0, atol=TOLERANCE * largest)


class GanZooTest(GoldenCase):
    @parameterized.parameters(cases("gan_zoo"))
    def test_images_and_scores(self, name):
        case = Case(name)
        for key, array in (("G", "G_netG"), ("Gs", "G_avgG")):
            self.assertEqual(key in case.networks, array in case.arrays)
            if array in case.arrays:
                # Where in its growth it is, the file says.
                self.assertClose(case.draw(key), case.arrays[array])
        alpha = 1 - case.about["alpha"]
        for match, expected in case.matching(r"D_batch(\d+)"):
            found = case.judge(case.arrays["images"], int(match[1]), alpha)
            self.assertClose(found, expected)
        lod = case.about["alpha"]
        for network in case.networks.values():
            self.assertAlmostEqual(network.lod, lod, places=7)

    def test_older_forms(self):
        """Without `.module`, of the legacy format, and of the first zips."""
        whole = pytorch.load_generator(FOLDER / "gan_zoo/plain_s2_fading.pt")
        again = pytorch.load_generator(
            FOLDER / "gan_zoo/plain_s2_fading_oldzip.pt"
        )
        for a, b in zip(whole.weights, again.weights, strict=True):
            self.assertAllEqual(a, b)

    def test_labels_have_names(self):
        network = snapshots.load_generator(
            FOLDER / "gan_zoo/acgan_s2_settled.pt"
        )
        self.assertEqual(
            list(network.label_names),
            [
                "Gender=F",
                "Gender=M",
                "Hair=black",
                "Hair=blond",
                "Hair=none",
            ],
        )


class NashoryTest(GoldenCase):
    @parameterized.parameters(cases("nashory"))
    def test_images_and_scores(self, name):
        """With the factors that its weights would have on average."""
        case = Case(name)
        about = case.about
        resolution = 2 ** about["resl"]
        self.assertEqual(case.networks["G"].resolution, resolution)
        found = case.draw("G", resolution, about["alpha_G"])
        self.assertClose(found, case.arrays["G_nominal"])
        for match, expected in case.matching(r"D_nominal_batch(\d+)"):
            images = case.arrays["images"]
            found = case.judge(images, int(match[1]), about["alpha_D"])
            self.assertClose(found, expected)

    @parameterized.parameters(
        ("r2_settled", 0.0, 0.0),
        ("r4_settled", 0.0, 0.0),
        ("r4_gstab", 0.0, 1.0),
        ("r4_gstab_py2", 0.0, 1.0),
        ("r4_dstab", 0.0, 0.0),
        ("r4_growth_moment", 1.0, 1.0),
        # A tenth of its time has passed, of which a third fades G.
        ("r4_fading", 0.7, 1.0),
    )
    def test_where_in_growth(self, folder, of_g, of_d):
        (path,) = (FOLDER / "nashory" / folder).glob("gen_*")
        networks = pytorch.load_networks(path)
        self.assertAlmostEqual(networks["G"].lod, of_g, places=6)
        self.assertAlmostEqual(networks["D"].lod, of_d, places=6)

    @parameterized.parameters("r4_gstab", "r4_settled")
    def test_what_python_2_wrote(self, folder):
        for name in ("gen", "dis"):
            (old,) = (FOLDER / f"nashory/{folder}_py2").glob(f"{name}_*")
            key = "G" if name == "gen" else "D"
            found = pytorch.load_networks(old)[key]
            new = pytorch.load_networks(FOLDER / f"nashory/{folder}" / old.name)
            for a, b in zip(found.weights, new[key].weights, strict=True):
                self.assertAllEqual(a, b)


class AkanimaxTest(GoldenCase):
    @parameterized.parameters(cases("akanimax"))
    def test_images_and_scores(self, name):
        case = Case(name)
        labels = case.arrays.get("labels")
        if labels is not None and "v2x" in name:
            # Its labels come first.
            latents = np.roll(case.arrays["latents"], -3, axis=1)
            case.arrays["latents"] = latents
        # Version 3 counts depths from 2, which is 4x4, the others from 0.
        first = 2 if "_v3" in name else 0
        # Of version 1, with the factors that weights have on average.
        end = "_nominal" if "_v12" in name else "(?:_flatlabels)?"
        tried = 0
        for match, expected in case.matching(
            rf"(G|Gshadow|D)_depth(\d)_alpha([\d.]+)(?:_batch(\d))?{end}"
        ):
            resolution = 4 << (int(match[2]) - first)
            if match[1] == "D":
                images = case.arrays[f"images_depth{match[2]}"]
                found = case.judge(images, int(match[4]), match[3], labels)
                found = found[:, 0]
            else:
                network = "G" if match[1] == "G" else "Gs"
                found = case.draw(network, resolution, match[3])
            self.assertClose(found, expected)
            tried += 1
        self.assertGreater(tried, 10)
        final = case.networks["G"].resolution
        now = 4 << (case.about["current_depth"] - first)
        for network in case.networks.values():
            self.assertEqual(network.resolution >> int(network.lod), now)
            self.assertEqual(network.resolution, final)

    def test_a_shadow_by_its_own_file(self):
        folder = FOLDER / "akanimax_v2x/d3_settled"
        networks = pytorch.load_networks(folder / "GAN_GEN_2.pth")
        for file, name in (("GAN_GEN_2", "G"), ("GAN_GEN_SHADOW_2", "Gs")):
            found = pytorch.load_generator(folder / f"{file}.pth")
            self.assertEqual(found.name, name)
            for a, b in zip(found.weights, networks[name].weights, strict=True):
                self.assertAllEqual(a, b)


class MmgenerationTest(GoldenCase):
    @parameterized.parameters(cases("mmgen"))
    def test_images_and_scores(self, name):
        """Its channels are blue, green and red."""
        case = Case(name)
        for match, expected in case.matching(
            r"(G|Gema|D)_scale(\d+)_w([\d.]+)(?:_batch(\d))?"
        ):
            if match[1] == "D":
                images = case.arrays[f"images_{match[2]}"][:, ::-1]
                found = case.judge(images, int(match[4]), match[3])
            else:
                network = "G" if match[1] == "G" else "Gs"
                found = case.draw(network, int(match[2]), match[3])[:, ::-1]
            self.assertClose(found, expected)
        # At the stage that the file states.
        drawn = case.draw("Gs")[:, ::-1]
        self.assertClose(drawn, case.arrays["sample_from_noise"])


class SnapshotsTest(GoldenCase):
    @parameterized.parameters(
        "gan_zoo/plain_s1_fading.pt",
        "akanimax_v12/d3_settled/GAN_GEN_2.pth",
        "mmgen/s16_fading/iter_2010.pth",
        "nashory/r3_normlatent/gen_R3_T50.pth.tar",
    )
    def test_kept_as_a_snapshot_and_exported(self, name):
        """Ours and Keras' own layers draw the same pictures."""
        network = snapshots.load_generator(FOLDER / name)
        latents = np.random.RandomState(3).randn(4, network.latent_size)
        latents = latents.astype(np.float32)
        expected = np.asarray(network(latents))
        path = self.folder() / "a.keras"
        snapshots.save_generator(network, path)
        again = snapshots.load_generator(path)
        self.assertAllEqual(again(latents), expected)
        stock = stock_model.build(network)
        drawn = np.asarray(stock({"latents": latents})["images"])
        factor = network.resolution // expected.shape[1]
        expected = expected.repeat(factor, axis=1).repeat(factor, axis=2)
        self.assertClose(drawn, expected)

    @parameterized.parameters(
        ("nashory/r2_settled/gen_R2_T50.pth.tar", "1 / sqrt(fan-in) is taken"),
        ("akanimax_v12/d3_settled/GAN_GEN_2.pth", "1 / sqrt(fan-in) is taken"),
        ("gan_zoo/plain_s0.pt", ""),
    )
    def test_what_is_approximate_is_said(self, name, words):
        """In one line, by every command; nothing of what is exact."""
        stream = io.StringIO()
        with contextlib.redirect_stderr(stream):
            inputs.open_network(str(FOLDER / name))
        lines = stream.getvalue().splitlines()
        self.assertLen(lines, 1 if words else 0)
        for line in lines:
            self.assertStartsWith(line, f"{FOLDER / name} is approximate: ")
            self.assertIn(words, line)

    def test_a_published_network_is_imported(self):
        """What was fetched is what is read."""
        out = self.folder() / "a.keras"
        args = argparse.Namespace(network="hub:celeba", out=str(out))
        with mock.patch.object(published, "fetch") as fetch:
            fetch.return_value = FOLDER / "gan_zoo/plain_s1_fading.pt"
            import_network.run(args)
        fetch.assert_called_once_with("celeba", import_network.say)
        self.assertEqual(snapshots.load_generator(out).resolution, 8)

    def test_recognised_by_content(self):
        """Whatever its name."""
        path = pathlib.Path(self.folder()) / "network"
        path.write_bytes((FOLDER / "gan_zoo/plain_s0.pt").read_bytes())
        self.assertEqual(snapshots.load_generator(path).resolution, 4)


if __name__ == "__main__":
    absltest.main()
