"""Small mistakes in training: the loop, its state and what it decides.

Those in what a step computes are in `training_steps.py`.
"""

from benchmarks.mutants.mutant import mutants

_WALKS = (
    "tests/training/arrival_schedule_test.py::WalkTest "
    "tests/training/arrival_schedule_test.py::OtherWalksTest "
    "tests/training/trainer_test.py"
)

MUTANTS = (
    *mutants(
        "pgan_tf/training/state.py",
        "tests/training/arrival_losses_test.py::OptimizerTest "
        "tests/training/arrival_networks_test.py "
        "tests/training/trainer_test.py::NetworksTest",
        (
            "options.adam_beta1,\n        options.adam_beta2,",
            "options.adam_beta2,\n        options.adam_beta1,",
        ),
        ("        options.adam_epsilon,\n", "        1e-8,\n"),
        (
            "options.loss_scale_growth,\n            options.loss_scale_drop,",
            "options.loss_scale_drop,\n            options.loss_scale_growth,",
        ),
        ("            options.loss_scale_log2,\n", "            64.0,\n"),
        ('if options.precision == "float16":', "if False:"),
        (
            'if options.precision == "float16":',
            'if options.precision != "float32":',
        ),
        ('"bfloat16": "mixed_bfloat16"', '"bfloat16": "mixed_float16"'),
        ("        Gs.set_weights(G.get_weights())\n", ""),
        ('start.lod, "Gs", "float32"', 'start.lod, "Gs", dtype'),
        ('start.lod, "Gs", "float32"', '0.0, "Gs", "float32"'),
        ("set_random_seed(options.seed)", "set_random_seed(1000)"),
        (
            "num_channels, options.data.max_label_size",
            "num_channels, 0",
        ),
        (
            "options.networks, shape, dtype)",
            'options.networks, shape, "float32")',
        ),
        ("d_adam=_make_adam(D,", "d_adam=_make_adam(G,"),
        (
            "Schedule.of_run(options).at(0)",
            "Schedule.of_run(options).at(10**9)",
        ),
    ),
    *mutants(
        "pgan_tf/training/optim.py",
        "tests/training/every_option_test.py tests/training/optim_test.py "
        "tests/training/arrival_losses_test.py::OptimizerTest "
        "tests/training/wiring_test.py",
        ("beta1: float = 0.0,", "beta1: float = 0.5,"),
        ("beta2: float = 0.99,", "beta2: float = 0.999,"),
        ("epsilon: float = 1e-8,", "epsilon: float = 1e-7,"),
        (
            "self._beta1, self._beta2, self._epsilon = beta1, beta2, epsilon",
            "self._beta1, self._beta2, self._epsilon = beta2, beta1, epsilon",
        ),
        ("beta1_power = tf.pow(self._beta1, t)", "beta1_power = self._beta1"),
        (
            "beta2_power = tf.pow(self._beta2, t)",
            "beta2_power = tf.pow(self._beta2, t + 1)",
        ),
        (
            "for variable in (self.step, *self.m, *self.v):",
            "for variable in (*self.m, *self.v):",
        ),
        (
            "for variable in (self.step, *self.m, *self.v):",
            "for variable in (self.step, *self.m):",
        ),
        (
            "for variable in (self.step, *self.m, *self.v):",
            "for variable in (self.step, *self.v):",
        ),
        ("tf.add_n(sums)", "sums[0]"),
        (
            "        if self.loss_scale is not None:\n"
            "            self.loss_scale.update(finite)\n",
            "",
        ),
        (
            "return 1.0 - tf.cast(finite, tf.float32)",
            "return tf.cast(finite, tf.float32)",
        ),
        (
            "self._growth, self._drop = growth, drop",
            "self._growth, self._drop = drop, growth",
        ),
        (
            "tf.where(finite, self._growth, -self._drop)",
            "tf.where(finite, -self._drop, self._growth)",
        ),
        (
            "tf.where(finite, self._growth, -self._drop)",
            "tf.where(finite, self._growth, self._drop)",
        ),
        ("return tf.pow(2.0, self.log2)", "return self.log2"),
        ("(1000.0 * options.gs_half_life_kimg)", "options.gs_half_life_kimg"),
        (
            "    if options.gs_half_life_kimg:\n",
            "    if not options.gs_beta:\n",
        ),
        ("    return options.gs_beta\n", "    return 0.999\n"),
        ("(average - variable) * (1.0 - beta)", "(average - variable) * beta"),
        ("variables, beta=0.0)", "variables, beta=0.999)"),
        (
            "tf.distribute.ReduceOp.MEAN",
            "tf.distribute.ReduceOp.SUM",
            "of one replica; of several replicas_test.py notices",
        ),
        (
            "(self.m[i], self.v[i], gradient)",
            "(self.m[i], self.m[i], gradient)",
        ),
        ("lr=lrate,", "lr=lrate * 0.5,"),
    ),
    *mutants(
        "pgan_tf/training/trainer.py",
        _WALKS,
        ("        self.nets.Gs.lod = stage.lod\n", ""),
        (
            "self.position.tick % every == 0",
            "(self.position.tick + 1) % every == 0",
        ),
        ("return every > 0 and", "return"),
        (
            "done = self.position.nimg >= total",
            "done = self.position.nimg > total",
        ),
        (
            "self.position.nimg += self.schedule.call_nimg(stage)",
            "self.position.nimg += stage.minibatch * 4",
        ),
        ("            self.position.lod = stage.lod\n", ""),
        ("            self.nets.g_adam.reset()\n", ""),
        ("            self.nets.d_adam.reset()\n", ""),
        ("if self.options.schedule.reset_opt_for_new_lod:", "if True:"),
        ("                self.grow()\n", "                pass\n"),
        ("seed=self.options.seed", "seed=0"),
        ("start_nimg=self.position.nimg", "start_nimg=0"),
        (
            "dataclasses.replace(self.dataset, labels=self.labels)",
            "self.dataset",
        ),
        ("g_lrate=stage.g_lrate * factor", "g_lrate=stage.g_lrate"),
        ("d_lrate=stage.d_lrate * factor", "d_lrate=stage.g_lrate * factor"),
        (
            "(stage.alpha or 1.0, stage.g_lrate, stage.d_lrate)",
            "(stage.alpha or 1.0, stage.d_lrate, stage.g_lrate)",
        ),
        ("(stage.alpha or 1.0,", "(1.0 - (stage.alpha or 0.0),"),
        (">= self.options.snapshots.checkpoint_minutes", ">= 10.0"),
        ("(time.monotonic() - saved_at) / 60", "time.monotonic() - saved_at"),
        (
            "self.divides(every.image_snapshot_ticks)",
            "self.divides(every.network_snapshot_ticks)",
        ),
        (
            "self.divides(every.network_snapshot_ticks)",
            "self.divides(every.image_snapshot_ticks)",
        ),
        ("if done or self.divides(every.image", "if self.divides(every.image"),
        (
            "if done or self.divides(every.network",
            "if self.divides(every.network",
        ),
        ("if every.weight_histograms:", "if True:"),
        ("if every.weight_histograms:", "if False:"),
        (
            "for network in (self.nets.G, self.nets.D):",
            "for network in (self.nets.Gs, self.nets.D):",
        ),
        (
            "self.grid.save_fakes(self.nets.Gs, nimg)",
            "self.grid.save_fakes(self.nets.G, nimg)",
        ),
        (
            "self.grid.save_fakes(self.nets.Gs, 0)",
            "self.grid.save_fakes(self.nets.G, 0)",
        ),
        (
            "snapshots.save_generator(self.nets.Gs, path)",
            "snapshots.save_generator(self.nets.G, path)",
        ),
        (
            "run_folder.snapshot_path(self.run_dir, nimg)",
            "run_folder.snapshot_path(self.run_dir, 0)",
        ),
        ("tf.constant(self.labels),", "tf.constant(self.dataset.labels),"),
        (
            "                tick = position.next_tick(self.position)\n",
            "                tick = position.Tick(self.position)\n",
        ),
        (
            "                self.save(tick)\n"
            "                saved_at = time.monotonic()\n",
            "                self.save(tick)\n",
        ),
        (
            '{"G": nets.G, "D": nets.D, "Gs": nets.Gs}',
            '{"G": nets.G, "D": nets.D}',
        ),
        (
            "self.dataset.labels[:, : options.data.max_label_size]",
            "self.dataset.labels",
        ),
        (
            "        if options.deterministic:\n",
            "        if not options.deterministic:\n",
        ),
        (
            "steps=self.schedule.call_nimg(stage) // stage.minibatch",
            "steps=self.options.schedule.minibatch_repeats",
        ),
        (
            "due = done or tick.due(self.position.nimg, stage.tick_kimg)",
            "due = tick.due(self.position.nimg, stage.tick_kimg)",
        ),
        (
            "due = done or tick.due(self.position.nimg, stage.tick_kimg)",
            "due = done or tick.due(self.position.nimg, 0.024)",
        ),
        (
            "            self.checkpoints.save(self.position)\n\n"
            "    def start_from",
            "\n    def start_from",
        ),
        (
            "worker=self.workers.part(),",
            "worker=(0, 1),",
            "of one process; of several multi_host_test.py notices",
        ),
    ),
    *mutants(
        "pgan_tf/training/position.py",
        "tests/training/position_test.py " + _WALKS,
        (
            "nimg - self._nimg >= tick_kimg * 1000",
            "nimg - self._nimg > tick_kimg * 1000",
        ),
        ("self._earlier = position.tick_seconds", "self._earlier = 0.0"),
        ("self._calls = position.tick_calls", "self._calls = 0"),
        ("max(self._calls, 1)", "max(self._calls + 1, 1)"),
        ("    position.tick_seconds = 0.0\n", ""),
        ("    position.tick_nimg = position.nimg\n", ""),
        ("    position.tick_sums = []\n", ""),
        ("    position.tick_calls = 0\n", ""),
        ("        position.tick_calls = self._calls\n", ""),
        ("        position.tick_seconds = self.seconds()\n", ""),
        ("        self._calls += 1\n", ""),
    ),
    *mutants(
        "pgan_tf/training/guard.py",
        "tests/training/arrival_schedule_test.py::GuardTest "
        "tests/training/guard_test.py",
        (
            "self._options.guard_min_variation * variation(reals)",
            "0.001 * variation(reals)",
        ),
        ("bound = self._options.guard_max_score", "bound = 1e4"),
        ("abs(terms.get(name, 0.0)) > bound", "terms.get(name, 0.0) > bound"),
        ('("D_real_scores", "D_fake_scores")', '("D_real_scores",)'),
        (
            "failed.lrate_factor * self._options.rollback_lrate_factor",
            "restored.lrate_factor * self._options.rollback_lrate_factor",
        ),
        (
            "failed.lrate_factor * self._options.rollback_lrate_factor",
            "failed.lrate_factor * 0.5",
        ),
        ("rollbacks=failed.rollbacks + 1", "rollbacks=restored.rollbacks + 1"),
        (
            "where.rollbacks < self._options.max_rollbacks",
            "where.rollbacks <= self._options.max_rollbacks",
        ),
        ("self._draw(self._nets.G, stage)", "self._draw(self._nets.Gs, stage)"),
        ('"G_lrate": stage.g_lrate', '"G_lrate": stage.d_lrate'),
        (
            'adam = self._nets.d_adam if name == "D"',
            'adam = self._nets.g_adam if name == "D"',
        ),
        ("lod=stage.lod, devices=()", "lod=0.0, devices=()"),
    ),
    *mutants(
        "pgan_tf/training/plan.py",
        "tests/training/arrival_schedule_test.py::PlanTest "
        "tests/training/plan_test.py",
        (
            "d_nimg = stage.minibatch * options.schedule.d_repeats",
            "d_nimg = stage.minibatch",
        ),
        (
            "        options.schedule.d_repeats,\n        reuse_fakes",
            "        1,\n        reuse_fakes",
        ),
        ("reuse_fakes=options.optimizer.reuse_fakes", "reuse_fakes=False"),
        ("share // stage.passes", "share"),
        ("math.ceil(count - 1e-6)", "math.ceil(count)"),
        (
            "        g_lrate=stage.g_lrate,\n        d_lrate=stage.d_lrate",
            "        g_lrate=stage.d_lrate,\n        d_lrate=stage.g_lrate",
        ),
        (
            "options.snapshots.network_snapshot_ticks, ticks",
            "options.snapshots.image_snapshot_ticks, ticks",
        ),
        (
            "options.data.resolution, num_channels, "
            "options.data.max_label_size",
            "options.data.resolution, num_channels, 0",
        ),
        (
            "speed.modelled(resolution, d_nimg, macs, peak)",
            "speed.modelled(resolution, stage.minibatch, macs, peak)",
        ),
        ("checkpoints = 2 * 4 *", "checkpoints = 4 *"),
    ),
    *mutants(
        "pgan_tf/training/grid.py",
        "tests/training/arrival_schedule_test.py::PlanTest " + _WALKS,
        (
            "options.networks.latent_size, options.seed",
            "options.networks.latent_size, 0",
        ),
        (
            "dataset.labels[self._indices, :size]",
            "dataset.labels[: len(self._indices), :size]",
        ),
        (
            "run_folder.fakes_path(self._run_dir, nimg)",
            "run_folder.fakes_path(self._run_dir, 0)",
        ),
        (
            "self._dataset.read(self._resolution, self._indices)",
            "self._dataset.read(self._resolution, self._indices[::-1])",
        ),
        ("self._labels = labels if size else None", "self._labels = None"),
        (
            'self._writer.picture("fakes", picture, nimg)',
            'self._writer.picture("fakes", picture, 0)',
        ),
    ),
    *mutants(
        "pgan_tf/training/probe.py",
        "tests/training/probe_test.py",
        (
            "self.nimg = Schedule.of_run(options).call_nimg(stage)",
            "self.nimg = stage.minibatch",
        ),
        (
            "part = fade if fading else settled",
            "part = settled if fading else fade",
        ),
        ("return calls * self.nimg / seconds", "return self.nimg / seconds"),
        ("label_size = options.data.max_label_size", "label_size = 0"),
        (
            "{r: kimg[r] / seconds[r] for r in seconds}",
            "{r: seconds[r] / kimg[r] for r in seconds}",
        ),
    ),
    *mutants(
        "pgan_tf/training/checks.py",
        "tests/training/checks_test.py tests/training/arrival_networks_test.py",
        (
            "label_size = dataset.label_size if wanted < 0 else wanted",
            "label_size = dataset.label_size",
        ),
        (
            "resolution = data.resolution or dataset.resolution",
            "resolution = dataset.resolution",
        ),
        (
            "            schedule, lod_initial_resolution=resolution\n",
            "            schedule, lod_initial_resolution=4\n",
        ),
        ("share // stage.passes % group", "share % group"),
        (
            "networks=family.fill_in(options.networks, resolution)",
            "networks=options.networks",
        ),
    ),
    *mutants(
        "pgan_tf/runs/schedule.py",
        "tests/runs/schedule_test.py " + _WALKS,
        (
            "steps = self.options.d_repeats * self.options.minibatch_repeats",
            "steps = self.options.minibatch_repeats",
        ),
        (
            "g_lrate=options.g_lrate_dict[current]",
            "g_lrate=options.d_lrate_dict[current]",
        ),
        (
            "d_lrate=options.d_lrate_dict[current]",
            "d_lrate=options.g_lrate_dict[current]",
        ),
        (
            "given.get(r, base or derived[r])",
            "base or given.get(r, derived[r])",
        ),
        (
            "min(minibatch, cap * self.num_replicas)",
            "min(minibatch, cap)",
            "of one replica; schedule_test.py has several",
        ),
        ("options.max_micro_batch_dict.get(current, minibatch)", "minibatch"),
        (
            "options.g_lrate_dict, options.g_lrate_base, lrates",
            "options.g_lrate_dict, options.d_lrate_base, lrates",
        ),
        (
            "options.d_lrate_dict, options.d_lrate_base, lrates",
            "options.d_lrate_dict, options.g_lrate_base, lrates",
        ),
        (
            "        resolution, options.lod_training_kimg\n",
            "        resolution, options.lod_transition_kimg\n",
        ),
        (
            "            current, options.lod_transition_kimg\n",
            "            current, options.lod_training_kimg\n",
        ),
        (
            "options.tick_kimg_dict, options.tick_kimg_base, ticks",
            "options.tick_kimg_dict, 0.0, ticks",
        ),
        ("return lod is None or", "return lod is not None and"),
        ("return math.floor(lod), math.ceil(lod)", "return math.floor(lod), 0"),
        ("total = options.total_kimg or", "total = 0 or"),
    ),
    *mutants(
        "pgan_tf/runs/options.py",
        "tests/training/every_option_test.py tests/runs/options_test.py",
        ("adam_beta1: float = option(0.0,", "adam_beta1: float = option(0.5,"),
        (
            "adam_beta2: float = option(0.99,",
            "adam_beta2: float = option(0.999,",
        ),
        (
            "adam_epsilon: float = option(1e-8,",
            "adam_epsilon: float = option(1e-7,",
        ),
        ("        0.999,\n", "        0.99,\n"),
        ("d_repeats: int = option(1,", "d_repeats: int = option(2,"),
        ('        4, "Steps of G between', '        1, "Steps of G between'),
        (
            "    wgan_epsilon: float = option(\n        0.001,",
            "    wgan_epsilon: float = option(\n        0.01,",
        ),
        (
            '        1000,\n        "Of weights',
            '        0,\n        "Of weights',
        ),
        ('        True, "Restart Adam', '        False, "Restart Adam'),
    ),
)
