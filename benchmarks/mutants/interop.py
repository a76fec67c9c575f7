"""Small mistakes in files for others, and of others."""

from benchmarks.mutants.mutant import Mutant, mutants

_NVIDIA = "pgan_tf/networks/progressive/nvidia/"
_TESTS = "tests/networks/"

MUTANTS: tuple[Mutant, ...] = (
    *mutants(
        "pgan_tf/networks/export.py",
        f"{_TESTS}export_test.py",
        ("not worst <= limit", "worst > limit"),
        ("if not np.isfinite(drawn).all():", "if False:"),
        ("        network.lod if lod is None else lod", "        network.lod"),
        ("found.shape != expected.shape or", ""),
        ("TOLERANCE * max(1.0, np.abs(expected).max())", "np.inf"),
        ("models.stock_model(network, lod, uint8)",
         "models.stock_model(network, None, uint8)"),
        ("models.stock_model(network, lod, uint8)",
         "models.stock_model(network, lod)"),
        ("shutil.move(made, partial)", "shutil.move(made, path)"),
        ('"dtype": "float32"', '"dtype": "float16"'),
        ("export_formats.check_packages(name)", "pass"),
    ),
    *mutants(
        "pgan_tf/networks/progressive/stock_model.py",
        f"{_TESTS}progressive/stock_model_test.py",
        ("if network.normalize_latents:", "if True:"),
        ("if not network.use_pixelnorm or", "if"),
        ("0.2 if network.use_leakyrelu else 0.0", "0.2"),
        ("RMSNormalization(epsilon=layer.epsilon, name=name)",
         "RMSNormalization(name=name)"),
        ("        network.lod if lod is None else lod", "        lod or 0"),
        ("network.to_rgb[i - 1]", "network.to_rgb[i]"),
        ("float(alpha or 0)", "float(alpha or 1)"),
        ("layer.filters, layer.kernel_size, padding",
         "layer.filters, 3, padding"),
    ),
    *mutants(
        _NVIDIA + "snapshots.py",
        f"{_TESTS}progressive/nvidia/snapshots_test.py",
        ("_read_states(path)[-1]", "_read_states(path)[0]"),
        ("if state.kind is not kind:", "if False:"),
        ("_check_names(skeleton, state.variables)", "pass"),
    ),
    *mutants(
        _NVIDIA + "states.py",
        f"{_TESTS}progressive/nvidia/snapshots_test.py "
        f"{_TESTS}progressive/nvidia/variables_test.py",
        ('options["lod"] = _checked_lod(lod, options.get("resolution", 32))',
         'options["lod"] = 0.0'),
        ('"float16": "mixed_float16"', '"float16": "float32"'),
        ("options.get(\"fused_scale\", fused in variables) != (",
         "False and ("),
        ('variables.pop("lod", np.float32(0.0))', "np.float32(0.0)"),
        ('if state["version"] != 2:', "if False:"),
        ("**_SHARED, \"mbstd_group_size\": (0, 2**20)", "**_SHARED"),
        ('        "normalize_latents": None,\n', ""),
        ('        "pixelnorm_epsilon": (0.0, 1.0),\n', ""),
        ('    "use_wscale": None,\n', ""),
        ("not low <= value <= high", "not value <= high"),
    ),
    *mutants(
        _NVIDIA + "theano.py",
        f"{_TESTS}progressive/nvidia/theano_test.py",
        ("mbstd_group_size=16", "mbstd_group_size=4"),
        ('variables.append(("lod", top["cur_lod"]))', "pass"),
        ("arrays.check_all_taken()", "pass"),
        ('options.get("use_wscale", True)', "True"),
        ('"mbstat_avg": "all",', '"mbstat_avg": "GLOBAL",'),
        ("if options.pop(name, value) != value:", "if False:"),
    ),
    *mutants(
        "pgan_tf/commands/generate/export.py",
        "tests/commands/generate/interop_test.py",
        ("path, args.lod, args.uint8", "path, None, args.uint8"),
        ("path, args.lod, args.uint8", "path, args.lod"),
        ("network, args.format, path", 'network, "keras", path'),
    ),
    *mutants(
        "pgan_tf/networks/export_formats.py",
        f"{_TESTS}export_test.py tests/commands/generate/interop_test.py",
        ('("onnx", "tf2onnx", "onnxruntime")', '("onnx", "onnxruntime")'),
    ),
)  # fmt: skip
