"""Tests of labels from folders and files."""

import json

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.sources import archive, labels
from tests import common

ATTRIBUTES = """3
Bald Smiling Young
1.png  1 -1 -1
2.png -1  1  1
3.png -1 -1  1
"""


def dense(found: labels.Labels) -> np.ndarray:
    """All labels, [N,K]."""
    rows = [found.rows.row(index) for index in range(len(found.rows))]
    return np.stack(rows)


class LabelsTest(common.TestCase):
    def read(
        self,
        files: dict[str, str],
        choice: str | None = None,
        attributes: str | None = None,
    ) -> labels.Labels:
        """Labels of 1.png, 2.png, 3.png and what else `files` names."""
        folder = self.folder()
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        if not any(name.endswith("png") for name in files):
            for name in ("1.png", "2.png", "3.png"):
                (folder / name).touch()
        found = archive.Archive(folder)
        return labels.read(found, found.image_names(), choice, attributes)

    def assert_labels(
        self, found: labels.Labels, names: list[str], kind: str, values: list
    ) -> None:
        self.assertEqual(list(found.names), names)
        self.assertEqual(found.kind, kind)
        self.assertAllEqual(dense(found), values)
        self.assertEqual(dense(found).dtype, np.float32)

    def assert_refused(self, message: str, *args) -> None:
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            self.read(*args)
        self.assertNotIn("\n", str(caught.exception))

    def test_no_labels(self) -> None:
        for args in ({}, None), ({"labels.csv": "?"}, "none"):
            found = self.read(*args)
            self.assertEqual(dense(found).shape, (3, 0))
            self.assertIsNone(found.kind)

    def test_folders(self) -> None:
        files = {"all/dogs/b/1.png": "", "all/cats/2.png": "",
                 "all/dogs/3.png": "", "all/2 birds/x.png": ""}  # fmt: skip
        self.assert_labels(
            self.read(files, "folders"),
            ["2 birds", "cats", "dogs"],
            "onehot",
            # By name: 2 birds/x, cats/2, dogs/3, dogs/b/1.
            [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 1]],
        )
        self.assertIsNone(self.read(files).kind)
        self.assert_refused("1.png is not in a sub-folder", {}, "folders")
        one = {"a/1.png": "", "a/2.png": ""}
        self.assert_refused("a/1.png is not in a sub", one, "folders")
        mixed = {"a/1.png": "", "2.png": ""}
        self.assert_refused("2.png is not in a sub", mixed, "folders")

    def test_csv_of_classes(self) -> None:
        text = "file,class\n3.png,9\n1.png,10\n2.png,red\nabsent.png,9\n"
        self.assert_labels(
            self.read({"labels.csv": text}),
            ["9", "10", "red"],  # numbers by value, before words
            "onehot",
            [[0, 1, 0], [0, 0, 1], [1, 0, 0]],
        )

    def test_csv_of_columns(self) -> None:
        text = 'file,a,"b, c"\n1.png,1,0.5\n2.png,0,1\n3.png,1,-2\n'
        self.assert_labels(
            self.read({"mine.csv": text}, "mine.csv"),
            ["a", "b, c"],
            "values",
            [[1, 0.5], [0, 1], [1, -2]],
        )
        # The columns taken decide, not those left.
        self.assert_labels(
            self.read({"mine.csv": text}, "mine.csv", "a"),
            ["a"],
            "multihot",
            [[1], [0], [1]],
        )
        text = text.replace('"b, c"', "b")
        self.assert_labels(
            self.read({"mine.csv": text}, "mine.csv", "b"),
            ["b"],
            "values",
            [[0.5], [1], [-2]],
        )
        text = "file,a,b\n1.png,1,0\n2.png,0,1\n3.png,1,0\n"
        found = self.read({"labels.csv": text})
        self.assertEqual(found.kind, "onehot")
        found = self.read({"labels.csv": text.replace("0,1", "0,0.5")})
        self.assertEqual(found.kind, "values")
        found = self.read({"labels.csv": text.replace("0,1", "1,1")})
        self.assertEqual(found.kind, "multihot")

    def test_json_as_in_stylegan(self) -> None:
        rows = [["1.png", 3], ["2.png", 0], ["3.png", 3]]
        self.assert_labels(
            self.read({"dataset.json": json.dumps({"labels": rows})}),
            ["0", "1", "2", "3"],
            "onehot",
            [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 0, 1]],
        )
        # Some editors begin files with a byte order mark.
        text = "\ufeff" + json.dumps({"labels": rows})
        self.assertLen(self.read({"dataset.json": text}).names, 4)
        rows = [["1.png", [0, 1]], ["2.png", [1, 1]], ["3.png", [0.25, 0]]]
        self.assert_labels(
            self.read({"dataset.json": json.dumps({"labels": rows})}),
            ["0", "1"],
            "values",
            [[0, 1], [1, 1], [0.25, 0]],
        )
        self.assertIsNone(self.read({"dataset.json": '{"labels": null}'}).kind)

    def test_celebas_attributes(self) -> None:
        files = {"list_attr_celeba.txt": ATTRIBUTES}
        everything = [[1, 0, 0], [0, 1, 1], [0, 0, 1]]
        names = ["Bald", "Smiling", "Young"]
        for attributes in (None, "all"):
            found = self.read(files, None, attributes)
            self.assert_labels(found, names, "multihot", everything)
        self.assert_labels(
            self.read(files, None, "Young,Bald"),
            ["Young", "Bald"],
            "multihot",
            [[0, 1], [1, 0], [1, 0]],
        )
        self.assert_refused(
            "'Smilin' in .*it has Bald, S", files, None, "Smilin"
        )
        self.assert_refused("needs a list of attr", {}, None, "Bald")
        classes = {"labels.csv": "file,class\n1.png,a\n2.png,b\n3.png,a\n"}
        self.assert_refused("are classes, not", classes, None, "a")

    def test_file_elsewhere_and_paths_in_it(self) -> None:
        file = self.folder() / "elsewhere.csv"
        file.write_text("file,class\nx/1.png,a\n1.png,b\n")
        found = self.read({"y/1.png": "", "z/x/1.png": ""}, str(file))
        self.assertAllEqual(dense(found), [[0, 1], [1, 0]])
        self.assert_refused("no such file, here or in", {}, "absent.csv")
        self.assert_refused("not named like a file of", {"a.doc": ""}, "a.doc")

    def test_bad_files(self) -> None:
        head = "3\nBald Young\n"
        for name, text, message in (
            ("labels.csv", "", "its head is not file,class"),
            ("labels.csv", "file\n1.png\n", "its head is not file,class"),
            ("labels.csv", "f,c\n1.png,a\n", "no label for 2.png"),
            ("labels.csv", "f,c\n1.png\n", "0 values instead of 1 for 1.png"),
            (
                "labels.csv",
                "f,a,b\n1.png,1,x\n",
                "line 2 .1.png., column b: 'x' is no number",
            ),
            ("dataset.json", "{", "cannot read the labels in .*dataset.json"),
            ("dataset.json", "[]", "not of the form"),
            ("dataset.json", '{"labels": {"size": 3}}', "not of the form"),
            ("dataset.json", '{"labels": [["1.png"]]}', "not of the form"),
            ("dataset.json", '{"labels": [["1.png", -1]]}', "is negative"),
            ("dataset.json", '{"labels": [["1.png", "a"]]}', "neither"),
            (
                "dataset.json",
                '{"labels": [["1.png", [null]]]}',
                "column 0: '?None'? is no number",
            ),
            ("list_attr_celeba.txt", "<html>", "no list of attributes"),
            ("list_attr_celeba.txt", head + "1.png 1", "1 values instead of 2"),
            ("list_attr_celeba.txt", head + "1.png 1 0", "not 1 or -1 for 1.p"),
        ):
            self.assert_refused(message, {name: text})
