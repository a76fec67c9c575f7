"""Small mistakes in networks, but for the mathematics of their layers."""

from benchmarks.mutants.mutant import mutants

_NEAREST = (
    "tests/networks/config_test.py "
    "tests/networks/progressive/stages_test.py "
    "tests/training/arrival_networks_test.py "
    "tests/training/ablations_test.py "
    "tests/networks/progressive/networks_test.py"
)

MUTANTS = (
    *mutants(
        "pgan_tf/networks/progressive/models.py",
        "tests/networks/progressive/models_test.py "
        "tests/training/arrival_networks_test.py::NetworksTest "
        "tests/networks/transfer_test.py",
        (
            "Generator(**arguments, lod=lod, name=name, dtype=dtype)",
            "Generator(**arguments, name=name, dtype=dtype)",
        ),
        (
            "Generator(**arguments, lod=lod, name=name, dtype=dtype)",
            "Generator(**arguments, lod=lod, name=name)",
        ),
        (
            "Discriminator(**arguments, dtype=dtype)",
            "Discriminator(**arguments)",
        ),
        (
            'given["latent_size"] = options.latent_size or None',
            'given["latent_size"] = None',
        ),
        ('    "normalize_latents",\n', ""),
        ('    "use_pixelnorm",\n', ""),
        ('    "use_wscale",\n', ""),
        ('    "use_leakyrelu",\n', ""),
        ("return source.num_channels != network.num_channels", "return False"),
        ("return source.label_size != network.label_size", "return False"),
        ('layer in ("4x4_dense", "4x4_dense1")', 'layer in ("4x4_dense",)'),
        (
            "for name, value in given.items() if name in known}",
            "for name, value in given.items() if name in known and name != "
            '"fused_scale"}',
        ),
    ),
    *mutants(
        "pgan_tf/networks/progressive/generator.py",
        _NEAREST,
        (
            "self.normalize_latents = normalize_latents",
            "self.normalize_latents = True",
        ),
        ("self.use_pixelnorm = use_pixelnorm", "self.use_pixelnorm = True"),
        (
            "self.pixelnorm_epsilon = pixelnorm_epsilon",
            "self.pixelnorm_epsilon = 1e-8",
        ),
        ("        self.lod = lod\n", "        self.lod = 0.0\n"),
        ("latent_size or self._fmaps(2)", "self._fmaps(2)"),
        ('            "latent_size": self.latent_size,\n', ""),
        ('            "normalize_latents": self.normalize_latents,\n', ""),
        ('            "use_pixelnorm": self.use_pixelnorm,\n', ""),
        ('            "pixelnorm_epsilon": self.pixelnorm_epsilon,\n', ""),
        ('            "lod": self.lod,\n', ""),
        ("[latents, labels], axis=-1", "[labels, latents], axis=-1"),
        (
            "return self.latent_norm(latents) if self.normalize_latents else "
            "latents",
            "return self.latent_norm(latents)",
        ),
        ("if self.use_pixelnorm and normed else x", "if normed else x"),
        (
            "old = self.to_rgb[top - 1](below, weight=1.0 - alpha)",
            "old = self.to_rgb[top - 1](below, weight=alpha)",
        ),
        (
            "self.conv0[:top] + self.conv1[:top] + self.to_rgb[:top]",
            "self.conv0[:top] + self.conv1[:top]",
        ),
        (
            "self.conv0[:top] + self.conv1[:top] + self.to_rgb[:top]",
            "self.conv0[:top] + self.to_rgb[:top]",
        ),
        (
            "        top = self._index(resolution) + 1\n",
            "        top = self._index(resolution)\n",
        ),
        (
            "            for layer in self._layers_at(resolution, fading)\n",
            "            for layer in self._layers_at(resolution, False)\n",
        ),
        (
            "used = self._layers_at(resolution, fading)",
            "used = self._layers_at(resolution, True)",
        ),
        (
            "used = self.conv0[: top + 1] + self.conv1[: top + 1]",
            "used = self.conv0[: top + 1] + self.conv1[:top]",
        ),
        (
            "resolution, alpha = resolutions.split(self.lod, self.resolution)",
            "resolution, alpha = self.resolution, None",
        ),
        (
            "            latents = ops.concatenate([latents, labels], "
            "axis=-1)\n",
            "",
        ),
        ("gain=layers.HE_GAIN / 4", "gain=layers.HE_GAIN"),
        (
            "            fused_scale,\n            layout",
            "            True,\n            layout",
        ),
        (
            "            use_leakyrelu,\n            fused_scale,",
            "            True,\n            fused_scale,",
        ),
        (
            "            use_wscale,\n            use_leakyrelu,",
            "            True,\n            use_leakyrelu,",
        ),
        (
            "            fmap_decay,\n            fmap_max,\n"
            "            use_wscale",
            "            1.0,\n            fmap_max,\n            use_wscale",
        ),
    ),
    *mutants(
        "pgan_tf/networks/progressive/discriminator.py",
        _NEAREST,
        (
            "self.mbstd_group_size = mbstd_group_size",
            "self.mbstd_group_size = 4",
        ),
        ("            self.mbstd_group_size,\n", "            4,\n"),
        ("        self.lod = lod\n", "        self.lod = 0.0\n"),
        ('            "lod": self.lod,\n', ""),
        ('            "mbstd_group_size": self.mbstd_group_size,\n', ""),
        ("weight=alpha if fading else None", "weight=None"),
        (
            "self._from_rgb(i - 1, old, weight=1.0 - alpha)",
            "self._from_rgb(i - 1, old, weight=alpha)",
        ),
        (
            "scores, logits = outputs[:, :1], outputs[:, 1:]",
            "scores, logits = outputs[:, -1:], outputs[:, :-1]",
        ),
        ("used += [self.output_dense, *self.embedding]", "pass"),
        (
            "growth.ends_in_use(self.from_rgb, top, fading)",
            "growth.ends_in_use(self.from_rgb, top, False)",
        ),
        ('gain=1.0, name="4x4_dense1"', 'name="4x4_dense1"'),
        (
            "            use_leakyrelu,\n            fused_scale,",
            "            True,\n            fused_scale,",
        ),
        (
            "            use_wscale,\n            use_leakyrelu,",
            "            True,\n            use_leakyrelu,",
        ),
        (
            "            fused_scale,\n            layout",
            "            True,\n            layout",
        ),
        (
            "return x if self.fused_scale else operations.downscale2d(x)",
            "return operations.downscale2d(x) if self.fused_scale else x",
        ),
        (
            "        if self.mbstd_group_size:\n            x =",
            "        if True:\n            x =",
        ),
    ),
    *mutants(
        "pgan_tf/networks/progressive/growth.py",
        _NEAREST,
        ("self.fmap_decay = fmap_decay", "self.fmap_decay = 1.0"),
        ("self.fmap_max = fmap_max", "self.fmap_max = 512"),
        ("self.use_wscale = use_wscale", "self.use_wscale = True"),
        ("if self.use_leakyrelu else", "if True else"),
        ('            "label_size": self.label_size,\n', ""),
        ('            "num_channels": self.num_channels,\n', ""),
        ('            "fmap_base": self.fmap_base,\n', ""),
        ('            "fmap_decay": self.fmap_decay,\n', ""),
        ('            "fmap_max": self.fmap_max,\n', ""),
        ('            "use_wscale": self.use_wscale,\n', ""),
        ('            "use_leakyrelu": self.use_leakyrelu,\n', ""),
        ('            "fused_scale": self.fused_scale,\n', ""),
        ('            "name": self.name,\n', ""),
        (
            "if fading and top else [ends[top]]",
            "if fading or top else [ends[top]]",
        ),
        ("ends[top - 1 : top + 1]", "ends[: top + 1]"),
        (
            '"use_wscale": self.use_wscale, "dtype"',
            '"use_wscale": True, "dtype"',
        ),
    ),
    *mutants(
        "pgan_tf/networks/progressive/family.py",
        "tests/training/arrival_networks_test.py "
        "tests/training/arrival_files_test.py::PlanTest "
        "tests/networks/progressive/cost_test.py tests/training/plan_test.py",
        ("return options.mbstd_group_size", "return 4"),
        ("latent_size=options.latent_size or width", "latent_size=width"),
        ("min(options.fmap_base, options.fmap_max)", "options.fmap_max"),
        (
            "ProgressiveCost(options, shape.num_channels, shape.label_size)",
            "ProgressiveCost(options, shape.num_channels)",
        ),
        (
            "ProgressiveCost(options, shape.num_channels, shape.label_size)",
            "ProgressiveCost(options, 3, shape.label_size)",
        ),
        ("(resolution / 2) ** options.fmap_decay", "(resolution / 2)"),
    ),
    *mutants(
        "pgan_tf/networks/cost.py",
        "tests/training/arrival_files_test.py::PlanTest "
        "tests/networks/progressive/cost_test.py tests/training/plan_test.py",
        ('_D_STEP = {"D": 12, "G": 1}', '_D_STEP = {"D": 11, "G": 1}'),
        ('_G_STEP = {"D": 2, "G": 3}', '_G_STEP = {"D": 3, "G": 2}'),
        ('saved = costs["G"] if reuse_fakes else 0', "saved = 0"),
        (
            "networks.discriminator(resolution, fading).macs",
            "networks.discriminator(resolution).macs",
        ),
    ),
    *mutants(
        "pgan_tf/networks/transfer.py",
        "tests/networks/transfer_test.py "
        "tests/training/arrival_networks_test.py::TreeTest",
        ('(("G", "Gs"), ("Gs", "G"))', '(("G", "Gs"),)'),
        ('(("G", "Gs"), ("Gs", "G"))', '(("Gs", "G"),)'),
        ("    models.check_transfer(source, network)\n", ""),
        ("total = len(taken) + len(fresh)", "total = len(taken)"),
        ("    if source.family != network.family:\n", "    if False:\n"),
    ),
    *mutants(
        "pgan_tf/networks/progressive/cost.py",
        "tests/networks/progressive/cost_test.py tests/training/plan_test.py",
        ("extra = 1 if self.options.mbstd_group_size else 0", "extra = 1"),
        (
            "taps = 4 if scales and self.options.fused_scale else 9",
            "taps = 4 if scales else 9",
        ),
        ("down = r // 2 if self.options.fused_scale else r", "down = r // 2"),
        (
            "latents = self.options.latent_size or self._fmaps(2)",
            "latents = self._fmaps(2)",
        ),
        ("(dense, 1 + logits)", "(dense, 1)"),
        (
            "activations=outputs * out_resolution**2",
            "activations=outputs * resolution**2",
        ),
        (
            "for r in [top // 2, top] if fading else [top]:\n"
            "            yield self._to_rgb(r)",
            "for r in [top]:\n            yield self._to_rgb(r)",
        ),
    ),
    *mutants(
        "pgan_tf/networks/browser.py",
        "tests/networks/browser_test.py",
        ("kernel.transpose(3, 2, 0, 1)", "kernel.transpose(3, 2, 1, 0)"),
        ("kernel.transpose(2, 3, 0, 1)", "kernel.transpose(3, 2, 0, 1)"),
        ("pad = size // 2 if", "pad = 1 if"),
        ('numbers["number"] = float(each)', 'numbers["number"] = 1.0'),
        ("packer.label.tolist()", "(packer.label * 0).tolist()"),
        ("self.macs += kernel.size * uses", "self.macs += kernel.size"),
        ("self._size += kernel.size + bias.size", "self._size += kernel.size"),
    ),
    *mutants(
        "pgan_tf/networks/browser.js",
        "tests/networks/browser_test.py::ScriptTest",
        ("sum / count + step.epsilon", "sum + step.epsilon"),
        ("x < 0 ? step.slope * x : x", "x"),
        ("const row = 3 - oddY", "const row = 2 + oddY"),
        ("((y - oddY) / 2 + oddY) * width", "((y - oddY) / 2) * width"),
        ("count === 3 ? c : 0", "c"),
        ("exponent - 15", "exponent - 14"),
    ),
)  # fmt: skip
