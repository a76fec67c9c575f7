"""Small mistakes in what is read of images and labels, and left out."""

from benchmarks.mutants.mutant import Mutant, mutants

_HERE = "pgan_tf/data/sources/"
_TESTS = "tests/data/sources/"
_TOOL = "tests/commands/dataset/values_test.py"

MUTANTS: tuple[Mutant, ...] = (
    *mutants(
        _HERE + "label_tables.py",
        f"{_TESTS}label_files_test.py {_TESTS}labels_test.py",
        ("if number is None or not abs(number) <= _LARGEST:",
         "if number is None:"),
        ("        if index >= MOST_CLASSES:", "        if False:"),
        ("            self._refuse_values()\n", "            pass\n"),
        ("if not number.is_integer():", "if False:"),
        ("count < 2 * len(numbers)", "count < len(numbers)"),
        ("data = order[np.array(self._classes, np.int32)]",
         "data = np.array(self._classes, np.int32)"),
        ('.replace("\\\\", "/").removeprefix("./")', '.removeprefix("./")'),
        ('unicodedata.normalize("NFC", name)', "name"),
        ("        if not name.strip():", "        if False:"),
    ),
    *mutants(
        _HERE + "labels.py",
        f"{_TESTS}labels_test.py {_TESTS}label_files_test.py {_TOOL}",
        ("return rows, values.MULTIHOT, remarks",
         "return rows, values.kind_of(found), remarks"),
        ("choosing.in_proportion(classes[places], num_images)",
         "choosing.first(len(places), num_images)"),
        ("        places = places[chosen]\n", ""),
        ("    rows.require_memory(len(chosen), where)\n", ""),
        ("table.rows.data[:, columns]", "table.rows.data[:, : len(columns)]"),
        ("label_files.parse(where, data, attributes)",
         "label_files.parse(where, data)"),
        ("return Labels(table.names, kind, rows.take(places), chosen, "
         "remarks, file)",
         "return Labels(table.names, kind, rows.take(places), chosen, "
         "remarks)"),
    ),
    *mutants(
        _HERE + "source.py",
        f"{_TESTS}pictures_test.py",
        ("if is_enlarged:", "if True:"),
        ("len(self._indices.intersection(indices))", "len(self._indices)"),
        ('return {"_indices": set()}', 'return {"_indices": self._indices}'),
    ),
    *mutants(
        _HERE + "pictures.py",
        f"{_TESTS}pictures_test.py",
        ("self.enlarged.note(index, is_enlarged)", "pass"),
        ("< resolution\n", "<= resolution\n"),
        ("return max(height, width)", "return min(height, width)"),
    ),
    *mutants(
        _HERE + "lsun.py",
        f"{_TESTS}lsun_test.py",
        ("self.enlarged.note(index, is_enlarged)", "pass"),
    ),
    *mutants(
        _HERE + "tfds_images.py",
        f"{_TESTS}tfds_images_test.py",
        ("self.enlarged.note(index, is_enlarged)", "pass"),
    ),
    *mutants(
        _HERE + "celeba.py",
        f"{_TESTS}celeba_test.py",
        ("side < self.resolution", "side <= self.resolution"),
    ),
    *mutants(
        _HERE + "choosing.py",
        f"{_TESTS}choosing_test.py",
        ("places < shares[inverse]", "places <= shares[inverse]"),
        ("shares = np.maximum(shares, 1)", "pass"),
        ("shares[largest[: max(0, missing)]] += 1", "shares[0] += missing"),
        ("shares[np.argmax(shares)] -= 1", "shares[-1] -= 1"),
    ),
    *mutants(
        _HERE + "folder_walk.py",
        f"{_TESTS}folder_walk_test.py",
        (
            "{_identity(each) for each in folder.resolve().parents}",
            "set()",
        ),
        ("            seen.add(identity)\n", ""),
        ("                found.num_again += 1\n", ""),
        ("if files.is_hidden(entry.name):", "if False:"),
        ("sorted(below, key=lambda each: each[1])",
         "sorted(below, key=lambda each: each[1], reverse=True)"),
    ),
    *mutants(
        _HERE + "samples.py",
        f"{_TESTS}samples_test.py",
        ("    _take_native_order(image)\n", ""),
        ("        if self.white_is_zero:", "        if False:"),
        ("self.range = told or self._range_in_file(image)",
         "self.range = self._range_in_file(image)"),
        ("samples = samples.view(np.uint32)", "pass"),
        ("samples = samples.view(np.int8)", "pass"),
        ("gray = np.where(samples == known.key, np.uint8(255), gray)",
         "pass"),
        ("pixels = np.where(is_key, np.uint8(255), pixels)", "pass"),
        ("samples = upper << 8 | lower", "samples = upper << 8 | upper"),
        ("255 // (2 ** int(rawmode[-1]) - 1)", "1"),
        ("if not np.isfinite(samples).all():", "if False:"),
        ("values.Range(float(low), float(high))",
         "values.Range(0, float(high))"),
    ),
    *mutants(
        _HERE + "resizing.py",
        f"{_TESTS}pictures_test.py {_TESTS}decode_test.py",
        ("top = round((width - height) / 2)", "top = (width - height) // 2"),
        ("rows, top = _coarse(rows, top, step)", "step = 1"),
        ("(top + np.arange(height)) // side", "np.arange(height) // side"),
        ("first = top // step", "first = 0"),
    ),
    *mutants(
        "pgan_tf/base/number_file.py",
        "tests/base/number_file_test.py",
        ('mmap_mode="r", ', ""),
        ("allow_pickle=False", "allow_pickle=True"),
        ('in "bfiu"', 'in "bfiuOUS"'),
        ("        memory.require(2 * array.nbytes, where)\n", ""),
    ),
)  # fmt: skip
