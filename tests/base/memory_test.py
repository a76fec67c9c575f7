"""Tests of the memory budget."""

import gzip
import io

from absl.testing import absltest, parameterized

from pgan_tf.base import errors, flag_kinds, flag_parser, memory
from pgan_tf.data import parallel

MIB = 1 << 20


class MemoryTest(parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.addCleanup(memory.set_limit, memory.limit())

    def test_more_than_the_limit_is_refused(self):
        memory.set_limit(2_000_000)
        memory.require(2_000_000, "a.png")
        with self.assertRaisesRegex(
            errors.UserError,
            "^a.png would take 7.0 TB of memory, more than --max_memory=2m;",
        ):
            memory.require(7e12, "a.png")

    def test_suits_a_machine_of_2_gb(self):
        self.assertLessEqual(memory.limit(), 10**9)

    @parameterized.parameters(
        ("2g", 2 * 10**9),
        ("1.5G", 1_500_000_000),
        ("500MB", 500_000_000),
        ("64k", 64_000),
        ("123456", 123456),
        ("1tb", 10**12),
    )
    def test_sizes(self, text, expected):
        self.assertEqual(flag_kinds.SIZE.read(text), expected)
        self.assertEqual(
            flag_kinds.SIZE.read(memory.written(expected)), expected
        )

    @parameterized.parameters(
        "", "0", "-1g", "much", "1e9", "2 gigs", "9999999t"
    )
    def test_what_is_no_size(self, text):
        with self.assertRaisesRegex(ValueError, "such as 500m or 2g"):
            flag_kinds.SIZE.read(text)

    def test_every_script_takes_the_flag(self):
        parser = flag_parser.Parser("python train.py", "", "")
        args = parser.parse(["--max_memory=3g"])
        self.assertEqual(memory.limit(), 3 * 10**9)
        self.assertNotIn("max_memory", vars(args))
        parser.parse([])
        self.assertEqual(memory.limit(), 3 * 10**9)
        with self.assertRaisesRegex(errors.UserError, "--max_memory=x: must"):
            parser.parse(["--max_memory", "x"])

    def test_reaches_other_processes(self):
        memory.set_limit(123_456)
        found = {}
        parallel.run(
            limit_there,
            [range(n, n + 1) for n in range(6)],
            lambda block, limit: found.update({block.start: limit}),
            2,
            "test",
        )
        self.assertEqual(found, dict.fromkeys(range(6), 123_456))

    @parameterized.parameters(1, 1000, MIB, -1)
    def test_bombs_end_early(self, step):
        size = 80 * MIB
        packed = gzip.compress(bytes(size))
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            watched = memory.Unpacked(stream, len(packed), "bomb.gz")
            if step == 1:  # skipped for the most part
                watched.read(64 * MIB)
            with self.assertRaisesRegex(errors.UserError, "bomb.gz unpacks to"):
                while watched.read(step):
                    pass
            self.assertLess(stream.tell(), 66 * MIB)

    def test_what_is_no_bomb_is_read_whole(self):
        content = bytes(range(256)) * 10_000
        packed = gzip.compress(content)
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            watched = memory.Unpacked(stream, len(packed), "a.gz")
            self.assertEqual(watched.read(1000), content[:1000])
            self.assertEqual(watched.read(), content[1000:])
            self.assertEqual(watched.read(), b"")
        memory.set_limit(MIB)
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as stream:
            watched = memory.Unpacked(stream, len(packed), "a.gz")
            with self.assertRaisesRegex(errors.UserError, "--max_memory=1048"):
                watched.read()


def limit_there(block: range) -> int:
    return memory.limit()


if __name__ == "__main__":
    absltest.main()
