"""TF_CONFIG, as users write it, and as they should not."""

import json

from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.training import cluster
from tests import common


def read(tasks: object, job: str = "worker", index: object = 0):
    given = {"cluster": tasks, "task": {"type": job, "index": index}}
    return cluster.from_environment({"TF_CONFIG": json.dumps(given)})


class ClusterTest(common.TestCase, parameterized.TestCase):
    def test_one_process(self):
        alone = cluster.Cluster()
        self.assertEqual(cluster.from_environment({}), alone)
        self.assertEqual(cluster.from_environment({"TF_CONFIG": ""}), alone)
        self.assertEqual(read({"worker": ["a:1"]}), alone)

    def test_workers(self):
        found = read({"worker": ["a:1", "b:1"]}, index=1)
        self.assertEqual(found, cluster.Cluster(("a:1", "b:1"), 1))

    def test_a_chief_comes_first(self):
        tasks = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
        for job, index, place in (("chief", 0, 0), ("worker", 1, 2)):
            found = read(tasks, job, index)
            expected = cluster.Cluster(("a:1", "b:1", "c:1"), place)
            self.assertEqual(found, expected)

    @parameterized.parameters(
        "{", "[]", "{}", '{"cluster": {"worker": ["a:1", "b:1"]}}'
    )
    def test_what_is_no_configuration(self, text):
        with self.assertRaisesRegex(errors.UserError, "such as .*host1:2222"):
            cluster.from_environment({"TF_CONFIG": text})

    @parameterized.parameters(
        ("worker", 2), ("worker", -1), ("worker", "x"), ("chief", 0)
    )
    def test_a_task_that_is_none(self, job, index):
        with self.assertRaisesRegex(errors.UserError, "^TF_CONFIG="):
            read({"worker": ["a:1", "b:1"]}, job, index)

    def test_other_kinds_of_tasks(self):
        with self.assertRaisesRegex(errors.UserError, "has ps in its cluster"):
            read({"worker": ["a:1", "b:1"], "ps": ["c:1"]})
