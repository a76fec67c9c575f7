"""Hostile pickles: what is refused, and that nothing runs."""

import builtins
import io
import os
import pickle
import struct
import tracemalloc

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors, memory, pickle_globals, safe_pickle
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.networks.progressive.nvidia import states
from tests import common
from tests.base import pickle_bytes

NETWORK = pickle_bytes.name("tfutil", "Network") + b")\x81"
ARRAY = pickle_bytes.name("numpy.core.multiarray", "_reconstruct")


class Call:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def doubled(times: int) -> bytes:
    """A tuple of 2^times leaves, in a few bytes per doubling."""
    content = b")\x94"
    for i in range(times):
        content += b"h" + bytes([i]) + b"h" + bytes([i]) + b"\x86\x94"
    return content


HOSTILE = {
    "a global below another": (
        pickle_bytes.text("tfutil")
        + pickle_bytes.text("Network.__init__.__globals__")
        + b"\x93",
        "it asks for tfutil.Network.__init__.__globals__",
    ),
    "a global of numpy": (
        pickle_bytes.name("numpy", "load")
        + pickle_bytes.text("/etc/passwd")
        + b"\x85R",
        "it asks for numpy.load",
    ),
    "getattr": (
        pickle_bytes.old_name("builtins", "getattr"),
        "asks for builtins.getattr",
    ),
    "old getattr": (
        pickle_bytes.old_name("__builtin__", "eval"),
        "__builtin__.eval",
    ),
    "an instance": (b"(ios\nsystem\n", "it asks for os.system"),
    "an object": (
        b"("
        + pickle_bytes.name("os", "system")
        + pickle_bytes.text("true")
        + b"o",
        "os.sys",
    ),
    "a name in control characters": (
        pickle_bytes.text("os\x1b[2J\n")
        + pickle_bytes.text("system")
        + b"\x93",
        "asks for 'osx1b",
    ),
    "a name that is a number": (b"K\x01K\x02\x93", "what is no text"),
    "an extension": (b"\x82\x01", "needs the opcode EXT1"),
    "a persistent id": (b"P1\n", "needs the opcode PERSID"),
    "new with keywords": (b"\x92", "needs the opcode NEWOBJ_EX"),
    "buffers from elsewhere": (b"\x97", "needs the opcode NEXT_BUFFER"),
    "sets": (b"\x8f", "needs the opcode EMPTY_SET"),
    "a call of text": (
        pickle_bytes.text("os.system") + b")R",
        "calls what is no class",
    ),
    "a call of a record": (NETWORK + b")R", "calls what is no class"),
    "a call of an array": (
        pickle_bytes.name("numpy", "ndarray") + b")R",
        "in a way of its own",
    ),
    "a network with arguments": (
        pickle_bytes.name("tfutil", "Network") + b"K\x01\x85\x81",
        "calls tfutil.Network in a way of its own",
    ),
    "an array of another class": (
        ARRAY
        + pickle_bytes.name("tfutil", "Network")
        + b"K\x00\x85C\x01b\x87R",
        "in a way of its own",
    ),
    "a state for a class": (
        pickle_bytes.name("tfutil", "Network") + b"}b",
        "has none",
    ),
    "a state for a network": (NETWORK + b"K\x01b", "has none"),
    "attributes for a list": (b"]}b", "has none"),
    "objects in an array": (
        pickle_bytes.dtype(code=pickle_bytes.text("O8")),
        "other numbers",
    ),
    "an array of text": (pickle_bytes.dtype(code=b"]"), "other numbers"),
    "an array of nothing": (
        pickle_bytes.reconstructed((1,), b"C\x00"),
        "torn",
    ),
    "an array larger than its bytes": (
        pickle_bytes.reconstructed((2**20, 2**20), b"C\x04abcd"),
        "torn",
    ),
    "an array of negative size": (
        pickle_bytes.reconstructed((-1,), b"C\x04abcd"),
        "negative size",
    ),
    "an array with 33 axes": (
        pickle_bytes.reconstructed((1,) * 33, b"C\x04abcd"),
        "more than 8 axes",
    ),
    "the same bytes in many arrays": (
        b"C\x80"
        + bytes(128)
        + b"\x94"
        + b"".join(
            pickle_bytes.reconstructed((32,), b"h\x00") for _ in range(500)
        )
        * 3,
        "unfold to more",
    ),
    "keys that take for ever": (
        doubled(60) + b"}h\x3cNs",
        "keys of a dict",
    ),
    "keys that are no text": (b"}K\x01K\x02s", "keys of a dict"),
    "a key like no other": (b"}" + NETWORK + b"Ns", "keys of a dict"),
    "more opcodes than any network": (b"Nq\x00" * 200_000, "longer than any"),
    "a number of 2 GB": (b"\x8b\xff\xff\xff\x7f" + bytes(9), "torn"),
    "a number of many digits": (b"L" + b"9" * 9999 + b"L\n", "torn"),
    "bytes of 2^62": (b"\x8e" + struct.pack("<Q", 2**62) + b"x", "torn"),
    "bytes of 2^64": (b"\x8e" + struct.pack("<Q", 2**64 - 1), "torn"),
    "text of 2^62": (b"\x8d" + struct.pack("<Q", 2**62) + b"x", "torn"),
    "a byte array of 2^62": (b"\x96" + struct.pack("<Q", 2**62), "torn"),
    "bytes of 4 GB": (b"B\xff\xff\xff\xff", "torn"),
    "text of -1": (b"T\xff\xff\xff\xff", "torn"),
    "nothing to get": (b"h\x07", "torn"),
    "nothing to append to": (b"Na", "torn"),
    "no mark": (b"t", "torn"),
    "a mark in a tuple": (b"((\x86", "torn"),
    "appending to text": (pickle_bytes.text("a") + b"Na", "torn"),
    "appending to bytes": (
        b"\x96" + struct.pack("<Q", 1) + b"xK\x01a",
        "torn",
    ),
    "items for a list": (b"]NNs", "torn"),
    "two values": (b"NN", "torn"),
    "an opcode that is none": (b"\xff", "torn"),
    "bytes that are no text": (b"\x8c\x02\xff\xfe", "torn"),
}


