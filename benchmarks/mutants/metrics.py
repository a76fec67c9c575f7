"""Small mistakes in the metrics: their choice, their sums, their facts."""

from benchmarks.mutants.mutant import Mutant, mutants

_HERE = "pgan_tf/evaluation/metrics/"
_TESTS = "tests/evaluation/metrics/"

MUTANTS: tuple[Mutant, ...] = (
    *mutants(
        _HERE + "metric.py",
        f"{_TESTS}metric_test.py {_TESTS}choice_test.py",
        ("(metric.collector, metric.count)", "(metric.collector, 0)"),
        ("np.random.RandomState(list(seed))", "np.random.RandomState(seed[0])"),
        ("not extractor.classifies", "extractor.classifies"),
        ("self.remaining -= len(part.images)", "self.remaining -= 1"),
        ("part = batch.head(self.remaining)", "part = batch"),
    ),
    *mutants(
        _HERE + "by_name.py",
        f"{_TESTS}choice_test.py {_TESTS}by_name_test.py "
        "tests/evaluation/of_two_sets_test.py",
        ("said or count or min(", "count or said or min("),
        ("or count or min(kind.paper_count", "or min(kind.paper_count"),
        ("min(kind.paper_count, available)", "kind.paper_count"),
        ("number > available and not kind.walks", "number > available"),
        ("elif kind.walks and not generator:", "elif False:"),
        ("setting = Setting(resolution, extractor, digits)",
         "setting = Setting(resolution)"),
    ),
    *mutants(
        _HERE + "frechet.py",
        f"{_TESTS}by_name_test.py {_TESTS}metric_test.py "
        f"{_TESTS}frechet_test.py",
        ("minimum = 2", "minimum = 1"),
        ('facts = {"ddof": 1}', "facts = {}"),
        ("self.count = total", "self.count = len(batch)"),
        ("if self.moments is None:", "if True:"),
    ),
    *mutants(
        _HERE + "inception_score.py",
        f"{_TESTS}by_name_test.py {_TESTS}choice_test.py "
        f"{_TESTS}inception_score_test.py",
        ("sigmoid_logs if attributes else softmax_logs", "softmax_logs"),
        ('facts = {"splits": SPLITS}', "facts = {}"),
        ("minimum = SPLITS", "minimum = 1"),
        ("uses_reals = False", "uses_reals = True"),
        ("if self._seen != self._edges[-1]:", "if False:"),
    ),
    *mutants(
        _HERE + "kernel_distance.py",
        f"{_TESTS}by_name_test.py {_TESTS}kernel_distance_test.py",
        ("spread and 1000 * spread", "spread"),
        ("size, replace=False", "size, replace=True"),
        ('        "subset_size": SUBSET_SIZE,\n', ""),
        ("_draw(features2, size, random)", "_draw(features2, size, np.random)"),
        ("        subsets = 1  #", "        pass  #"),
    ),
    *mutants(
        _HERE + "precision_recall.py",
        f"{_TESTS}by_name_test.py {_TESTS}precision_recall_test.py",
        ("radii(fakes, centre, (k_precision,))",
         "radii(fakes, centre, (k_density,))"),
        ("within = distances <= radii2[", "within = distances <= radii1["),
        ("minimum = K_DENSITY + 1", "minimum = K_PRECISION + 1"),
        ('"k": K_PRECISION, ', ""),
        ("np.arange(len(features))[rows]] = 0",
         "np.arange(len(distances))] = 0"),
        ("return (features - centre)", "return (features - 0 * centre)"),
    ),
    *mutants(
        _HERE + "neighbours.py",
        f"{_TESTS}by_name_test.py {_TESTS}neighbours_test.py",
        ("squares[rows, start + rows] =", "squares[rows, rows] ="),
        ("reals[j][:, ::-1] if is_mirrored else reals[j]", "reals[j]"),
        ("        distances.tolist(),", "        (distances * 0).tolist(),"),
        ("        mirrored.tolist(),", "        (mirrored * 0).tolist(),"),
        ("np.quantile(among_reals.ratios", "np.quantile(nearest.ratios"),
        ('"reals": float(np.median(firsts[1]))',
         '"reals": float(np.median(firsts[0]))'),
        ("if self._among is None:", "if True:"),
        ("order = np.argsort(nearest.ratios)",
         "order = np.argsort(-nearest.ratios)"),
        ("note=_verdict(copies, len(fakes.images))", 'note=""'),
        ("minimum = KEPT + 1", "minimum = 1"),
        ('        "quantile": QUANTILE,\n', ""),
    ),
    *mutants(
        _HERE + "path_length.py",
        f"{_TESTS}by_name_test.py {_TESTS}path_length_test.py",
        ("super().__init__(2 * count)", "super().__init__(count)"),
        ('"trimmed": TRIMMED, ', ""),
        ("walks = True", "walks = False"),
    ),
    *mutants(
        _HERE + "sliced_wasserstein.py",
        f"{_TESTS}by_name_test.py {_TESTS}choice_test.py "
        f"{_TESTS}metric_test.py {_TESTS}sliced_wasserstein_test.py",
        ("slice(start, start + len(batch.images))",
         "slice(0, len(batch.images))"),
        ("DIRECTION_SETS * DIRECTIONS_PER_SET,", "DIRECTIONS_PER_SET,"),
        ("        directions = draw_directions(random, ",
         "        directions = draw_directions(np.random.RandomState(0), "),
        ("    if cloud1.shape != cloud2.shape:\n", "    if False:\n"),
        ("if size < pyramid.COARSEST or size", "if size"),
    ),
    *mutants(
        _HERE + "pyramid.py",
        f"{_TESTS}pyramid_test.py {_TESTS}sliced_wasserstein_test.py",
        ("self._files[band].seek(0)", "pass"),
        ("band.shape[2] > LARGEST_WHOLE", "band.shape[2] >= LARGEST_WHOLE"),
        ("deviation[deviation == 0] = 1", "pass"),
    ),
    *mutants(
        _HERE + "ms_ssim.py",
        f"{_TESTS}by_name_test.py {_TESTS}ms_ssim_test.py",
        ("_Pairs(self.count // 2 * 2)", "_Pairs(self.count)",
         "The one image left over joins no pair, and is not counted."),
        ("images[paired:] if paired < len(images) else None", "None"),
        ("self._total / (self._count // 2)", "self._total / self._count"),
        ('"window": WINDOW, ', ""),
    ),
)  # fmt: skip
