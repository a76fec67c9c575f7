"""Small mistakes in what a training holds: networks, Adam, the average of G."""

from benchmarks.mutants.mutant import mutants

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
            "(self.m[i], self.v[i], gradient)",
            "(self.m[i], self.m[i], gradient)",
        ),
        ("lr=lrate,", "lr=lrate * 0.5,"),
    ),
    *mutants(
        "pgan_tf/training/optim.py",
        "tests/training/replicas_test.py",
        ("tf.distribute.ReduceOp.MEAN", "tf.distribute.ReduceOp.SUM"),
    ),
)
