"""Small mistakes in what a step of training draws, takes and reports."""

from benchmarks.mutants.mutant import mutants

MUTANTS = (
    *mutants(
        "pgan_tf/training/draws.py",
        "tests/training/streams_test.py tests/training/draws_test.py",
        ("nimg * len(STREAMS) +", "nimg +"),
        ("nimg * len(STREAMS) +", "nimg * 4 +"),
        ("nimg * len(STREAMS) +", "nimg * 3 +"),
        ("nimg * len(STREAMS) +", "nimg * 2 +"),
        ("+ STREAMS.index(stream)", "+ len(stream)"),
        ("+ STREAMS.index(stream)", ""),
        (
            "[tf.constant(self._seed, tf.int64), position]",
            "[tf.constant(0, tf.int64), position]",
        ),
        ("stateless_fold_in(seeds, index)", "stateless_fold_in(seeds, 1)"),
        ("        if index:\n", "        if index > 1:\n"),
        ("maxval=tf.shape(table)[0]", "maxval=tf.shape(table)[0] - 1"),
        ("maxval=tf.shape(table)[0]", "maxval=1"),
    ),
    *mutants(
        "pgan_tf/training/steps.py",
        "tests/training/wiring_test.py tests/training/streams_test.py "
        "tests/training/loss_scale_test.py "
        "tests/training/arrival_losses_test.py::LossesTest "
        "tests/training/steps_test.py "
        "tests/training/equivalence_test.py::SameGradientsTest",
        ('uniform("mirror", nimg, [])', 'uniform("mixing", nimg, [])'),
        (
            'mixing = self.draws.uniform("mixing", nimg, [1, 1, 1])',
            'mixing = self.draws.uniform("mirror", nimg, [1, 1, 1])',
        ),
        (
            'self.noise("G_latents", 1, nimg)',
            'self.noise("D_latents", 1, nimg)',
        ),
        (
            'self.noise("D_latents", 1, nimg)',
            'self.noise("D_latents", 2, nimg)',
        ),
        (
            'self.noise("D_latents", 2, nimg)',
            'self.noise("D_latents", 1, nimg)',
        ),
        (
            'self.noise("D_latents", 2, nimg)',
            'self.noise("G_latents", 1, nimg)',
        ),
        (
            'batch["latents"] = self._latents("D_latents", nimg)',
            'batch["latents"] = self._latents("G_latents", nimg)',
        ),
        (
            'batch["latents"] = self._latents("G_latents", nimg)',
            'batch["latents"] = self._latents("D_latents", nimg)',
        ),
        (
            'latents = self._latents("D_latents", nimg)\n            return',
            'latents = self._latents("G_latents", nimg)\n            return',
        ),
        (
            "draws.Draws(options.seed, self.minibatch)",
            "draws.Draws(1000, self.minibatch)",
        ),
        (
            "nets.G.trainable_at(self.resolution, self.fading)",
            "nets.G.trainable_at(self.resolution, False)",
        ),
        (
            "nets.D.trainable_at(self.resolution, self.fading)",
            "nets.D.trainable_at(self.resolution, False)",
        ),
        ("        if self.gs_decay:\n            self._update_gs()\n", ""),
        (
            "        if not self.gs_decay:  # no smoothing: Gs is G\n",
            "        if True:\n",
        ),
        (
            "self.nets.Gs.averaged_at(self.resolution),\n"
            "            self.nets.G.averaged_at(self.resolution),",
            "self.nets.G.averaged_at(self.resolution),\n"
            "            self.nets.Gs.averaged_at(self.resolution),",
        ),
        (
            "self.nets.Gs.copied_state(),\n"
            "            self.nets.G.copied_state(),",
            "self.nets.G.copied_state(),\n"
            "            self.nets.Gs.copied_state(),",
        ),
        (
            "optim.average_decay(options.optimizer, self.minibatch)",
            "options.optimizer.gs_beta",
        ),
        (
            '            "labels": self.share(labels),\n',
            '            "labels": tf.roll(self.share(labels), 1, 0),\n',
        ),
        ("scale = self.nets.d_adam.scale()", "scale = 1.0"),
        (
            "scale = self.nets.g_adam.scale()",
            "scale = self.nets.d_adam.scale()",
        ),
        (
            "                noise,\n                scale,\n",
            "                noise,\n",
        ),
        (
            "return [gradient / scale for gradient in gradients]",
            "return list(gradients)",
        ),
        (
            "return [g / self.passes for g in gradients], means / self.passes",
            "return gradients, means / self.passes",
        ),
        (
            "return [g / self.passes for g in gradients], means / self.passes",
            "return [g / self.passes for g in gradients], means",
        ),
        ("group = self.nets.D.group_size or 1", "group = 1"),
        (
            "start = context.replica_id_in_sync_group * size % batch.shape[0]",
            "start = 0",
        ),
        (
            "return self.share(noise) * stddev",
            "return self.share(noise) * self.losses.noise_stddev",
        ),
        (
            "nimg, self.losses.noise_stddev, self.losses.noise_kimg",
            "nimg, self.losses.noise_stddev, 1000.0",
        ),
        (
            "real_images.fade_reals(reals, alpha)",
            "real_images.fade_reals(reals, 1.0 - alpha)",
        ),
        (
            "        if alpha is not None:\n"
            "            reals = real_images.fade_reals(reals, alpha)\n",
            "",
        ),
        (
            "            label_kind, options.losses.label_loss\n",
            '            "", options.losses.label_loss\n',
        ),
        (
            "            label_kind, options.losses.label_loss\n",
            '            label_kind, "auto"\n',
        ),
        (
            "self._draw(latents, self.share(labels), fade)",
            "self._draw(latents, self.share(labels), None)",
        ),
        (
            'self._draw(batch["latents"], labels, alpha).images',
            'self._draw(batch["latents"], labels, None).images',
        ),
        (
            'self._draw(batch["latents"], batch["labels"], alpha)',
            'self._draw(batch["latents"], batch["labels"], None)',
        ),
        ("means = tf.where(tf.math.is_finite(means), means, 0.0)", "pass"),
        ("        if adam.loss_scale is not None:\n", "        if True:\n"),
        (
            'noise = (batch["real_noise"], batch["fake_noise"])',
            'noise = (batch["fake_noise"], batch["real_noise"])',
        ),
        ('                batch.get("noise"),\n', "                None,\n"),
        ("if self.options.data.mirror_augment:", "if True:"),
        (
            "self._descend(self.nets.g_adam, gradients, self.g_vars, lrate)",
            "self._descend(self.nets.g_adam, gradients, self.g_vars, 1e-3)",
        ),
        (
            "self._descend(self.nets.d_adam, gradients, self.d_vars, lrate)",
            "self._descend(self.nets.d_adam, gradients, self.d_vars, 1e-3)",
        ),
        ("self.g_pass = tf.function(self._g_pass, jit_compile=True)", "pass"),
        ("if not self.options.optimizer.reuse_fakes:", "if True:"),
        (
            "return tf.concat([means, [skipped]], axis=0)",
            "return tf.concat([[skipped], means], axis=0)",
        ),
        ('{"D_loss": loss, **values}', '{"D_loss": scaled, **values}'),
        ('{"G_loss": loss, **values}', '{"G_loss": scaled, **values}'),
    ),
    *mutants(
        "pgan_tf/training/compiled_steps.py",
        "tests/training/wiring_test.py::CountsTest "
        "tests/training/streams_test.py tests/training/steps_test.py "
        "tests/training/trainer_test.py",
        (
            "repeats = options.schedule.minibatch_repeats\n"
            "    d_repeats = options.schedule.d_repeats",
            "d_repeats = options.schedule.minibatch_repeats\n"
            "    repeats = options.schedule.d_repeats",
        ),
        (
            "shown = nimg + i * d_repeats * stage.minibatch",
            "shown = nimg + i * stage.minibatch",
        ),
        (
            "shown = nimg + i * d_repeats * stage.minibatch",
            "shown = nimg + i * d_repeats",
        ),
        ("step = i * d_repeats + j", "step = i + j"),
        ("shown + j * stage.minibatch", "shown"),
        ("shown + j * stage.minibatch", "shown + j"),
        (
            "                    labels[step],\n",
            "                    labels[i],\n",
        ),
        (
            "fakes_for_both(labels[i], shown, alpha)",
            "fakes_for_both(labels[0], shown, alpha)",
        ),
        (
            "                    d_lrate,\n                    fakes",
            "                    g_lrate,\n                    fakes",
        ),
        (
            "g_step(shown, alpha, g_lrate, fakes, *seen)",
            "g_step(shown, alpha, d_lrate, fakes, *seen)",
        ),
        (
            "g_step(shown, alpha, g_lrate, fakes, *seen)",
            "g_step(nimg, alpha, g_lrate, fakes, *seen)",
        ),
        ("d_total / (repeats * d_repeats)", "d_total / repeats"),
        ("d_total / (repeats * d_repeats)", "d_total / d_repeats"),
        ("g_total / repeats]", "g_total / (repeats * d_repeats)]"),
        ("all_labels, options, label_kind\n", "all_labels, options\n"),
    ),
    *mutants(
        "pgan_tf/training/real_images.py",
        "tests/training/wiring_test.py::DrawsTest tests/training/steps_test.py",
        ("(-1, 1, 1, 1)) >= 0.5", "(-1, 1, 1, 1)) > 0.5"),
        ("ops.flip(images, axis=2)", "ops.flip(images, axis=1)"),
        (
            "operations.lerp(blurred, reals, alpha)",
            "operations.lerp(reals, blurred, alpha)",
        ),
    ),
)
