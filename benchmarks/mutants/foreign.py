"""Small mistakes in how other programs' networks are read."""

from benchmarks.mutants.mutant import Mutant, mutants

_HERE = "pgan_tf/networks/progressive/pytorch/"
_GOLDEN = "tests/networks/progressive/pytorch/golden_test.py::"

MUTANTS: tuple[Mutant, ...] = (
    *mutants(
        "pgan_tf/base/torch_file.py",
        "tests/base/torch_file_test.py",
        ('(flat.astype("u4") << 16)', '(flat.astype("u4") << 15)'),
        ("flat[tensor.offset :]", "flat"),
        (
            'raise Refused("it has a tensor larger than its storage")',
            "pass",
        ),
        ("_whole(offset) + sum(", "sum("),
        ("if member.compress_type != zipfile.ZIP_STORED:", "if False:"),
        ("if count != storages[key].count:", "if False:"),
        (
            'order = "<" if system.get("little_endian") is not False else ">"',
            'order = "<"',
        ),
        ("dict_attributes=True", "dict_attributes=False"),
    ),
    *mutants(
        _HERE + "gan_zoo.py",
        f"{_GOLDEN}GanZooTest",
        (
            'factor * state.take(f"{name}.bias", 1)',
            'state.take(f"{name}.bias", 1)',
        ),
        ("np.sqrt(2 / kernel[0].size)", "np.sqrt(1 / kernel[0].size)"),
        ("resolution, 1.0 - alpha)", "resolution, alpha)"),
        ('key=lambda item: item[1]["order"]', "key=lambda item: item[0][1]"),
        ("4 if inputs > width else 0", "4"),
        ('(("G", "netG"), ("Gs", "avgG"))', '(("G", "netG"), ("Gs", "netG"))'),
    ),
    *mutants(
        _HERE + "nashory.py",
        f"{_GOLDEN}NashoryTest",
        ("dense[:, :, ::-1, ::-1]", "dense"),
        ("_FADE = 1 / 3", "_FADE = 1 / 2"),
        ("_D_BEGINS = 1 / 2", "_D_BEGINS = 0.0"),
        (
            "factor = 1 / np.sqrt(kernel[0].size)",
            "factor = np.sqrt(2 / kernel[0].size)",
        ),
        ('"normalize_latents": first > 0,', '"normalize_latents": True,'),
    ),
    *mutants(
        _HERE + "akanimax.py",
        f"{_GOLDEN}AkanimaxTest",
        ('bias + self._state.take(f"{name}.conv.bias", 1)', "bias"),
        ("width * 16 if self._is_1 else inputs", "inputs"),
        ("int(depth[1]) - 1 if depth", "int(depth[1]) if depth"),
        ("int(depth[1]) + 1 if depth", "int(depth[1]) if depth"),
        ("np.roll(kernel, -count, 0)", "kernel"),
        ('"normalize_latents": self._is_3,', '"normalize_latents": True,'),
    ),
    *mutants(
        _HERE + "mmgeneration.py",
        f"{_GOLDEN}MmgenerationTest",
        ("kernel[:, :, ::-1, ::-1].transpose", "kernel.transpose"),
        ("_GAIN / 4 / np.sqrt(inputs)", "_GAIN / np.sqrt(inputs)"),
        ("np.flip(values, axis)", "values"),
        ("_swapped(kernel, axis=2)", "kernel"),
        (
            "states.lod_of(resolution, final, alpha)",
            "states.lod_of(resolution, final)",
        ),
    ),
    *mutants(
        "pgan_tf/networks/progressive/layout.py",
        _GOLDEN[:-2],
        ("position_bias=True, fades_at_8=False", "position_bias=True"),
        ('stddev="consecutive"', 'stddev="groups"'),
        ("epsilon=1e-5,", "epsilon=1e-6,"),
        ('Layout(stddev="map")', 'Layout(stddev="whole")'),
        ('tanh="each"', 'tanh="image"'),
        ("norm_after_dense=False, ", ""),
    ),
    *mutants(
        _HERE + "published.py",
        "tests/networks/progressive/pytorch/published_test.py",
        ("if path.is_file() and _is_right(path):", "if path.is_file():"),
        ("if not _is_right(partial, path.name):", "if False:"),
        ("if file.tell() > MOST_BYTES:", "if False:"),
    ),
)
