"""Small mistakes in the loop of training, and in what it looks at."""

from benchmarks.mutants.mutant import mutants

_WALKS = (
    "tests/training/arrival_schedule_test.py "
    "tests/training/arrival_files_test.py "
    "tests/training/arrival_networks_test.py tests/training/trainer_test.py"
)

MUTANTS = (
    *mutants(
        "pgan_tf/training/trainer.py",
        _WALKS,
        (
            "unused = 0 if self.labels.shape[1] else self.dataset.label_size",
            "unused = self.dataset.label_size",
        ),
        (
            "        checks.check_minibatches(\n"
            "            self.schedule, family.group_size(options.networks)\n"
            "        )\n",
            "",
        ),
        (
            "            with tick.waiting():\n"
            "                batch = next(batches)\n",
            "            batch = next(batches)\n",
        ),
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
            "nimg = self.schedule.call_nimg(stage)",
            "nimg = stage.minibatch * 4",
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
            "snapshots.save_generator(self.nets.Gs, path)",
            "snapshots.save_generator(self.nets.G, path)",
        ),
        (
            "run_folder.snapshot_path(self.run_dir, nimg)",
            "run_folder.snapshot_path(self.run_dir, 0)",
        ),
        ("tf.constant(self.labels),", "tf.constant(self.dataset.labels),"),
        (
            "                tick = position.next_tick(self.position, tick)\n",
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
    ),
    *mutants(
        "pgan_tf/training/trainer.py",
        "tests/training/guard_test.py::RollbackTest",
        (
            "            self.checkpoints.save(self.position)\n\n"
            "    def start_from",
            "\n    def start_from",
        ),
        (
            "self.guard.lowered(failed, restored)",
            "self.guard.lowered(restored, restored)",
        ),
        (
            "        # From now on the lower rates are part of the run.\n"
            "        self.checkpoints.save(self.position)\n",
            "",
        ),
        (
            "        self.reports.log.forget_stats_after(self.position.nimg)\n"
            "        # From",
            "        # From",
        ),
    ),
    *mutants(
        "pgan_tf/training/trainer.py",
        "tests/commands/multi_host_test.py",
        ("worker=self.workers.part(),", "worker=(0, 1),"),
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
        "pgan_tf/training/pace.py",
        "tests/training/pace_test.py tests/training/reports_test.py",
        (
            "        if self._is_setting_up:\n            return\n",
            "",
        ),
        ("        self._is_setting_up = True\n", ""),
        (
            "        self._is_setting_up = False\n\n    def _end_stretch",
            "\n    def _end_stretch",
        ),
        ("if s.resolution == resolution]", "]"),
        ("        self._setup_before = setup\n", ""),
        ("        self._end_stretch()\n        yield", "        yield"),
        (
            "            self._present = before._present.again()\n",
            "            pass\n",
        ),
    ),
    *mutants(
        "pgan_tf/training/time_left.py",
        "tests/training/time_left_test.py",
        ("statistics.median_low(values)", "statistics.fmean(values)"),
        ("if nimg <= start or again:", "if again:"),
        ("if nimg <= start or again:", "if nimg <= start:"),
        ("        self._setups += setups\n", ""),
        ("            self._between.append(between)\n", "            pass\n"),
        ("size += _FIRST_SETUP", "pass"),
    ),
    *mutants(
        "pgan_tf/training/guard.py",
        "tests/training/arrival_files_test.py::GuardTest "
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
        "pgan_tf/training/grid.py",
        "tests/training/arrival_files_test.py::PlanTest " + _WALKS,
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
)
