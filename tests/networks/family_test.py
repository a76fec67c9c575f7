"""A second family of networks, defined here, works with all of the package.

It has what the progressive one lacks: batch statistics, a D that takes labels,
statistics of a whole minibatch, and no growth.
"""

import dataclasses
import pathlib
import types
from typing import Any

import keras
import numpy as np
from keras import ops

import pgan_tf
from pgan_tf import sampling
from pgan_tf.base import errors
from pgan_tf.evaluation import of_run
from pgan_tf.evaluation.options import Options
from pgan_tf.networks import cost, export, families
from pgan_tf.networks.family import Family, ImageShape
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.option_tree import POSITIVE, option
from pgan_tf.runs.options import DataOptions, RunOptions, ScheduleOptions
from pgan_tf.training import checks, plan, speed, trainer
from tests import common
from tests.training import trainer_test


@keras.saving.register_keras_serializable("toy")
class ToyGenerator(keras.Model):
    """A dense layer and a batch norm; labels are added to the latents."""

    family = "toy"

    def __init__(
        self,
        resolution: int,
        num_channels: int,
        label_size: int,
        latent_size: int,
        lod: float = 0.0,
        name: str = "G",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.resolution, self.num_channels = resolution, num_channels
        self.label_size, self.latent_size = label_size, latent_size
        self.lod = lod
        self.norm = keras.layers.BatchNormalization(name="norm")
        self.dense = keras.layers.Dense(
            resolution**2 * num_channels, name="dense"
        )
        self.norm.build((None, latent_size + label_size))
        self.dense.build((None, latent_size + label_size))
        self.built = True

    def call(
        self, latents, labels=None, resolution=None, alpha=None, training=False
    ):
        assert resolution in (None, self.resolution) and alpha is None
        if labels is not None:
            latents = ops.concatenate([latents, labels], axis=-1)
        x = ops.tanh(self.dense(self.norm(latents, training=training)))
        size = self.resolution
        return ops.reshape(x, (-1, size, size, self.num_channels))

    def trainable_at(self, resolution: int, fading: bool) -> list[Any]:
        return self.trainable_variables

    def averaged_at(self, resolution: int) -> list[Any]:
        return self.trainable_variables

    def copied_state(self) -> list[Any]:
        return self.non_trainable_variables

    def kernels_at(self, resolution: int, fading: bool) -> list[Any]:
        return [self.dense.kernel]

    def first_activations(self, latents, labels=None):
        return self.norm(latents)

    def get_config(self) -> dict[str, Any]:
        return {
            "resolution": self.resolution,
            "num_channels": self.num_channels,
            "label_size": self.label_size,
            "latent_size": self.latent_size,
            "lod": self.lod,
            "name": self.name,
        }


class ToyDiscriminator(keras.Model):
    """Scores by a dense layer, and by how well labels project onto images."""

    family = "toy"
    group_size = None
    lod = 0.0
    # What calls were given, as they were traced.
    seen: list[tuple[int, bool]] = []

    def __init__(self, shape: ImageShape) -> None:
        super().__init__(name="D")
        self.resolution, self.num_channels = (
            shape.resolution,
            shape.num_channels,
        )
        self.label_size = shape.label_size
        self.score = keras.layers.Dense(1, name="score")
        self.embed = keras.layers.Dense(3, use_bias=False, name="embed")
        self.score.build((None, shape.num_channels))
        self.embed.build((None, shape.label_size))
        self.built = True

    def call(self, images, labels=None, alpha=None, training=False):
        assert alpha is None
        self.seen.append((labels.shape[-1], training))
        means = ops.mean(images, axis=(1, 2))
        # Of the whole minibatch, so that reals and fakes must not mix.
        means = means - ops.mean(means, axis=0, keepdims=True)
        fits = ops.sum(self.embed(labels) * means, axis=-1, keepdims=True)
        return self.score(means) + fits, means[:, :0]

    def trainable_at(self, resolution: int, fading: bool) -> list[Any]:
        return self.trainable_variables


@dataclasses.dataclass(frozen=True)
class ToyOptions:
    latent_size: int = option(5, "Latent dimensions.", POSITIVE)
    toy_seriousness: int = option(0, "Of no effect.")


class ToyCost:
    """Numbers of about the right size."""

    def generator(self, resolution: int, fading: bool = False) -> cost.Cost:
        return cost.Cost(macs=10 * resolution**2, parameters=1000)

    def discriminator(self, resolution: int, fading: bool = False) -> cost.Cost:
        return cost.Cost(macs=resolution**2, parameters=12, activations=9)

    def parameters(self, final: int) -> tuple[int, int]:
        return 1000, 12


class ToyFamily(Family):
    name = "toy"
    options = ToyOptions
    generator_class = "toy>ToyGenerator"

    def grows(self, options: ToyOptions) -> bool:
        return False

    def fill_in(self, options: ToyOptions, resolution: int) -> ToyOptions:
        return options

    def group_size(self, options: ToyOptions) -> None:
        return None

    def cost(self, options: ToyOptions, shape: ImageShape) -> ToyCost:
        return ToyCost()

    def models(self) -> Any:
        return types.SimpleNamespace(
            make_generator=lambda options, shape, lod, name, dtype: (
                ToyGenerator(
                    **dataclasses.asdict(shape),
                    latent_size=options.latent_size,
                    lod=lod,
                    name=name,
                    dtype=dtype,
                )
            ),
            make_discriminator=lambda options, shape, dtype: ToyDiscriminator(
                shape
            ),
            generator_from_config=lambda config: ToyGenerator(**config),
            named_variables=lambda network: {
                v.path: np.asarray(v) for v in network.weights
            },
            stock_model=stock_model,
        )


def stock_model(network: ToyGenerator, lod: float | None, uint8: bool) -> Any:
    latents = keras.Input((network.latent_size,), name="latents")
    labels = keras.Input((network.label_size,), name="labels")
    images = network(latents, labels)
    return keras.Model(
        {"latents": latents, "labels": labels}, {"images": images}
    )


def state_of(run: trainer.Run) -> dict[str, np.ndarray]:
    """All variables of the networks and the optimizers."""
    found = {}
    for field in dataclasses.fields(run.nets):
        for i, variable in enumerate(getattr(run.nets, field.name).variables):
            found[f"{field.name}/{i}"] = np.asarray(variable)
    return found


class FamilyTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        trainer_test.make_dataset(self.here / "set")
        families.add(ToyFamily())
        self.addCleanup(families.remove, "toy")
        ToyDiscriminator.seen.clear()

    def options(self, total_kimg: float, run: str = "run") -> RunOptions:
        """Of a training that takes two steps between looks."""
        schedule = {**trainer_test.SCHEDULE, "total_kimg": total_kimg}
        return checks.check(
            RunOptions(
                run_dir=str(self.here / run),
                family="toy",
                networks=ToyOptions(),
                data=DataOptions(
                    data_dir=str(self.here / "set"), max_label_size=-1
                ),
                schedule=ScheduleOptions(**schedule),
            )
        )

    def test_it_trains_and_resumes(self):
        """Stopped after two steps it comes to the same as in one go."""
        trainer.train(self.options(0.016))
        (tick,) = trainer_test.stats(self.here / "run")
        self.assertEqual((tick["nimg"], tick["resolution"]), (16, 8))
        trainer.train(self.options(0.032))
        resumed = trainer.Run(self.options(0.032))
        trainer.train(self.options(0.032, "other"))
        whole = trainer.Run(self.options(0.032, "other"))
        self.assertEqual(resumed.position.nimg, 32)
        self.assertEqual(whole.position.nimg, 32)
        fresh = trainer.Run(self.options(0.032, "fresh"))
        expected, start = state_of(whole), state_of(fresh)
        for name, values in state_of(resumed).items():
            self.assert_near(values, expected[name], share=1e-5)
        # D's labels and the batch statistics, of G and copied into Gs, too.
        changed = [
            name
            for name, values in start.items()
            if not np.array_equal(values, expected[name])
        ]
        embed = next(
            i
            for i, v in enumerate(whole.nets.D.variables)
            if v.path.endswith("embed/kernel")
        )
        self.assertIn(f"D/{embed}", changed)
        for name in ("moving_mean", "moving_variance"):
            of_g, of_gs = (
                next(v for v in network.weights if v.path.endswith(name))
                for network in (whole.nets.G, whole.nets.Gs)
            )
            initial = np.full(of_g.shape, int(name == "moving_variance"))
            self.assertNotAllClose(of_gs, initial, rtol=0, atol=1e-6)
        for run in (resumed, whole, fresh):
            run.close()
        self.assertEqual(set(ToyDiscriminator.seen), {(3, True)})

    def test_it_draws_and_is_evaluated(self):
        trainer.train(self.options(0.016))
        Gs = pgan_tf.load(self.here / "run")
        self.assertIsInstance(Gs, ToyGenerator)
        latents = sampling.latents(0, 6, Gs.latent_size, seed=1)
        labels = np.eye(3, dtype=np.float32)[[0, 1, 2] * 2]
        images = sampling.generate(Gs, latents, labels, minibatch=4)
        self.assertAllClose(images, Gs(latents, labels), rtol=1e-6, atol=1e-6)
        report = of_run.evaluate(
            self.here / "run",
            Options(metrics=["fid"], features="random", num_images=20),
        )
        (result,) = [r for r in report.results if r.row.endswith(".keras")]
        self.assertTrue(np.isfinite(result.value.value))
        out = self.here / "toy.keras"
        self.assertLess(export.export(Gs, "keras", out), 1e-5)
        self.assertTrue(run_folder.report_path(self.here / "run").exists())

    def test_it_is_planned(self):
        options, channels = checks.check_plan(self.options(0.16))
        made = plan.make(options, channels, machine=speed.Machine(1.0))
        (row,) = made.rows
        self.assertEqual((row.resolution, row.settled_kimg), (8, 0.16))
        self.assertEqual(row.parameters, 1012)
        # An iteration: 8 images, (12 + 2) times D's and (1 + 3) times G's.
        self.assertAllClose(
            row.gmac, 8 * 64 * (14 + 40) / 1e9, rtol=1e-9, atol=0
        )

    def test_its_options_are_a_section(self):
        options = run_flags.parse(["--family=toy", "--toy_seriousness=3"])
        self.assertEqual(options.networks, ToyOptions(5, 3))
        again = run_flags.from_json(run_flags.to_json(options))
        self.assertEqual(again, options)
        self.assertIn("--family=toy", run_flags.command(options))
        self.assertEqual(run_flags.parse([]).networks, ProgressiveOptions())
        for arguments, message in (
            (("--toy_seriousness=3",), "progressive: .*toy_seriousness"),
            (("--family=toy", "--fmap_max=3"), "toy: .*fmap_max"),
            (("--family=toi",), "toi"),
        ):
            with self.assertRaisesRegex(errors.UserError, message):
                run_flags.parse(arguments)

    def test_passes_are_refused(self):
        options = self.options(0.016)
        options = dataclasses.replace(
            options,
            schedule=dataclasses.replace(
                options.schedule, max_micro_batch_dict={8: 4}
            ),
        )
        with self.assertRaisesRegex(errors.UserError, "max_micro_batch_dict"):
            trainer.train(options)
        self.assertFalse(pathlib.Path(options.run_dir).exists())
