"""Files of PyTorch, right ones and others."""

import pathlib
import zipfile

import numpy as np
from absl.testing import absltest, parameterized

from pgan_tf.base import errors, torch_file
from pgan_tf.base.pickle_globals import Record
from tests import common
from tests.base import pickle_bytes, torch_bytes
from tests.base.torch_bytes import Writer

NUMBERS = np.arange(24, dtype="<f4")
SYSTEM = (
    pickle_bytes.old_name("posix", "system")
    + pickle_bytes.tuple_of(pickle_bytes.plain("touch ran"))
    + b"R"
)


class TorchFileCase(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.path = self.folder() / "x.pth"

    def load(self, content: bytes, records=()) -> torch_file.TorchFile:
        self.path.write_bytes(content)
        return torch_file.load(self.path, records)

    def refuse(self, content: bytes, words: str) -> None:
        """One line that names the file, and nothing of it run."""
        with self.assertRaisesRegex(errors.UserError, words) as caught:
            found = self.load(content)
            found.array(found.content["x"])
        line = str(caught.exception)
        self.assertIn(str(self.path), line)
        self.assertNotIn("\n", line)
        self.assertFalse(pathlib.Path("ran").exists())


class RightFilesTest(TorchFileCase):
    @parameterized.product(
        legacy=(False, True), code=("f4", "f8", "f2", "i8", "u1")
    )
    def test_numbers(self, legacy, code):
        array = np.arange(24).reshape(2, 3, 4).astype(f"<{code}")
        content = {"x": array, "list": [1, 2.5, "three", None, True]}
        found = self.load(torch_bytes.saved(content, legacy))
        self.assertTrue(torch_file.is_one(self.path))
        self.assertEqual(found.content["list"], content["list"])
        tensor = found.content["x"]
        self.assertEqual(tensor.shape, (2, 3, 4))
        self.assertAllEqual(found.array(tensor), array)
        self.assertEqual(found.array(tensor).dtype, array.dtype)

    @parameterized.parameters(False, True)
    def test_views(self, legacy):
        """Columns first, from the third number on; another storage before."""
        writer = Writer(legacy)
        tensors = {
            "y": writer.value(np.zeros(3, "<f8")),
            "x": writer.tensor(NUMBERS, (3, 4), (1, 4), offset=2),
        }
        found = self.load(writer.file(writer.value(tensors)))
        expected = NUMBERS[2:18].reshape(4, 4)[:, :3].T
        self.assertAllEqual(found.array(found.content["x"]), expected)

    @parameterized.parameters(False, True)
    def test_byte_order(self, legacy):
        writer = Writer(legacy)
        content = writer.value(
            {"x": writer.tensor(NUMBERS.astype(">f4"), (24,))}
        )
        found = self.load(writer.file(content, "big"))
        self.assertAllEqual(found.array(found.content["x"]), NUMBERS)

    def test_bfloat16(self):
        """The upper halves of float32."""
        halves = (NUMBERS.view("<u4") >> 16).astype("<u2")
        writer = Writer()
        tensor = writer.tensor(halves, (24,), kind="BFloat16Storage")
        found = self.load(writer.file(writer.value({"x": tensor})))
        self.assertAllEqual(found.array(found.content["x"]), NUMBERS)

    def test_forms_of_tensors_and_dicts(self):
        """Before version 2 of a tensor; of Python 2; of parameters."""
        writer = Writer()
        pairs = pickle_bytes.list_of(
            pickle_bytes.list_of(
                b"U\x01x",
                writer.tensor(NUMBERS, (24,), function="_rebuild_tensor"),
            )
        )
        ordered = pickle_bytes.old_name("collections", "OrderedDict")
        state = ordered + pickle_bytes.tuple_of(pairs) + b"R"
        # The versions of its layers, as attributes.
        state += writer.value({"_metadata": {"version": 1}}) + b"b"
        found = self.load(writer.file(state))
        self.assertAllEqual(found.array(found.content["x"]), NUMBERS)
        writer = Writer()
        parameter = (
            pickle_bytes.old_name("torch._utils", "_rebuild_parameter")
            + pickle_bytes.tuple_of(
                writer.value(NUMBERS), b"\x88", ordered + b")R"
            )
            + b"R"
        )
        found = self.load(writer.file(writer.value({"x": parameter})))
        self.assertAllEqual(found.array(found.content["x"]), NUMBERS)

    def test_objects_of_allowed_classes_are_records(self):
        made = pickle_bytes.old_name("some.module", "Config") + b")\x81"
        writer = Writer()
        made += writer.value({"alpha": 0.5}) + b"b"
        content = writer.file(writer.value({"x": NUMBERS, "config": made}))
        found = self.load(content, ["some.module.Config"])
        self.assertEqual(found.content["config"], Record({"alpha": 0.5}))
        self.refuse(content, "some.module.Config, which is not allowed")


class OtherFilesTest(TorchFileCase):
    @parameterized.parameters(False, True)
    def test_nothing_runs(self, legacy):
        content = torch_bytes.saved({"x": NUMBERS, "y": SYSTEM}, legacy)
        self.refuse(content, "posix.system, which is not allowed")

    @parameterized.parameters(
        ((25,), None, 0),
        ((2, 3, 4), (12, 4, 2), 0),
        ((24,), None, 1),
        ((2**20, 2**20), (0, 0), 0),
    )
    def test_tensors_larger_than_their_storage(self, shape, strides, offset):
        writer = Writer()
        tensor = writer.tensor(NUMBERS, shape, strides, offset)
        content = writer.file(writer.value({"x": tensor}))
        self.refuse(content, "larger than its storage")

    @parameterized.parameters(False, True)
    def test_storages_of_another_size_than_stated(self, legacy):
        writer = Writer(legacy)
        tensor = writer.tensor(NUMBERS, (30,), count=30)
        content = writer.file(writer.value({"x": tensor}))
        self.refuse(content, "storage 0 (has 24 numbers|is not of its size)")

    def test_torn(self):
        for legacy in (False, True):
            whole = torch_bytes.saved({"x": NUMBERS}, legacy)
            for length in (0, 3, 20, len(whole) // 2, len(whole) - 1):
                with self.subTest(f"{legacy} {length}"):
                    self.refuse(whole[:length], "")

    def test_compressed_members(self):
        """Which a bomb would be made of."""
        pickled = pickle_bytes.whole(pickle_bytes.plain(None), 2)
        content = torch_bytes.archive(
            pickled, [], compression=zipfile.ZIP_DEFLATED
        )
        self.refuse(content, "compressed, which PyTorch never does")

    def test_other_archives(self):
        with zipfile.ZipFile(self.path, "w") as file:
            file.writestr("config.json", "{}")
        self.assertFalse(torch_file.is_one(self.path))
        self.refuse(self.path.read_bytes(), "no data.pkl")
        self.refuse(b"<!DOCTYPE html>", "not a file of PyTorch's")
        with self.assertRaisesRegex(errors.UserError, "no such file"):
            torch_file.load(self.folder() / "none.pth")
        self.assertFalse(torch_file.is_one(self.folder() / "none.pth"))

    @parameterized.parameters(
        # A reference to something else, and a storage that is called.
        (pickle_bytes.plain("x") + b"Q", "no storage of a tensor"),
        (
            pickle_bytes.old_name("torch", "FloatStorage") + b")R",
            "makes a storage by itself",
        ),
        (
            pickle_bytes.old_name("torch._utils", "_rebuild_tensor_v2")
            + pickle_bytes.tuple_of(*[b"N"] * 6)
            + b"R",
            "tensor without a storage",
        ),
    )
    def test_what_stands_in_for_tensors(self, value, words):
        self.refuse(torch_bytes.saved({"x": value}), words)


if __name__ == "__main__":
    absltest.main()
