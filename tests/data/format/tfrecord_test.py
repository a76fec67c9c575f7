"""Tests of a record's bytes."""

import struct

import google_crc32c
import numpy as np
import tensorflow as tf

from pgan_tf.data.format import tfrecord
from tests import common


def example(shape: list[int], data: bytes) -> bytes:
    """An Example as TensorFlow serialises it (`data` before `shape`)."""
    return tf.train.Example(
        features=tf.train.Features(
            feature={
                "shape": tf.train.Feature(
                    int64_list=tf.train.Int64List(value=shape)
                ),
                "data": tf.train.Feature(
                    bytes_list=tf.train.BytesList(value=[data])
                ),
            }
        )
    ).SerializeToString(deterministic=True)


def framed(payload: bytes) -> bytes:
    """The payload in a frame whose checksum of the payload is zero."""
    size = struct.pack("<Q", len(payload))
    crc = struct.pack("<I", tfrecord.masked_crc(size))
    return size + crc + payload + bytes(4)


class TfrecordTest(common.TestCase):
    def test_masked_crc(self) -> None:
        # CRC-32C of "123456789" is 0xE3069283 (RFC 3720); rotated right by
        # 15 bits and increased by 0xA282EAD8.
        self.assertEqual(google_crc32c.value(b"123456789"), 0xE3069283)
        rotated = 0xE3069283 >> 15 | (0xE3069283 << 17) & 0xFFFFFFFF
        expected = (rotated + 0xA282EAD8) % 2**32
        self.assertEqual(tfrecord.masked_crc(b"123456789"), expected)

    def test_tensorflow_reads_records(self) -> None:
        for shape in ((3, 4, 4, 3), (2, 8, 8, 1), (1, 256, 256, 3)):
            images = common.ramp(shape, 0, 255).astype(np.uint8)
            planes = images.transpose(0, 3, 1, 2)
            path = self.folder() / "records"
            path.write_bytes(tfrecord.encode(planes))
            # TFRecordDataset checks both checksums.
            read = list(tf.data.TFRecordDataset(str(path)))
            self.assertLen(read, shape[0])
            for image, record in zip(images, read, strict=True):
                parsed = tf.train.Example.FromString(record.numpy())
                feature = parsed.features.feature
                self.assertEqual(
                    list(feature["shape"].int64_list.value),
                    [shape[3], shape[1], shape[2]],
                )
                self.assertEqual(
                    feature["data"].bytes_list.value[0],
                    image.transpose(2, 0, 1).tobytes(),
                )

    def test_layout_is_what_parse_finds(self) -> None:
        for channels, resolution in ((3, 4), (1, 32), (3, 1024)):
            images = np.full((1, channels, resolution, resolution), 7, np.uint8)
            record = tfrecord.encode(images).tobytes()
            layout = tfrecord.layout(channels, resolution)
            self.assertEqual(tfrecord.parse(record), layout)
            self.assertEqual(layout.length, len(record))
            self.assertEqual(record[layout.pixels], images.tobytes())

    def test_parses_features_in_any_order(self) -> None:
        pixels = bytes(range(48))
        record = framed(example([3, 4, 4], pixels))
        layout = tfrecord.parse(record)
        self.assertEqual(layout.shape, (3, 4, 4))
        self.assertEqual(record[layout.pixels], pixels)
        self.assertLess(record.index(b"data"), record.index(b"shape"))

    def test_parses_integers_that_are_not_packed(self) -> None:
        # As tfrecord.encode, but the list 0a 03 03 04 04 (packed) is
        # 08 03 08 04 08 04 (a field for each), one byte more.
        pixels = bytes(range(48))
        payload = (
            b"\x0a\x51\x0a\x11\x0a\x05shape\x12\x08\x1a\x06"
            b"\x08\x03\x08\x04\x08\x04\x0a\x3c\x0a\x04data\x12\x34\x0a\x32"
            b"\x0a\x30" + pixels
        )
        record = framed(payload)
        layout = tfrecord.parse(record)
        self.assertEqual(layout.shape, (3, 4, 4))
        self.assertEqual(record[layout.pixels], pixels)

    def test_refuses_what_is_no_record_of_an_image(self) -> None:
        record = tfrecord.encode(np.zeros((1, 3, 4, 4), np.uint8)).tobytes()
        cases = {
            "ends within a record": (b"", record[:8], record[:-1]),
            "not consist of TFRecords": (b"\x01" + record[1:], b"x" * 100),
            "no image": (
                framed(b""),
                framed(example([3, 4, 5], bytes(48))),
                framed(example([48], bytes(48))),
            ),
            "no tf.train.Example": (framed(b"hello, world"),),
        }
        for message, inputs in cases.items():
            for data in inputs:
                with self.assertRaisesRegex(ValueError, message):
                    tfrecord.parse(data)
