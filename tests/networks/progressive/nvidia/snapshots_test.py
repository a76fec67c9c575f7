"""Snapshots of the reference: read, drawn with, written back.

Expected values are the reference's own for its file, and those of the NumPy
networks, which are held against the reference's first, for others.
"""

import pickle
import sys
import types

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors, resolutions, safe_pickle
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.networks.progressive.nvidia import states
from tests import common
from tests.base import pickle_bytes
from tests.networks.progressive import numpy_networks
from tests.networks.progressive.nvidia import pickle_writer

OPTIONS = {
    "num_channels": 3,
    "resolution": 64,
    "label_size": 3,
    "fmap_base": 256,
    "fmap_max": 16,
}


def width(stage: int) -> int:
    return min(256 // 2**stage, 16)


def shapes(function: str, fused: bool) -> dict[str, tuple[int, ...]]:
    """Of the variables of OPTIONS' networks, by the format's description."""
    kernels = {}
    for stage in range(1, 6):
        r, own, below = 2 ** (stage + 1), width(stage), width(stage - 1)
        above = f"{r}x{r}"
        if function == "G_paper":
            kernels[f"ToRGB_lod{5 - stage}"] = (1, 1, own, 3)
            if r == 4:
                kernels["4x4/Dense"] = (16 + 3, own * 16)
                kernels["4x4/Conv"] = (3, 3, own, own)
                continue
            up = (
                ("Conv0_up", (own, below)) if fused else ("Conv0", (below, own))
            )
            kernels[f"{above}/{up[0]}"] = (3, 3, *up[1])
            kernels[f"{above}/Conv1"] = (3, 3, own, own)
        else:
            kernels[f"FromRGB_lod{5 - stage}"] = (1, 1, 3, own)
            if r == 4:
                kernels["4x4/Conv"] = (3, 3, own + 1, own)
                kernels["4x4/Dense0"] = (own * 16, below)
                kernels["4x4/Dense1"] = (below, 1 + 3)
                continue
            down = "Conv1_down" if fused else "Conv1"
            kernels[f"{above}/Conv0"] = (3, 3, own, own)
            kernels[f"{above}/{down}"] = (3, 3, own, below)
    result = {}
    for name, shape in kernels.items():
        size = shape[-1]
        if name == "4x4/Dense":
            size = width(1)
        if name.endswith("Conv0_up"):
            size = shape[-2]
        result[name + "/weight"], result[name + "/bias"] = shape, (size,)
    return result


def draws(function: str, fused: bool, seed: int) -> dict[str, np.ndarray]:
    random = np.random.RandomState(seed)
    return {
        name: random.standard_normal(shape).astype(np.float32)
        for name, shape in shapes(function, fused).items()
    }


class GoldenTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters("ref_snapshot.pkl", "ref_snapshot_p5.pkl")
    def test_networks_of_the_file(self, name):
        G, D, Gs = nvidia.load_pickle(common.GOLDEN_DIR / name)
        golden = common.golden("ref_snapshot")
        for network, key in ((G, "G_out"), (Gs, "Gs_out")):
            drawn = np.asarray(network(golden["latents"]))
            expected = common.nhwc(golden[key])
            self.assertAllClose(drawn, expected, rtol=0, atol=2e-5)
        scores, logits = D(common.nhwc(golden["Gs_out"]))
        expected = golden["D_scores_on_Gs_out"]
        self.assertAllClose(scores, expected, rtol=0, atol=5e-6)
        self.assertEqual(logits.shape, (4, 0))
        self.assertEqual([n.lod for n in (G, D, Gs)], [0.0, 0.0, 0.0])
        self.assertEqual([n.name for n in (G, D, Gs)], ["G", "D", "Gs"])

    def test_generator_alone(self):
        path = common.GOLDEN_DIR / "ref_snapshot.pkl"
        _, _, Gs = nvidia.load_pickle(path)
        loaded = snapshots.load_generator(path)
        for a, b in zip(Gs.get_weights(), loaded.get_weights(), strict=True):
            self.assertAllEqual(a, b)


class NumpyNetworksTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters("0.00", "1.25", "3.00")
    def test_as_the_reference(self, lod):
        golden = common.golden("g_res32")
        drawn = numpy_networks.generator(
            common.golden_variables("g_res32"),
            golden["latents"],
            np.zeros((len(golden["latents"]), 0)),
            float(lod),
        )
        expected = golden[f"out_fused_linear/lod{lod}"]
        self.assertAllClose(drawn, expected, rtol=0, atol=2e-5)
        golden = common.golden("d_res32")
        variables = common.golden_variables("d_res32")
        for kind in ("fused", "nofused"):
            if kind == "nofused":
                variables = {
                    k.replace("_down", ""): v for k, v in variables.items()
                }
            scores = numpy_networks.discriminator(
                variables, golden["images"], float(lod), 4
            )
            expected = golden[f"scores_{kind}_mb4_linear/lod{lod}"]
            self.assertAllClose(scores, expected, rtol=0, atol=5e-6)


class OtherFilesTest(common.TestCase, parameterized.TestCase):
    """Conditional RGB networks of 64x64, in files of our own making."""

    def setUp(self):
        super().setUp()
        random = np.random.RandomState(9)
        self.latents = random.standard_normal((4, 16)).astype(np.float32)
        self.labels = np.eye(3, dtype=np.float32)[[0, 2, 1, 1]]
        self.labels[3] = 0
        self.images = random.uniform(-1, 1, (8, 3, 64, 64)).astype(np.float32)

    def write(self, fused, lod, options=None, **spelling):
        """A file by the format's description, and its variables."""
        path = self.folder() / "network-final.pkl"
        options = {**OPTIONS, **(options or {})}
        variables = [
            draws(function, fused, seed)
            for seed, function in enumerate(("G_paper", "D_paper", "G_paper"))
        ]
        parts = [
            pickle_bytes.network(function, options, values, lod, **spelling)
            for function, values in zip(
                ("G_paper", "D_paper", "G_paper"), variables, strict=True
            )
        ]
        path.write_bytes(pickle_bytes.whole(b"".join(parts) + b"\x87"))
        return path, variables

    def check(self, path, variables, lod):
        """The networks in a file against the NumPy ones."""
        G, D, Gs = nvidia.load_pickle(path)
        resolution, alpha = resolutions.split(lod, 64)
        for network, values in ((G, variables[0]), (Gs, variables[2])):
            self.assertEqual(network.lod, lod)
            expected = common.native(
                common.nhwc(
                    numpy_networks.generator(
                        values, self.latents, self.labels, lod
                    )
                ),
                resolution,
            )
            drawn = np.asarray(network(self.latents, self.labels))
            self.assertAllClose(drawn, expected, rtol=0, atol=2e-5)
        expected = numpy_networks.discriminator(
            variables[1], self.images, lod, 4
        )
        images = numpy_networks.down(self.images, 64 // resolution)
        scores, logits = D(common.nhwc(images), alpha=alpha)
        self.assertEqual(D.lod, lod)
        found = np.concatenate([scores, logits], axis=1)
        self.assertAllClose(found, expected, rtol=0, atol=2e-5)
        return G, D, Gs

    @parameterized.product(fused=(True, False), lod=(0.0, 1.25))
    def test_there_and_back(self, fused, lod):
        path, variables = self.write(fused, lod, {"fused_scale": fused})
        loaded = self.check(path, variables, lod)
        again = self.folder() / "again.pkl"
        pickle_writer.save_pickle(again, *loaded)
        reloaded = self.check(again, variables, lod)
        for first, second in zip(loaded, reloaded, strict=True):
            self.assertEqual(first.get_config(), second.get_config())

    @parameterized.parameters(True, False)
    def test_names_tell_whether_it_is_fused(self, fused):
        path, variables = self.write(fused, 0.0)
        self.check(path, variables, 0.0)
        path, _ = self.write(fused, 0.0, {"fused_scale": not fused})
        with self.assertRaisesRegex(errors.UserError, "G: the option fused_"):
            nvidia.load_pickle(path)

    @parameterized.parameters(
        {"core": "numpy._core"},
        {"to_array": pickle_bytes.numpy2_array, "core": "numpy._core"},
        {
            "to_array": lambda a: pickle_bytes.numpy1_array(a, "numpy._core"),
            "core": "numpy._core",
        },
    )
    def test_spellings_of_numpy_2(self, **spelling):
        path, variables = self.write(True, 1.25, **spelling)
        self.check(path, variables, 1.25)

    def test_runs_in_float16(self):
        options = {"dtype": "float16", "pixelnorm_epsilon": 1e-4}
        path, variables = self.write(True, 0.0, options)
        G, D, Gs = nvidia.load_pickle(path)
        for network in (G, D, Gs):
            self.assertEqual(network.dtype_policy.name, "mixed_float16")
            self.assertEqual(network.weights[0].dtype, "float32")
        self.assertEqual(Gs.pixelnorm_epsilon, 1e-4)
        expected = numpy_networks.generator(
            variables[2], self.latents, self.labels, 0.0, 1e-4
        )
        drawn = np.asarray(Gs(self.latents, self.labels))
        self.assertEqual(drawn.dtype, np.float32)
        self.assertAllClose(drawn, common.nhwc(expected), rtol=0, atol=0.05)
        again = self.folder() / "again.pkl"
        pickle_writer.save_pickle(again, G, D, Gs)
        reloaded = nvidia.load_pickle(again)[2]
        self.assertEqual(reloaded.get_config(), Gs.get_config())

    def test_what_python_makes_of_our_files(self):
        """Its own unpickler, with a class where the reference has one."""
        path, variables = self.write(True, 1.25)
        again = self.folder() / "again.pkl"
        pickle_writer.save_pickle(again, *nvidia.load_pickle(path))
        module = types.ModuleType("tfutil")
        module.Network = type("Network", (), {"__module__": "tfutil"})
        sys.modules["tfutil"] = module
        self.addCleanup(sys.modules.pop, "tfutil")
        with open(again, "rb") as file:
            unpickled = pickle.load(file)
        for network, values in zip(unpickled, variables, strict=True):
            self.assertEqual(
                list(vars(network)),
                "version name static_kwargs build_module_src build_func_name "
                "variables".split(),
            )
            self.assertEqual(network.version, 2)
            self.assertEqual(network.build_module_src, "")
            self.assertEqual(network.static_kwargs["resolution"], 64)
            found = dict(network.variables)
            self.assertEqual(found.pop("lod"), np.float32(1.25))
            self.assertEqual(found.keys(), values.keys())
            for name, value in values.items():
                self.assertEqual(found[name].dtype, np.float32)
                self.assertAllEqual(found[name], value)

    def test_order_of_the_variables(self):
        """As in the file that the reference wrote."""
        again = self.folder() / "again.pkl"
        path = common.GOLDEN_DIR / "ref_snapshot.pkl"
        pickle_writer.save_pickle(again, *nvidia.load_pickle(path))
        orders = [
            [name for name, _ in record.state["variables"]]
            for file in (path, again)
            for record in safe_pickle.load(file, states.ALLOWED)
        ]
        self.assertEqual(orders[:3], orders[3:])
        self.assertEqual(orders[0][:2], ["lod", "4x4/Dense/weight"])

    @parameterized.parameters(
        ({"resolution": 48}, "power of two"),
        ({"resolution": 2**20}, "no feature maps"),
        ({"resolution": 256}, "no variable"),
        ({"fmap_base": 2**20, "fmap_max": 2**20}, "has the shape"),
        ({"fmap_base": 2**31 - 1}, "fmap_base is not between"),
        ({"latent_size": 2**20}, "has the shape"),
        ({"label_size": 2**20}, "has the shape"),
        ({"fmap_decay": -1.0}, "fmap_decay is not between"),
        ({"fmap_decay": float("nan")}, "fmap_decay is not between"),
        ({"use_wscale": "yes"}, "use_wscale is neither"),
        ({"dtype": "object"}, "dtype is none of"),
        ({"resolution": None}, "resolution is not between"),
    )
    def test_options_that_do_not_fit_make_no_network(self, options, reason):
        path, _ = self.write(True, 0.0, options)
        with self.assertRaisesRegex(errors.UserError, f"G: .*{reason}"):
            nvidia.load_pickle(path)

    def test_options_without_effect(self):
        """The other network's, and those that the reference swallows."""
        options = {
            "structure": "recursive",
            "mbstd_group_size": 4,
            "latent_size": None,
            "colour": 3,
        }
        path, variables = self.write(True, 0.0, options)
        with self.assertLogs("absl", "WARNING") as logs:
            self.check(path, variables, 0.0)
        self.assertLen(logs.output, 3)  # once for each network
        self.assertIn("ignored the unknown option 'colour'", logs.output[0])

    @parameterized.parameters(-0.5, 4.5, float("nan"))
    def test_lods_out_of_range(self, lod):
        path, _ = self.write(True, lod)
        with self.assertRaisesRegex(errors.UserError, "between 0 and 4"):
            nvidia.load_pickle(path)

    def test_variables_that_do_not_fit(self):
        good = draws("G_paper", True, 0)
        missing = {k: v for k, v in good.items() if k != "8x8/Conv1/bias"}
        more = {**good, "16x16/Noise/weight": np.ones(1, np.float32)}
        other = {**good, "8x8/Conv1/bias": np.ones(3, np.float32)}
        for variables, reason in (
            (missing, "no variable 8x8/Conv1/bias"),
            (more, "has a variable '16x16/Noise/weight'"),
            (other, r"8x8/Conv1/bias has the shape \(3,\), not \(16,\)"),
        ):
            G = pickle_bytes.network("G_paper", OPTIONS, variables, 0.0)
            D = pickle_bytes.network("D_paper", OPTIONS, {}, 0.0)
            path = self.folder() / "changed.pkl"
            path.write_bytes(pickle_bytes.whole(G + D + G + b"\x87"))
            with self.assertRaisesRegex(errors.UserError, reason):
                nvidia.load_generator(path)

    def test_other_tuples(self):
        good = draws("G_paper", True, 0)
        one = pickle_bytes.network("G_paper", OPTIONS, good, 0.0)
        for content, reason in (
            (one, "not the networks G, D and Gs"),
            (one * 2 + b"\x86", "not the networks G, D and Gs"),
            (one * 3 + b"\x87", "D is not a Discriminator"),
            (b"NNN\x87", "G: not a network"),
            (one.replace(b"G_paper", b"G_other") * 3 + b"\x87", "not G_paper"),
        ):
            path = self.folder() / "other.pkl"
            path.write_bytes(pickle_bytes.whole(content))
            with self.assertRaisesRegex(errors.UserError, reason):
                nvidia.load_pickle(path)
