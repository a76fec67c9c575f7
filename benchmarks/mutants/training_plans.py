"""Small mistakes in options, the schedule, and plans of a training."""

from benchmarks.mutants.mutant import mutants

_WALKS = "tests/training/arrival_schedule_test.py"

MUTANTS = (
    *mutants(
        "pgan_tf/training/plan.py",
        "tests/training/arrival_files_test.py::PlanTest "
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
            "speed.modelled(resolution, d_nimg, macs, machine)",
            "speed.modelled(resolution, stage.minibatch, macs, machine)",
        ),
        ("checkpoints = 2 * 4 *", "checkpoints = 4 *"),
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
        ('        4,\n        "Steps of G', '        1,\n        "Steps of G'),
        (
            "    wgan_epsilon: float = option(\n        0.001,",
            "    wgan_epsilon: float = option(\n        0.01,",
        ),
        (
            '        1000,\n        "Seed of all',
            '        0,\n        "Seed of all',
        ),
        ('        True, "Restart Adam', '        False, "Restart Adam'),
    ),
)
