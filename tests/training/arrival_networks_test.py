"""Options of data, networks and where things are: they arrive."""

import dataclasses
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.networks import families, snapshots
from pgan_tf.networks.progressive import layers
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import checks, state, trainer
from tests.training import arrival_case
from tests.training.arrival_case import VALUES, reads


class TreeTest(arrival_case.ArrivalCase):
    def test_flags_reach_the_tree_and_the_run_folder(self):
        """Each its own leaf, of the value given, and so kept."""
        options = self.options()
        found = option_tree.values(options)
        for name, value in VALUES.items():
            self.assertEqual(found[name], value, name)
            self.assertEqual(type(found[name]), type(value), name)
        run_dir = self.here / "kept"
        run_dir.mkdir()
        run_folder.begin(run_dir, options, "digest")
        self.assertEqual(run_folder.read_config(run_dir), options)

    @reads("data_dir", "run_dir")
    def test_folders(self):
        run = self.run_of(self.options(run="there"))
        self.assertEqual(run.run_dir, self.here / "there")
        self.assertTrue((self.here / "there" / "config.json").exists())
        self.assertTrue((self.here / "there" / "log.txt").exists())
        self.assertEqual(run.dataset.num_images, arrival_case.COUNT)
        with self.assertRaisesRegex(errors.UserError, "black:7"):
            self.options(data_dir="black:7")

    @reads("devices")
    def test_devices(self):
        """Two are given and one is not there: both are looked for."""
        make = trainer.workers.devices.make_strategy
        with mock.patch.object(
            trainer.workers.devices, "make_strategy", wraps=make
        ) as made:
            self.run_of(self.options(run="on"))
        made.assert_called_once_with("CPU:0")
        with self.assertRaisesRegex(errors.UserError, "no GPU:7 here"):
            self.run_of(self.options(run="off", devices="GPU:7"))

    @reads("deterministic")
    def test_deterministic(self):
        for given, calls in ((True, 1), (False, 0)):
            options = self.options(f"run {given}", deterministic=given)
            with (
                mock.patch.object(
                    trainer.devices, "make_deterministic"
                ) as made,
                mock.patch.object(trainer.grid.Grid, "save_fakes"),
            ):
                trainer.Run(options).close()
            self.assertEqual(made.call_count, calls)

    @reads("init_from")
    def test_init_from(self):
        other = self.networks(seed=78, resolution=8)
        path = self.here / "other.keras"
        snapshots.save_generator(other.Gs, path)
        options = self.options(run="from", init_from=str(path))
        run = self.run_of(options)
        fresh = state.make_networks(options, 3, run.strategy)
        for network in (run.nets.G, run.nets.Gs):
            for i in (0, 1):
                for name in ("conv0", "conv1", "to_rgb"):
                    found, expected = (
                        getattr(n, name)[i].kernel for n in (network, other.G)
                    )
                    self.assertAllEqual(found, expected)
            self.assertAllEqual(
                network.conv1[3].kernel, fresh.G.conv1[3].kernel
            )

    @reads("seed")
    def test_seed_of_the_weights(self):
        one, same, other = (self.networks(seed=seed) for seed in (77, 77, 78))
        for name in ("G", "D"):
            first, again, others = (
                getattr(nets, name).conv1[1].kernel.numpy()
                for nets in (one, same, other)
            )
            self.assertAllEqual(first, again)
            self.assertNotAllClose(first, others, rtol=0.1, atol=0.1)

    @reads("family")
    def test_family(self):
        """Another family makes the networks, checks and counts."""

        class Other(type(families.by_name("progressive"))):
            name = "other"

            def grows(self, options):
                return False

        families.add(Other())
        self.addCleanup(families.remove, "other")
        options = self.options(
            "other", family="other", lod_initial_resolution=None
        )
        self.assertEqual(options.schedule.lod_initial_resolution, 32)
        with mock.patch.object(Other, "models") as models:
            nets = state.make_networks(options, 3, tf.distribute.get_strategy())
        made = models.return_value
        self.assertIs(nets.G, made.make_generator.return_value)
        self.assertIs(nets.D, made.make_discriminator.return_value)
        with self.assertRaisesRegex(errors.UserError, "--family=none"):
            self.options("none", family="none")


