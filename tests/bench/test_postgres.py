"""How the memory of a cluster is watched."""
import os
import tempfile
import unittest

import results_of  # noqa: F401  (finds the runner)
from runner import postgres


class Watched(unittest.TestCase):
    def test_what_ends_at_once_was_looked_at(self):
        with tempfile.NamedTemporaryFile("w", encoding="ascii") as file:
            print(os.getpid(), file=file, flush=True)
            watch = postgres.Watch(file.name)
            watch.start()
            watch.stop()
        self.assertGreater(watch.most, 0)

    def test_without_a_server_nothing_is_seen(self):
        watch = postgres.Watch("/nonexistent")
        watch.start()
        watch.stop()
        self.assertEqual(watch.most, 0)


if __name__ == "__main__":
    unittest.main()
