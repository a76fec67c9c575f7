"""Files of labels: what they are, and whatever else may be in them."""

import json
import time
import tracemalloc

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors, memory
from pgan_tf.data.sources import archive, label_files, labels
from tests import common

HEAD = "file,Smiling,Male\n"


def numbered(count: int, of) -> str:
    """Lines of a table: "0.png,<of(0)>" and so on."""
    return "".join(f"{each}.png,{of(each)}\n" for each in range(count))


class LabelFilesTest(common.TestCase, parameterized.TestCase):
    def read(
        self,
        data: str | bytes,
        name: str = "labels.csv",
        attributes: str | None = None,
        num_images: int | None = None,
        images: int = 3,
    ) -> labels.Labels:
        """What is read for 0.png, 1.png ..."""
        folder = self.folder()
        text = data.encode() if isinstance(data, str) else data
        (folder / name).write_bytes(text)
        names = [f"{each}.png" for each in range(images)]
        found = archive.Archive(folder)
        return labels.read(found, names, None, attributes, num_images)

    def refuse(self, message: str, *args, **kwargs) -> None:
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            self.read(*args, **kwargs)
        self.assertNotIn("\n", str(caught.exception))
        self.assertLess(len(str(caught.exception)), 1200)

    def dense(self, found: labels.Labels) -> np.ndarray:
        rows = [found.rows.row(index) for index in range(len(found.rows))]
        return np.stack(rows)

    @parameterized.parameters("csv", "json")
    def test_signs_become_attributes_and_this_is_told(self, form):
        rows = [[1, -1], [-1, -1], [1, 1]]
        if form == "csv":
            lines = [f"{i}.png,{a},{b}\n" for i, (a, b) in enumerate(rows)]
            found = self.read(HEAD + "".join(lines))
        else:
            named = [[f"{i}.png", row] for i, row in enumerate(rows)]
            text = json.dumps({"labels": named})
            found = self.read(text, "dataset.json")
        self.assertEqual(found.kind, "multihot")
        self.assertAllEqual(self.dense(found), [[1, 0], [0, 0], [1, 1]])
        self.assertIn("-1 and 1 of", found.remarks["attributes"])

    def test_columns_that_are_taken_decide(self):
        text = "file,Smiling,age,Male\n0.png,1,20.5,-1\n1.png,-1,3,-1\n"
        for attributes, kind, told in (
            (None, "values", False),
            ("all", "values", False),
            ("age", "values", False),
            ("Smiling,Male", "multihot", True),
            ("Smiling", "multihot", True),
            ("Male", "multihot", True),
        ):
            found = self.read(text, attributes=attributes, images=2)
            self.assertEqual(found.kind, kind, attributes)
            self.assertEqual("attributes" in found.remarks, told)
        # Values stay as they are.
        found = self.read(text, images=2)
        self.assertAllEqual(self.dense(found), [[1, 20.5, -1], [-1, 3, -1]])

    def test_camera_parameters_are_values(self):
        rng = np.random.default_rng(0)
        rows = [[f"{i}.png", rng.random(25).tolist()] for i in range(3)]
        found = self.read(json.dumps({"labels": rows}), "dataset.json")
        self.assertEqual(found.kind, "values")
        self.assertEqual(found.remarks, {})

    @parameterized.parameters(
        "nan", "NaN", "inf", "-Infinity", "1e308", "-1e39", "1e999"
    )
    def test_no_finite_number_is_refused_with_its_row(self, bad):
        text = f"{HEAD}0.png,1,0\n1.png,0,{bad}\n2.png,1,1\n"
        expected = f"line 3 .1.png., column Male: '{bad}' is no finite number"
        self.refuse(expected, text)
        text = f"file,age\n0.png,1\n1.png,{bad}\n2.png,2\n"
        self.refuse(f"{bad} is no finite number", text)
        self.refuse("line 3 .1.png., column age", text, attributes="age")

    @parameterized.parameters("NaN", "-Infinity", "1e308", "1e999", "9" * 400)
    def test_no_finite_number_in_json(self, bad):
        text = f'{{"labels": [["0.png", [0, 1]], ["1.png", [{bad}, 1]]]}}'
        self.refuse(
            "entry 1 .1.png., column 0: .* is no finite number",
            text, "dataset.json",
        )  # fmt: skip

    @parameterized.parameters(
        (lambda i: 20 + i / 1000, 3),  # a part of one is enough
        (lambda i: f"{i % 7}.5", 100),
        (lambda i: i, 2000),
        (lambda i: i, 100_000),
        (lambda i: f"IMG_{i}", 3000),
    )
    def test_classes_that_look_like_values(self, of, count):
        text = "file,age\n" + numbered(count, of)
        start = time.process_time()
        tracemalloc.start()
        self.refuse(
            "column age has .* look like values, not like classes; "
            "--label_attributes=age takes them as values, --labels=none",
            text, images=count,
        )  # fmt: skip
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.assertLess(peak, 100e6)
        self.assertLess(time.process_time() - start, 60)

    def test_one_column_of_numbers_by_its_name(self):
        text = "file,age\n0.png,20.5\n1.png,3\n2.png,4\n"
        for attributes in ("age", "all"):
            found = self.read(text, attributes=attributes)
            self.assertEqual((found.kind, found.names), ("values", ["age"]))
            self.assertAllEqual(self.dense(found), [[20.5], [3], [4]])
        text = "file,Smiling\n0.png,1\n1.png,-1\n2.png,-1\n"
        found = self.read(text, attributes="Smiling")
        self.assertEqual(found.kind, "multihot")
        self.assertAllEqual(self.dense(found), [[1], [0], [0]])

    @parameterized.parameters(
        (lambda i: i % 100, 300),  # years
        (lambda i: f"{i % 3}.0", 9),  # as pandas writes whole numbers
        (lambda i: i, 900),  # each image its class, but few
        (lambda i: i % 5749, 13_233),  # people, two images each
    )
    def test_classes_that_are_classes(self, of, count):
        text = "file,class\n" + numbered(count, of)
        found = self.read(text, images=count)
        self.assertEqual(found.kind, "onehot")
        names = [str(of(each)) for each in range(count)]
        chosen = [found.names[each] for each in found.rows.data]
        self.assertEqual(chosen, names)

    @parameterized.parameters(20210614, 65536, 2**31, 10**30)
    def test_numbers_of_classes_that_cannot_be(self, number):
        text = json.dumps({"labels": [["0.png", 1], ["1.png", number]]})
        self.refuse(f"class number {number}: .*values", text, "dataset.json")

    def test_labels_take_few_bytes_until_they_are_written(self):
        count, size = 20_000, 1000
        text = "file,class\n" + numbered(count, lambda i: i % size)
        found = self.read(text, images=count)
        # Not the 80 MB of ones and zeros.
        self.assertLess(found.rows.data.nbytes, 10 * count)
        self.assertEqual(found.rows.row(1001).sum(), 1)
        self.assertEqual(found.rows.row(1001)[1], 1)

    def test_labels_of_a_dataset_are_within_the_budget(self):
        self.addCleanup(memory.set_limit, memory.limit())
        count, size = 2000, 500
        text = "file,class\n" + numbered(count, lambda i: i % size)
        memory.set_limit(8 * count * size)
        self.read(text, images=count)
        memory.set_limit(8 * count * size - 1)
        self.refuse("labels of 500 columns for 2000 images.*max_memory", text,
                    images=count)  # fmt: skip
        memory.set_limit(1000)
        self.refuse("labels.csv would take .*max_memory", text)
        with self.assertRaisesRegex(errors.UserError, "^reading a.csv would"):
            label_files.parse("a.csv", text.encode())

    def test_classes_are_in_order_whichever_comes_first(self):
        text = "file,class\n0.png,red\n1.png,10\n2.png,9\n"
        found = self.read(text)
        self.assertEqual(found.names, ["9", "10", "red"])
        self.assertAllEqual(
            self.dense(found), [[0, 0, 1], [0, 1, 0], [1, 0, 0]]
        )

    def test_no_class_is_none(self):
        for empty in ("", " ", '""'):
            text = f"file,class\n0.png,a\n1.png,{empty}\n2.png,b\n"
            self.refuse("line 3 gives 1.png no class", text)

    def test_contradictions(self):
        twice = "file,class\n0.png,a\n1.png,b\n2.png,c\n"
        self.read(twice + "1.png,b\n")
        self.refuse("line 5 gives 1.png another label", twice + "1.png,c\n")
        twice = f"{HEAD}0.png,1,0\n1.png,0,1\n2.png,0,1\n"
        self.read(twice + "0.png,1,0\n")
        self.refuse("line 5 gives 0.png another", twice + "0.png,1,1\n")
        rows = [["0.png", 1], ["1.png", 0], ["2.png", 0], ["2.png", 1]]
        text = json.dumps({"labels": rows})
        self.refuse("entry 3 gives 2.png another", text, "dataset.json")

    def test_names_as_windows_and_macos_write_them(self):
        folder = self.folder()
        (folder / "a").mkdir()
        for name in ("a/1.png", "a/é.png"):
            (folder / name).touch()
        rows = [["a\\1.png", 0], ["./a/e\u0301.png", 1]]
        text = json.dumps({"labels": rows})
        (folder / "dataset.json").write_text(text)
        found = archive.Archive(folder)
        names = found.image_names()
        self.assertAllEqual(labels.read(found, names).rows.data, [0, 1])

    def test_folders_that_are_no_text_are_classes(self):
        folder = self.folder()
        for name in (b"a\nb", b"\xff\xfe", b"3.5"):
            path = folder / name.decode(errors="surrogateescape")
            path.mkdir()
            (path / "1.png").touch()
        found = archive.Archive(folder)
        read = labels.read(found, found.image_names(), "folders")
        self.assertEqual(read.names, ["3.5", "a b", "\\udcff\\udcfe"])

    def test_some_images_of_all_classes(self):
        """Sorted classes: the first images would be those of one."""
        count = 100
        classes = "file,class\n" + numbered(count, lambda i: i // 10)
        onehot = "file,a,b\n" + numbered(count, lambda i: ("1,0", "0,1")[i > 9])
        for text, shares in ((classes, [2] * 10), (onehot, [2, 18])):
            found = self.read(text, num_images=20, images=count)
            self.assertEqual(found.kind, "onehot")
            self.assertAllEqual(self.dense(found).sum(axis=0), shares)
            self.assertIn("20 of 100 images", found.remarks["chosen"])
        # Attributes are no classes: the first.
        signs = "file,a,b\n" + numbered(count, lambda i: "1,-1")
        found = self.read(signs, num_images=20, images=count)
        self.assertAllEqual(found.chosen, np.arange(20))
        self.assertNotIn("chosen", found.remarks)
        # Nor are labels needed of those that are left out.
        found = self.read(signs, num_images=20, images=2 * count)
        self.assertLen(found.rows, 20)

    @parameterized.parameters(
        ("labels.csv", b"\xff\xfe\x00"),
        ("labels.csv", b"\x00\x00\x00"),
        ("labels.csv", b'file,class\n"0.png,1\n'),
        ("labels.csv", b"file,class\n0.png,\n"),
        ("labels.csv", b"file,class\n,3\n"),
        ("labels.csv", b"file,a,b\n" + b"1," * 200_000),
        ("labels.csv", b"file,class\n" + b"x" * 200_000 + b",1\n"),
        ("labels.csv", b"PK\x03\x04"),
        ("dataset.json", b"[" * 100_000),
        ("dataset.json", b'{"labels":' + b"[" * 100_000),
        ("dataset.json", b'{"labels": [["0.png", ' + b"9" * 10_000 + b"]]}"),
        ("dataset.json", b'{"labels": [["0.png", [1]], ["1.png", [1, 2]]]}'),
        ("dataset.json", b'{"labels": [["0.png", true]]}'),
        ("dataset.json", b'{"labels": [["0.png", {}]]}'),
        ("dataset.json", b'{"labels": [["0.png", [[1]]]]}'),
        ("dataset.json", b'{"labels": [[0, 1]]}'),
        ("dataset.json", b'{"labels": "all"}'),
        ("dataset.json", b'"labels"'),
        ("dataset.json", b"\xff"),
        ("list_attr_celeba.txt", b"\x80"),
        ("list_attr_celeba.txt", b"3\n"),
        ("list_attr_celeba.txt", b"1\nBald\n0.png 1 1\n"),
        ("list_attr_celeba.txt", b"1\nBald\n0.png 0.5\n"),
    )
    def test_hostile_files_are_one_line(self, name, data):
        self.refuse(name, data, name)

    def test_random_bytes_never_raise_anything_else(self):
        rng = np.random.default_rng(0)
        whole = {
            "a.csv": f"{HEAD}0.png,1,0\n1.png,0,1\n".encode(),
            "a.json": b'{"labels": [["0.png", 1], ["1.png", 0]]}',
            "a.txt": b"2\nBald Young\n0.png 1 -1\n1.png -1 -1\n",
        }
        for name, data in whole.items():
            for _ in range(300):
                bad = bytearray(data)
                for place in rng.integers(0, len(bad), rng.integers(1, 4)):
                    bad[place] = rng.integers(256)
                cut = bytes(bad)[: rng.integers(1, len(bad) + 1)]
                try:
                    label_files.parse(name, cut)
                except errors.UserError as error:
                    self.assertNotIn("\n", str(error))
