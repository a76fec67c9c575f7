"""No two draws of a run come from the same place of a random stream."""

import itertools
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.runs.options import (
    DataOptions,
    LossesOptions,
    RunOptions,
    ScheduleOptions,
)
from pgan_tf.runs.schedule import Stage
from pgan_tf.training import compiled_steps, draws, steps
from tests import common
from tests.training import known

# All that draws is on.
NOISY = RunOptions(
    seed=5,
    data=DataOptions(mirror_augment=True),
    losses=LossesOptions(noise_stddev=0.5, noise_kimg=1e6),
    schedule=ScheduleOptions(d_repeats=3, minibatch_repeats=2),
)
# Latents, mixing, coins and two noises for D; latents, labels, noise for G.
OF_D, OF_G = 5, 3


class Recorder:
    """Keeps the seed of each draw that TensorFlow makes."""

    def __init__(self, test) -> None:
        self.seeds: list[tuple[int, int]] = []
        for name in ("stateless_normal", "stateless_uniform"):
            wrapped = self.wrap(getattr(tf.random, name))
            test.enter_context(mock.patch.object(tf.random, name, wrapped))

    def wrap(self, function):
        def recording(shape, seed, *arguments, **options):
            self.seeds.append(tuple(np.asarray(seed).tolist()))
            return function(shape, seed, *arguments, **options)

        return recording


class StreamsTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        tf.config.run_functions_eagerly(True)
        self.addCleanup(tf.config.run_functions_eagerly, False)
        self.recorder = Recorder(self)

    def calls(self, minibatch: int, count: int, nimg: int = 0) -> list:
        """Seeds of each of several calls, of 2 steps of G, 6 of D."""
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        iterations = compiled_steps.make_iterations(
            known.networks(strategy, label_size=3),
            strategy,
            Stage(1.0, known.RESOLUTION, minibatch, 0.0, 0.0, 1.0),
            tf.eye(3),
            NOISY,
            "onehot",
        )
        found = []
        for _ in range(count):
            self.recorder.seeds = []
            iterations(
                tf.constant(known.pixels(6 * minibatch)),
                tf.zeros([6 * minibatch, 3]),
                tf.constant(nimg, tf.int64),
                *map(tf.constant, (1.0, 0.0, 0.0)),
            )
            found.append(self.recorder.seeds)
            nimg += 6 * minibatch
        return found

    # Up to 4 images apart, the places of five streams lie closest.
    @parameterized.parameters(1, 2, 3, 4, 5)
    def test_all_seeds_differ(self, minibatch):
        found = self.calls(minibatch, count=4)
        found += self.calls(minibatch, count=2, nimg=12_000_000)
        for seeds in found:
            self.assertLen(seeds, 6 * OF_D + 2 * OF_G)
        seeds = list(itertools.chain(*found))
        self.assertLen(set(seeds), len(seeds))

    def test_a_call_draws_the_same_again(self):
        self.assertEqual(self.calls(4, 2)[1], self.calls(4, 1, nimg=24)[0])

    def test_places_of_streams_never_meet(self):
        """By their first numbers, at all places near each other."""
        drawn = draws.Draws(5, 1)

        def place(nimg):
            return tf.constant(nimg, tf.int64)

        found = {
            (stream, index, nimg): drawn.normal(
                stream, place(nimg), [1], index
            ).numpy()[0, 0]
            for stream in draws.STREAMS
            for index in (0, 1, 2)
            for nimg in range(24)
        }
        self.assertLen(set(found.values()), len(found))
        uniform = {
            drawn.uniform(stream, place(nimg), [1]).numpy()[0, 0]
            for stream in draws.STREAMS
            for nimg in range(24)
        }
        self.assertLen(uniform, 24 * len(draws.STREAMS))

    def test_the_names_are_all_different(self):
        self.assertLen(set(draws.STREAMS), len(draws.STREAMS))

    def test_the_seed_of_the_run_is_in_all(self):
        for seeds in self.calls(4, 1):
            folded = [seed for seed, _ in seeds if seed != NOISY.seed]
            # Noise has the seed folded with its index.
            self.assertLen(folded, 6 * 2 + 2 * 1)
        with mock.patch.object(draws, "Draws", wraps=draws.Draws) as made:
            self.calls(4, 1)
        self.assertEqual(made.call_args.args, (NOISY.seed, 4))