class HostileTest(common.TestCase, parameterized.TestCase):
    def refusal(self, content: bytes) -> str:
        """The one line that a file gets, at the cost of no memory."""
        path = self.folder() / "hostile.pkl"
        path.write_bytes(content)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        with self.assertRaises(errors.UserError) as caught:
            nvidia.load_pickle(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        self.assertLess(peak, 30 * len(content) + 2**20)
        line = str(caught.exception)
        self.assertNotIn("\n", line)
        self.assertTrue(line.isprintable())
        self.assertLess(len(line), 300)
        self.assertStartsWith(line, str(path))
        return line

    @parameterized.parameters(range(6))
    def test_calls_do_not_happen(self, protocol):
        trace = self.folder() / "trace"
        for function, *arguments in (
            (os.system, f"touch {trace}"),
            (builtins.exec, f"open({str(trace)!r}, 'w')"),
            (builtins.open, str(trace), "w"),
            (io.open, str(trace), "w"),
        ):
            call = Call(function, *arguments)
            for value in (call, (1, [call], 2), {"version": call}):
                line = self.refusal(pickle.dumps(value, protocol))
                named = "open|posix.system|exec"
                self.assertRegex(line, f"nothing in it run.*({named})")
        self.assertFalse(trace.exists())

    def test_calls_inside_a_network_do_not_happen(self):
        """Beside what is allowed, and with the allowed in between."""
        trace = self.folder() / "trace"
        hostile = pickle.dumps(Call(os.system, f"touch {trace}"), 4)
        hostile = hostile.partition(b"\x95")[2][8:-1]  # frame, STOP
        for content in (
            NETWORK + pickle_bytes.dict_of({"version": hostile}) + b"b",
            NETWORK + hostile + b"b",
            pickle_bytes.reconstructed((1,), hostile),
            pickle_bytes.reconstructed((1,), b"N", element=hostile),
        ):
            whole = pickle_bytes.whole(content + b"\x85")
            self.assertIn("posix.system", self.refusal(whole))
        self.assertFalse(trace.exists())

    @parameterized.named_parameters(
        (key.replace(" ", "_"), *case) for key, case in HOSTILE.items()
    )
    def test_hostile(self, content, reason):
        line = self.refusal(pickle_bytes.whole(content))
        self.assertIn(reason, line.replace("\\", ""))

    def test_source_in_a_file_is_not_run(self):
        trace = self.folder() / "trace"
        golden = (common.GOLDEN_DIR / "ref_snapshot.pkl").read_bytes()
        source = f"open({str(trace)!r}, 'w')"
        old = b"\x8c\x0a# stripped"
        self.assertIn(old, golden)
        changed = self.folder() / "changed.pkl"
        # The frame that holds the text is longer now, which we do not mind.
        changed.write_bytes(golden.replace(old, pickle_bytes.text(source)))
        (record, *_) = safe_pickle.load(changed, states.ALLOWED)
        self.assertEqual(record.state["build_module_src"], source)
        nvidia.load_pickle(changed)
        self.assertFalse(trace.exists())

    @parameterized.parameters("ref_snapshot.pkl", "ref_snapshot_p5.pkl")
    def test_torn_anywhere(self, file):
        golden = (common.GOLDEN_DIR / file).read_bytes()
        path = self.folder() / "torn.pkl"
        for size in range(0, len(golden), 1000):
            path.write_bytes(golden[:size])
            with self.assertRaisesRegex(errors.UserError, "torn|empty"):
                nvidia.load_pickle(path)

    def test_changed_anywhere(self):
        """Any byte to any other: refused in one line, or still plain data."""
        network = pickle_bytes.network(
            "G_paper",
            {"resolution": 4, "fmap_base": 4},
            {"4x4/Dense/weight": np.ones((2, 2), np.float32)},
            0.0,
        )
        content = bytearray(pickle_bytes.whole(network + b"\x85"))
        path = self.folder() / "changed.pkl"
        random = np.random.RandomState(0)
        refused = 0
        for i in range(len(content)):
            changed = content.copy()
            changed[i] = random.randint(256)
            path.write_bytes(changed)
            try:
                safe_pickle.load(path, states.ALLOWED)
            except errors.UserError as error:
                refused += 1
                self.assertTrue(str(error).isprintable())
        self.assertGreater(refused, 100)

    def test_what_is_no_file(self):
        folder = self.folder()
        with self.assertRaisesRegex(errors.UserError, "no such file"):
            safe_pickle.load(folder / "none.pkl", states.ALLOWED)
        with self.assertRaisesRegex(errors.UserError, "no such file"):
            safe_pickle.load(folder, states.ALLOWED)
        (folder / "text.pkl").write_text("hello, world\n")
        with self.assertRaisesRegex(errors.UserError, "no pickle, or a torn"):
            safe_pickle.load(folder / "text.pkl", states.ALLOWED)


class PlainDataTest(common.TestCase, parameterized.TestCase):
    VALUE = (
        {"a": [1, -2, 2**40, -(2**70), 1.5, True, None], "b": {"c": ()}},
        ("text", "längerer Text" * 30, "\n"),
        [[], {}, (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4)],
    )

    @parameterized.parameters(range(6))
    def test_as_python_reads_it(self, protocol):
        path = self.folder() / "plain.pkl"
        path.write_bytes(pickle.dumps(self.VALUE, protocol))
        self.assertEqual(safe_pickle.load(path, states.ALLOWED), self.VALUE)

    @parameterized.parameters(3, 4, 5)
    def test_arrays_as_numpy_writes_them(self, protocol):
        arrays = [
            np.arange(24, dtype=np.float32).reshape(2, 3, 4),
            np.asfortranarray(np.arange(6, dtype=np.float64).reshape(2, 3)),
            np.arange(3, dtype=np.float16),
            np.arange(3, dtype=">f4"),
            np.float32(0.25),
            np.array(0.5, np.float32),
            np.zeros((0, 3), np.float32),
        ]
        path = self.folder() / "arrays.pkl"
        shared = [*arrays, *arrays]
        path.write_bytes(pickle.dumps(shared, protocol))
        found = safe_pickle.load(path, states.ALLOWED)
        unpickled = pickle.loads(path.read_bytes())
        for value, expected in zip(found, unpickled, strict=True):
            self.assertAllEqual(value, expected)
            self.assertEqual(value.dtype, expected.dtype)
        self.assertIs(found[0], found[len(arrays)])

    def test_arrays_as_python_2_wrote_them(self):
        array = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
        path = self.folder() / "arrays.pkl"
        content = pickle_bytes.python2_array(array)
        path.write_bytes(pickle_bytes.whole(content, 2))
        self.assertAllEqual(safe_pickle.load(path, states.ALLOWED), array)

    def test_networks_become_records(self):
        for content in (
            NETWORK + b"}b",
            pickle_bytes.name("network", "Network") + b")\x81}b",
            pickle_bytes.old_name("network", "Network") + b")\x81}b",
            b"(" + pickle_bytes.old_name("network", "Network") + b"o}b",
            b"(inetwork\nNetwork\n}b",
        ):
            path = self.folder() / "network.pkl"
            path.write_bytes(pickle_bytes.whole(content))
            self.assertEqual(
                safe_pickle.load(path, states.ALLOWED),
                pickle_globals.Record({}),
            )

    def test_what_is_called_is_the_maker(self):
        """With the file's arguments, and never the global of that name."""
        called = []
        allowed = pickle_globals.Allowed(
            makers={"os.system": lambda *given: called.append(given) or 7}
        )
        trace = self.folder() / "trace"
        data = pickle_bytes.whole(
            pickle_bytes.name("os", "system")
            + pickle_bytes.text(f"touch {trace}")
            + b"\x85R"
        )
        self.assertEqual(safe_pickle.loads(data, "a file", allowed), 7)
        self.assertEqual(called, [(f"touch {trace}",)])
        self.assertFalse(trace.exists())

    def test_only_the_numbers_and_keys_that_are_allowed(self):
        bytes_only = pickle_globals.Allowed(frozenset(["u1"]), keys=(bytes,))
        pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
        data = pickle.dumps({b"data": pixels}, 4)
        found = safe_pickle.loads(data, "a file", bytes_only)
        self.assertAllEqual(found[b"data"], pixels)
        self.assertEqual(found[b"data"].dtype, np.uint8)
        for value, reason in (
            ({b"data": pixels.astype(np.float32)}, "other numbers than u1"),
            ({"data": pixels}, "keys of a dict"),
        ):
            with self.assertRaisesRegex(errors.UserError, reason):
                safe_pickle.loads(pickle.dumps(value, 4), "a file", bytes_only)

    def test_takes_no_more_than_the_budget(self):
        self.addCleanup(memory.set_limit, memory.limit())
        data = pickle.dumps(bytes(10_000))
        memory.set_limit(1_100_000)
        safe_pickle.loads(data, "a file", states.ALLOWED)
        memory.set_limit(1_000_000)
        with self.assertRaisesRegex(errors.UserError, "a file.*--max_memory"):
            safe_pickle.loads(data, "a file", states.ALLOWED)
