"""Runs that begin with the weights of another."""

import pathlib

import keras
import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.networks import snapshots, transfer
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.sampling import latent_table
from pgan_tf.training import optim, state
from tests import common

# Growing to 32x32, with three channels.
PICKLE = common.GOLDEN_DIR / "ref_snapshot.pkl"
WIDTHS = {"fmap_base": 256, "fmap_max": 32}


def make(**options: object) -> state.Networks:
    """Networks like those of PICKLE, but for some options."""
    keras.utils.set_random_seed(1)
    options = {"resolution": 32, "num_channels": 3, **WIDTHS, **options}
    of_g_alone = ("use_pixelnorm", "normalize_latents")
    of_d = {k: v for k, v in options.items() if k not in of_g_alone}
    G = Generator(**options)
    D = Discriminator(**of_d)
    return state.Networks(
        G=G,
        D=D,
        Gs=Generator(**options, name="Gs"),
        g_adam=optim.Adam(G.trainable_variables),
        d_adam=optim.Adam(D.trainable_variables),
    )


def draw(generator: Generator, resolution: int) -> np.ndarray:
    latents = latent_table.latents(0, 4, 32, 5)
    return np.asarray(generator(latents, resolution=resolution))


def start_from(path, nets: state.Networks) -> list[str]:
    return transfer.start_from(
        str(path), {"G": nets.G, "D": nets.D, "Gs": nets.Gs}
    )