class PassesTest(common.TestCase, parameterized.TestCase):
    """A minibatch in passes: each image and each draw is in one of them."""

    @parameterized.parameters((1, 0), (2, 0), (4, 1), (2, 2))
    def test_rows(self, passes, group_size):
        iteration = known.make(
            NOISY, 3, "onehot", passes=passes, group_size=group_size
        )
        iteration.draws = draws.Draws(NOISY.seed, known.MINIBATCH)
        seen: dict[str, list] = {"D": [], "G": []}

        def recorded(name, one_pass):
            def run(batch, alpha):
                seen[name].append({k: v.numpy() for k, v in batch.items()})
                return one_pass(batch, alpha)

            return run

        iteration.d_pass = recorded("D", iteration.d_pass)
        iteration.g_pass = recorded("G", iteration.g_pass)
        known.run(iteration, labels=(2, 0, 1, 2), nimg=40)
        place = tf.constant(40, tf.int64)
        noise = 0.5 * (1 - 40e-9)
        size, shape = [known.KnownGenerator.latent_size], [4, 4, 1]
        normal, uniform = iteration.draws.normal, iteration.draws.uniform
        coins = uniform("mirror", place, []).numpy()
        reals = known.scaled(known.pixels())
        reals[coins >= 0.5] = reals[coins >= 0.5][:, :, ::-1]
        expected = {
            "D": {
                "reals": reals,
                "labels": np.eye(3)[[2, 0, 1, 2]],
                "latents": normal("D_latents", place, size),
                "mixing": uniform("mixing", place, [1, 1, 1]),
                "real_noise": noise * normal("D_latents", place, shape, 1),
                "fake_noise": noise * normal("D_latents", place, shape, 2),
            },
            "G": {
                "latents": normal("G_latents", place, size),
                "labels": iteration.draws.rows("G_labels", place, tf.eye(3)),
                "noise": noise * normal("G_latents", place, shape, 1),
            },
        }
        for name, arrays in expected.items():
            self.assertLen(seen[name], passes)
            rows = [self.joined(batch, arrays) for batch in seen[name]]
            found = np.concatenate(rows)
            whole = self.joined(arrays, arrays)
            self.assertEqual(len(found), known.MINIBATCH)
            # Each row of all of it, none twice, in whatever order.
            order = [
                int(np.argmin(np.abs(whole - row).sum(1))) for row in found
            ]
            self.assertCountEqual(order, range(known.MINIBATCH))
            self.assertAllClose(found, whole[order], rtol=1e-5, atol=1e-6)

    def joined(self, batch, names) -> np.ndarray:
        """What belongs to an image, as one row."""
        self.assertEqual(set(batch), set(names))
        parts = [np.asarray(batch[name]) for name in names]
        return np.concatenate([p.reshape(len(p), -1) for p in parts], axis=1)


class ReplicasTest(common.TestCase):
    def test_every_replica_has_its_own_share_of_each_draw(self):
        """Shares of 4 replicas, side by side, are the whole draw."""
        iteration = known.make(NOISY)
        whole = iteration.share(tf.range(known.MINIBATCH))
        self.assertAllEqual(whole, range(known.MINIBATCH))
        taken = []
        for index in range(4):
            context = mock.Mock(replica_id_in_sync_group=index)
            with (
                mock.patch.object(
                    tf.distribute, "get_replica_context", return_value=context
                ),
                mock.patch.object(iteration, "strategy") as strategy,
            ):
                strategy.num_replicas_in_sync = 4
                taken.append(iteration.share(tf.range(4)).numpy().tolist())
        self.assertEqual(taken, [[0], [1], [2], [3]])


class ReportedTest(common.TestCase):
    def test_the_terms_have_names_of_their_own(self):
        self.assertLen(set(steps.TERMS), len(steps.TERMS))
        self.assertEqual(
            steps.TERMS,
            (
                "D_loss",
                "D_real_scores",
                "D_fake_scores",
                "D_mixed_norms",
                "D_gradient_penalty",
                "D_drift_penalty",
                "D_label_penalty",
                "D_skipped_steps",
                "G_loss",
                "G_label_penalty",
                "G_ortho_penalty",
                "G_skipped_steps",
            ),
        )
