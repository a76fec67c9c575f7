"""Small mistakes in losses, their terms and their weights."""

from benchmarks.mutants.mutant import mutants

MUTANTS = (
    *mutants(
        "pgan_tf/training/objectives.py",
        "tests/training/wiring_test.py tests/training/objectives_test.py "
        "tests/training/loss_scale_test.py "
        "tests/training/arrival_losses_test.py::LossesTest "
        "tests/training/objectives_golden_test.py",
        (
            "reals + noise[0], fakes + noise[1]",
            "reals + noise[1], fakes + noise[0]",
        ),
        ("losses.drift_penalty(scores[0])", "losses.drift_penalty(scores[1])"),
        (
            '"D_fake_scores": scores[1][:, 0]',
            '"D_fake_scores": scores[0][:, 0]',
        ),
        (
            "+ _label_penalty(labels, logits[1], options)",
            "+ _label_penalty(labels, logits[0], options)",
        ),
        (
            "        + _label_penalty(labels, logits[1], options),\n",
            "        ,\n",
        ),
        ("if losses.has_drift(options.loss):", "if True:"),
        (
            "loss += options.wgan_epsilon * drift",
            "loss += options.wgan_lambda * drift",
        ),
        ("loss += options.cond_weight * terms", "loss += terms"),
        ("adversarial + options.cond_weight * terms", "adversarial + terms"),
        (
            "return options.wgan_lambda if of_mixed else options.r1_gamma",
            "return options.r1_gamma if of_mixed else options.wgan_lambda",
        ),
        (
            "operations.lerp(reals, fakes, mixing)",
            "operations.lerp(fakes, reals, mixing)",
        ),
        (
            'images = reals if penalty == "r1" else fakes',
            'images = fakes if penalty == "r1" else reals',
        ),
        (
            "losses.gradient_norms(gradients, D.resolution)",
            "losses.gradient_norms(gradients, reals.shape[1])",
        ),
        (
            "score_gradients(D, images, labels, alpha, scale)",
            "score_gradients(D, images, labels, alpha)",
        ),
        (
            "score_gradients(D, images, labels, alpha, scale)",
            "score_gradients(D, images, labels, None, scale)",
        ),
        (
            "return tape.gradient(total, images) / scale",
            "return tape.gradient(total, images)",
        ),
        (
            "total = tf.reduce_sum(scores) * scale",
            "total = tf.reduce_mean(scores) * scale",
        ),
        (
            "losses.gradient_penalty(norms, options.wgan_target)",
            "losses.gradient_penalty(norms)",
        ),
        (
            "losses.one_sided_penalty(norms, options.wgan_target)",
            "losses.one_sided_penalty(norms)",
        ),
        ("tf.concat(parts, axis=1)", "tf.concat(parts, axis=0)"),
        (
            "        together(labels, labels),\n        alpha=alpha,",
            "        together(labels, labels),\n        alpha=None,",
        ),
        ("        fakes += noise\n", "        fakes += 0 * noise\n"),
        (
            "G.kernels_at(resolution, alpha is not None)",
            "G.kernels_at(resolution, False)",
        ),
        ("losses.ADVERSARIAL[options.loss][1](scores)", "-scores"),
        ("loss += options.ortho_weight * terms", "loss += terms"),
        (
            "D(fakes, labels, alpha=alpha, training=True)",
            "D(fakes, labels, alpha=None, training=True)",
        ),
        ("given = labels if labels.shape[-1] else None", "given = None"),
        ('if options.label_loss == "sigmoid":', "if False:"),
        (
            "resolution=resolution, alpha=alpha, training=True)",
            "resolution=resolution, alpha=alpha)",
        ),
        ("group = 1 if D.group_size == 0 else D.group_size", "group = 1"),
    ),
    *mutants(
        "pgan_tf/training/losses.py",
        "tests/training/arrival_losses_test.py::LossesTest "
        "tests/training/losses_test.py",
        (
            '"minimax": (logistic_d, minimax_g)',
            '"minimax": (logistic_d, logistic_g)',
        ),
        ('"hinge": (hinge_d, wgan_g)', '"hinge": (wgan_d, wgan_g)'),
        ('    "minimax": "r1",\n', ""),
        ('"logistic": "r1"', '"logistic": "r2"'),
        ('"wgan-lp": "lp"', '"wgan-lp": "gp"'),
        ('if label_loss != "auto":', "if False:"),
        ("(1000.0 * kimg)", "(100.0 * kimg)"),
        ("start * ops.relu(1.0 - shown)", "start * (1.0 - shown)"),
    ),
)