class DataTest(arrival_case.ArrivalCase):
    @reads("resolution", "max_label_size")
    def test_shapes(self):
        run = self.run_of(self.options(run="shapes"))
        for network in (run.nets.G, run.nets.D, run.nets.Gs):
            self.assertEqual(network.resolution, 32)
            self.assertEqual(network.num_channels, 3)
            self.assertEqual(network.label_size, 2)
        self.assertEqual(run.schedule.resolution, 32)
        # 5 latents and 2 labels; a score and 2 logits.
        kernel = arrival_case.first_layer(run.nets).kernel
        self.assertEqual(kernel.shape[0], 5 + 2)
        self.assertEqual(run.nets.D.output_dense.kernel.shape[-1], 1 + 2)
        expected = np.eye(3)[np.arange(arrival_case.COUNT) % 3][:, :2]
        self.assertAllEqual(run.labels, expected)
        # What G's labels are drawn of.
        with mock.patch.object(
            trainer.compiled_steps, "make_iterations"
        ) as made:
            run.compile(run.stage())
        self.assertAllEqual(made.call_args.args[3], expected)

    def test_all_labels_and_the_dataset_s_resolution(self):
        options = self.options(resolution=None, max_label_size=-1)
        self.assertEqual(options.data.resolution, 64)
        self.assertEqual(options.data.max_label_size, 3)
        none = self.options(max_label_size=None)
        self.assertEqual(none.data.max_label_size, 0)