class TransferTest(common.TestCase, parameterized.TestCase):
    def test_the_same_networks_are_taken_whole(self):
        nets, sources = make(), nvidia.load_pickle(PICKLE)
        lines = start_from(PICKLE, nets)
        self.assertEqual(
            lines,
            [
                f"G: 12 of 12 layers from {PICKLE}",
                f"D: 13 of 13 layers from {PICKLE}",
                f"Gs: 12 of 12 layers from {PICKLE}",
            ],
        )
        for name, source in zip(("G", "D", "Gs"), sources, strict=True):
            for value, variable in zip(
                source.get_weights(),
                getattr(nets, name).get_weights(),
                strict=True,
            ):
                self.assertAllEqual(variable, value)

    @parameterized.parameters(16, 64)
    def test_another_final_resolution(self, resolution):
        nets, (G, D, Gs) = (
            make(resolution=resolution),
            nvidia.load_pickle(PICKLE),
        )
        above = nets.D.get_weights()
        lines = start_from(PICKLE, nets)
        common_size = min(resolution, 32)
        for source, ours in ((G, nets.G), (Gs, nets.Gs)):
            self.assertAllEqual(
                draw(ours, common_size), draw(source, common_size)
            )
        images = common.ramp((4, common_size, common_size, 3))
        for found, expected in zip(nets.D(images), D(images), strict=True):
            self.assertAllEqual(found, expected)
        if resolution == 64:
            self.assertEndsWith(
                lines[0], f"12 of 15 layers from {PICKLE}, fresh: 64x64"
            )
            self.assertEndsWith(
                lines[1], f"13 of 16 layers from {PICKLE}, fresh: 64x64"
            )
            last = nets.D.from_rgb[-1].kernel
            self.assertTrue(any(np.array_equal(last, w) for w in above))

    def test_a_snapshot_of_ours_has_gs_alone(self):
        path = self.folder() / "other.keras"
        _, _, Gs = nvidia.load_pickle(PICKLE)
        snapshots.save_generator(Gs, path)
        nets = make()
        before = nets.D.get_weights()
        lines = start_from(path, nets)
        self.assertEqual(lines[1], f"D: fresh, as {path} holds only Gs")
        for ours in (nets.G, nets.Gs):
            self.assertAllEqual(draw(ours, 32), draw(Gs, 32))
        self.assertAllEqual(nets.D.get_weights()[0], before[0])

    def test_other_channels_and_labels(self):
        nets = make(num_channels=1, label_size=2)
        lines = start_from(PICKLE, nets)
        rgb = [f"{r}x{r}_to_rgb" for r in (4, 8, 16, 32)]
        self.assertEndsWith(
            lines[0],
            f"7 of 12 layers from {PICKLE}, fresh: 4x4_dense, {', '.join(rgb)}",
        )
        self.assertIn("8 of 13 layers", lines[1])
        self.assertIn("4x4_dense1", lines[1])

    @parameterized.parameters(
        ({"fmap_max": 16}, r"layer 4x4_dense of its G has a kernel of "),
        ({"fmap_base": 128}, r"layer 16x16_conv0 of its G .*3x3x32x32, not"),
        ({"use_pixelnorm": False}, "its G has use_pixelnorm=True: give --use"),
        ({"use_wscale": False}, "its G has use_wscale=True: give --use_wsc"),
    )
    def test_other_networks(self, options, message):
        nets = make(**options)
        before = nets.G.get_weights()
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            start_from(PICKLE, nets)
        self.assertStartsWith(str(caught.exception), "--init_from=")
        self.assertLen(str(caught.exception).splitlines(), 1)
        self.assertAllEqual(nets.G.get_weights()[0], before[0])

    @parameterized.parameters(
        "use_wscale", "use_pixelnorm", "use_leakyrelu", "normalize_latents"
    )
    def test_weights_that_would_mean_something_else(self, option):
        """Options that change the function, but no shape: both ways."""
        path = self.folder() / "other.keras"
        for theirs, flag in ((True, f"--{option}"), (False, f"--no{option}")):
            snapshots.save_generator(make(**{option: theirs}).Gs, path)
            nets = make(**{option: not theirs})
            before = nets.G.get_weights()
            with self.assertRaisesRegex(
                errors.UserError, f"has {option}={theirs}: give {flag}$"
            ):
                start_from(path, nets)
            for old, new in zip(before, nets.G.get_weights(), strict=True):
                self.assertAllEqual(old, new)
            again = make(**{option: theirs})
            self.assertLen(start_from(path, again), 3)

    def test_another_programs_networks(self):
        """All of its weights, in networks of its layout."""
        path = common.GOLDEN_DIR / "checkpoints/gan_zoo/acgan_s2_settled.pt"
        sources = snapshots.load_networks(path)
        G = Generator.from_config(sources["G"].get_config())
        D = Discriminator.from_config(sources["D"].get_config())
        nets = {"G": G, "D": D, "Gs": G}
        lines = transfer.start_from(str(path), nets)
        self.assertEqual(lines[0], f"G: 9 of 9 layers from {path}")
        self.assertEqual(lines[1], f"D: 10 of 10 layers from {path}")
        for name, network in (("Gs", G), ("D", D)):
            for ours, theirs in zip(
                network.weights, sources[name].weights, strict=True
            ):
                self.assertAllEqual(ours, theirs)
        with self.assertRaisesRegex(
            errors.UserError,
            "its G has layout=gan_zoo, fmaps=24,24,20,16, latent_size=13, "
            "fused_scale=False: give --layout=gan_zoo --fmaps=24,24,20,16 "
            "--latent_size=13 --nofused_scale$",
        ):
            start_from(path, make())

    def test_g_without_an_average_and_alone(self):
        """Gs begins as G; D stays as it is."""
        folder = common.GOLDEN_DIR / "checkpoints"
        path = folder / "akanimax_v34/d3_noema/depth_3_epoch_1.bin"
        sources = snapshots.load_networks(path)
        self.assertEqual(set(sources), {"G", "D"})
        config = sources["G"].get_config()
        G, Gs = Generator.from_config(config), Generator.from_config(config)
        lines = transfer.start_from(str(path), {"G": G, "Gs": Gs})
        self.assertEqual(lines[1], f"Gs: 6 of 6 layers from {path}")
        self.assertAllEqual(Gs.get_weights()[0], G.get_weights()[0])

    def test_foreign_files(self):
        here = self.folder()
        for name in ("torn.keras", "torn.pkl"):
            (here / name).write_bytes(b"nothing of ours")
        for path in ("torn.keras", "torn.pkl", "none.keras", "none.pkl", "."):
            path = pathlib.Path(here / path)
            with self.assertRaises(errors.UserError) as caught:
                start_from(path, make())
            self.assertStartsWith(
                str(caught.exception), f"--init_from={path}: "
            )
