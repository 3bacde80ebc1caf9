"""Programs that know what they hold, compared with what poolstat says of them."""

import time

from harness import TRUTH, Case, figures, main, poolstat, until

WORKERS = 4


class Truth(Case):
    def setUp(self):
        super().setUp()
        self.program = self.start(TRUTH, conf="stats_after:0ms", bufsize=1)
        self.step("base")
        total = figures(self.program.pid, "--exact")["total"]
        self.base = total["live_blocks"], total["live_bytes"]

    def step(self, name):
        self.program.stdin.write(name + "\n")
        self.program.stdin.flush()
        said, blocks, size = self.program.stdout.readline().split()
        self.assertEqual(said, name)
        return int(blocks), int(size)

    def seen(self, *options):
        answer = figures(self.program.pid, *options)
        total = answer["total"]
        return (total["live_blocks"] - self.base[0], total["live_bytes"] - self.base[1]), answer

    def test_at_rest_exactly(self):
        held = self.step("churn")
        self.assertGreater(held[0], 10000)
        self.assertEqual(self.seen("--exact")[0], held)
        self.assertEqual(self.seen()[0], held, "exact is the default")
        self.assertEqual(self.step("free"), (0, 0))
        self.assertEqual(self.seen("--exact")[0], (0, 0))

    def test_rows_at_rest(self):
        self.step("churn")
        answer = figures(self.program.pid, "--exact", "--all")
        total = answer["total"]
        for rows in (answer["arenas"],):
            live = sum(row["live_blocks"] for row in rows)
            self.assertEqual(live + total["large_blocks"], total["live_blocks"])
        self.assertEqual(sum(row["pools"] for row in answer["classes"]), total["pools"])
        self.assertEqual(sum(row["pools"] for row in answer["heaps"]), total["pools"])
        in_classes = sum(row["live_blocks"] for row in answer["classes"])
        self.assertEqual(sum(row["live_blocks"] for row in answer["heaps"]), in_classes)
        runs = sum(row["runs"] for row in answer["arenas"])
        self.assertEqual(in_classes + runs + total["large_blocks"], total["live_blocks"])
        mapped = total["arenas"] * total["arena_bytes"] + total["large_bytes"] + total["large_cached_bytes"]
        parts = "live rounding free uncarved cached clean".split()
        self.assertEqual(sum(total[part + "_bytes"] for part in parts), mapped)

    def test_in_motion_within_the_bound(self):
        held = self.step("motion")
        began = time.monotonic()
        # The clock first: how long poolstat takes to start must not make an old page look new.
        until(lambda: time.monotonic() - began > self.seen("--page")[1]["age"])
        for _ in range(20):
            (blocks, _), answer = self.seen("--page")
            self.assertLessEqual(abs(blocks - held[0]), answer["bound_blocks"] + WORKERS)
            self.assertLess(answer["age"], 5)
            time.sleep(0.03)
        self.step("still")
        self.assertEqual(self.seen("--exact")[0], held)

    def test_page_after_a_refresh_in_motion(self):
        held = self.step("motion")
        until(lambda: poolstat("--page", self.program.pid).returncode == 0)
        self.assertEqual(poolstat("refresh", self.program.pid).returncode, 0)
        (blocks, _), answer = self.seen("--page")
        self.assertLessEqual(abs(blocks - held[0]), answer["bound_blocks"] + WORKERS)
        self.step("still")


if __name__ == "__main__":
    main()