class NetworksTest(arrival_case.ArrivalCase):
    @reads("fmap_base", "fmap_decay", "fmap_max")
    def test_widths(self):
        """40 / (R/2)^0.5, at most 12: 12, 12, 12 and 10."""
        nets = self.networks()
        for network in (nets.G, nets.Gs):
            widths = [conv.kernel.shape[-1] for conv in network.conv1]
            self.assertEqual(widths, [12, 12, 12, 10])
        widths = [conv.kernel.shape[-1] for conv in nets.D.from_rgb]
        self.assertEqual(widths, [12, 12, 12, 10])
        # 40 / 1^0.5, at most 12.
        self.assertEqual(nets.D.conv1[0].kernel.shape[-1], 12)

    @reads("fmaps")
    def test_listed_widths(self):
        """At 2x2 (D's last hidden layer), 4x4 and so on."""
        nets = self.networks(fmaps="3,9,8,7,6", latent_size=None)
        for network in (nets.G, nets.Gs):
            widths = [conv.kernel.shape[-1] for conv in network.conv1]
            self.assertEqual(widths, [9, 8, 7, 6])
        widths = [conv.kernel.shape[-1] for conv in nets.D.from_rgb]
        self.assertEqual(widths, [9, 8, 7, 6])
        self.assertEqual(nets.D.conv1[0].kernel.shape[-1], 3)
        self.assertEqual(nets.G.latent_size, 3)
        filled = self.options("listed", fmaps="3,9,8,7,6", latent_size=None)
        self.assertEqual(filled.networks.latent_size, 3)
        for wrong, words in (
            ("3,9,8", "3 numbers, not 5, of 2x2, 4x4 and so on up to 32x32"),
            ("3,9,8,7,x", "--fmaps=3,9,8,7,x: give a list such as 16,24,20"),
            ("0,9,8,7,6", "--fmaps=0,9,8,7,6: give a list"),
        ):
            with self.assertRaisesRegex(errors.UserError, words):
                self.options("wrong", fmaps=wrong)

    @reads("layout")
    def test_layout(self):
        """With a bias for each pixel, or scores that labels are part of."""
        nets = self.networks(layout="gan_zoo")
        for network in (nets.G, nets.Gs):
            self.assertEqual(network.conv0[0].bias.shape, (16 * 12,))
        self.assertEqual(nets.D.output_dense.kernel.shape[-1], 1 + 2)
        self.assertEqual(nets.D.group_size, 2)
        nets = self.networks(layout="akanimax_2")
        for network in (nets.G, nets.Gs):
            self.assertEqual(network.conv0[0].bias.shape, (12,))
        self.assertEqual(nets.D.output_dense.kernel.shape[-1], 1)
        (embedding,) = nets.D.embedding
        self.assertEqual(embedding.kernel.shape, (2, 12))
        self.assertIsNone(nets.D.group_size)
        used = nets.D.trainable_at(8, False)
        self.assertTrue(any(v is embedding.kernel for v in used))
        with self.assertRaisesRegex(errors.UserError, "--layout=none: must be"):
            self.options("none", layout="none")

    @reads("latent_size")
    def test_latent_size(self):
        nets = self.networks(max_label_size=None)
        self.assertEqual(nets.G.latent_size, 5)
        kernel = arrival_case.first_layer(nets).kernel
        self.assertEqual(kernel.shape[0], 5)
        # The width at 2x2, by default.
        nets = self.networks(max_label_size=None, latent_size=None)
        self.assertEqual(nets.G.latent_size, 12)
        filled = self.options("filled", latent_size=None, fmap_max=64)
        self.assertEqual(filled.networks.latent_size, 40)

    def test_maps_that_the_decay_leaves(self):
        """3 / 16^0.25 is above 1; 3 / 16 is not."""
        options = self.options("few", fmap_base=3, fmap_decay=0.25)
        nets = state.make_networks(options, 3, tf.distribute.get_strategy())
        self.assertEqual(nets.D.from_rgb[-1].kernel.shape[-1], 1)
        with self.assertRaisesRegex(errors.UserError, "no feature maps"):
            self.options("none", fmap_base=3, fmap_decay=1.0)

    @reads("normalize_latents")
    def test_normalize_latents(self):
        """Twice the latents are another input, or the same."""
        latents = np.random.RandomState(0).randn(4, 5).astype(np.float32)
        for given in (False, True):
            nets = self.networks(
                max_label_size=None, normalize_latents=given, precision=None
            )
            for network in (nets.G, nets.Gs):
                one, two = network(latents), network(2 * latents)
                same = np.allclose(one, two, rtol=1e-4, atol=1e-5)
                self.assertEqual(same, given)

    @reads("use_wscale")
    def test_use_wscale(self):
        """He's constant is in the kernels from the start, or beside them."""
        for given in (False, True):
            nets = self.networks(use_wscale=given)
            for network in (nets.G, nets.D, nets.Gs):
                kernel = network.conv1[1].kernel.numpy()
                he = np.sqrt(2 / (9 * 12))
                expected = 1.0 if given else he
                self.assertAllClose(kernel.std(), expected, rtol=0.1, atol=0)

    @reads("use_pixelnorm")
    def test_use_pixelnorm(self):
        """Each pixel's mean square over channels is 1, or what it is."""
        latents = np.random.RandomState(0).randn(4, 5).astype(np.float32)
        for given in (False, True):
            nets = self.networks(
                max_label_size=None, use_pixelnorm=given, precision=None
            )
            for network in (nets.G, nets.Gs):
                first = np.asarray(network.first_activations(latents))
                squares = np.mean(first**2, axis=-1)
                same = np.allclose(squares, 1.0, rtol=1e-3, atol=1e-3)
                self.assertEqual(same, given)

    @reads("use_leakyrelu")
    def test_use_leakyrelu(self):
        latents = np.random.RandomState(0).randn(4, 5).astype(np.float32)
        for given in (False, True):
            nets = self.networks(max_label_size=None, use_leakyrelu=given)
            for network in (nets.G, nets.Gs):
                first = np.asarray(network.first_activations(latents))
                self.assertEqual(first.min() < 0, given)
            images = tf.TensorSpec([4, 8, 8, 3], tf.float32)
            graph = tf.function(nets.D).get_concrete_function(images).graph
            kinds = {operation.type for operation in graph.get_operations()}
            self.assertEqual("LeakyRelu" in kinds, given)
            self.assertEqual("Relu" in kinds, not given)

    @reads("fused_scale")
    def test_fused_scale(self):
        for given, up, down in (
            (False, layers.EqualizedConv2D, layers.EqualizedConv2D),
            (True, layers.UpscaleConv2D, layers.ConvDownscale2D),
        ):
            nets = self.networks(fused_scale=given)
            for network in (nets.G, nets.Gs):
                kinds = {type(layer) for layer in network.conv0[1:]}
                self.assertEqual(kinds, {up})
            kinds = {type(layer) for layer in nets.D.conv1[1:]}
            self.assertEqual(kinds, {down})

    @reads("mbstd_group_size")
    def test_mbstd_group_size(self):
        """Of 4 images, i and i + 2 are a group of two."""
        random = np.random.RandomState(0)
        images = random.randn(4, 8, 8, 3).astype(np.float32)
        others = images.copy()
        others[2] *= -3
        for size, changed in ((2, {0}), (4, {0, 1, 3}), (0, set())):
            nets = self.networks(mbstd_group_size=size, precision=None)
            self.assertEqual(nets.D.group_size, size)
            one, other = (np.asarray(nets.D(x)[0]) for x in (images, others))
            differing = np.abs(one - other)[:, 0] > 1e-6
            self.assertEqual(set(np.flatnonzero(differing)) - {2}, changed)

    def test_g_and_gs_are_the_same_function(self):
        """Of all options, in 32 bits, where growth begins."""
        nets = self.networks(precision=None)
        g, gs = nets.G.get_config(), nets.Gs.get_config()
        self.assertEqual({**g, "name": "Gs"}, gs)
        self.assertEqual((nets.G.name, nets.D.name), ("G", "D"))
        self.assertEqual(nets.Gs.lod, 2.0)
        for a, b in zip(nets.G.weights, nets.Gs.weights, strict=True):
            self.assertAllEqual(a, b)

    def test_defaults_are_left_alone(self):
        """What is not given is as `RunOptions` has it."""
        given = RunOptions(
            run_dir=str(self.here / "plain"),
            data=dataclasses.replace(
                RunOptions().data, data_dir=str(self.here / "set")
            ),
        )
        filled = option_tree.differences(given, checks.check(given))
        names = [line.partition(":")[0] for line in filled]
        self.assertCountEqual(names, ["resolution", "latent_size"])
