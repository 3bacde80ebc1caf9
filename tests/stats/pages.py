"""The life of pages: forks, kills, replaced programs, damage, and a /dev/shm that will not have them."""

import os
import random
import signal
import struct
import subprocess
import time

from harness import (BUSY, DAMAGED, ENDED, NO_PROCESS, NOT_POOL, OK, POOLSTAT, VERSION, Case,
                     environment, figures, main, pages, poolstat, published, until)

CORRUPTIONS = 64


class Life(Case):
    def test_normal_exit_removes(self):
        program = self.busy(0.5)
        until(lambda: pages(program.pid))
        program.wait()
        self.assertEqual(pages(program.pid), [])
        self.assert_status(poolstat(program.pid), NO_PROCESS)

    def test_every_way_to_end_removes(self):
        ways = {"exit": 7, "_exit": 7, "_Exit": 7, "quick_exit": 7, "at_quick_exit": 6}
        for how, status in ways.items():
            with self.subTest(how=how):
                program = self.busy(0.5, "leave", how)
                until(lambda: pages(program.pid))
                self.assertEqual(program.wait(), status)
                self.assertEqual(pages(program.pid), [])

    def test_child_of_vfork_leaves_its_parents_page(self):
        program = self.busy(20, "vfork")
        self.assertEqual(len(pages(program.pid)), 1)
        self.assertEqual(poolstat("--page", program.pid).returncode, OK)

    def test_the_young_have_none(self):
        program = self.busy(20, conf="stats_after:2s")
        time.sleep(0.5)
        self.assertEqual(pages(program.pid), [])
        until(lambda: pages(program.pid))

    def test_killed_is_readable_then_cleared(self):
        program = self.busy(20, "full", "20")
        until(lambda: published(program.pid) and figures(program.pid, "--page")["total"]["live_bytes"] > 20 << 20)
        program.kill()
        program.wait()
        answer = poolstat(program.pid)
        self.assert_status(answer, ENDED, "has ended")
        self.assertIn("ended: what it published last", answer.stdout)
        last = figures(program.pid)
        self.assertTrue(last["ended"])
        self.assertEqual(last["program"], "busy")
        self.assertGreater(last["total"]["live_bytes"], 20 << 20)
        self.assertRegex(poolstat().stdout, rf"{program.pid} +busy .* ended ")
        self.assertEqual(poolstat("clear").returncode, OK)
        self.assertEqual(pages(program.pid), [])
        self.assert_status(poolstat(program.pid), NO_PROCESS)

    def test_living_pages_are_not_cleared(self):
        program = self.busy(20)
        until(lambda: published(program.pid))
        self.assertEqual(poolstat("clear").returncode, OK)
        self.assertEqual(len(pages(program.pid)), 1)

    def test_next_publisher_clears_what_is_too_many(self):
        killed = []
        for _ in range(24):
            program = self.busy(20, conf="stats_after:0ms")
            until(lambda: pages(program.pid))
            program.kill()
            program.wait()
            killed.append(program.pid)
        program = self.busy(20)
        until(lambda: published(program.pid))
        left = [pid for pid in killed if pages(pid)]
        self.assertLessEqual(len(left), 17)
        self.assertGreater(len(left), 0)

    def test_fork_child_has_its_own(self):
        program = self.busy(20, "fork")
        parent, child = map(int, self.line)
        try:
            until(lambda: published(parent) and published(child))
            self.assertEqual(len(pages(parent) + pages(child)), 2)
            self.assertEqual(figures(child, "--page")["pid"], child)
            program.kill()
            program.wait()
            self.assert_status(poolstat("--page", parent), ENDED)
            self.assert_status(poolstat("--page", child), OK)
            poolstat("clear")
            self.assertEqual(pages(parent), [], "the child does not hold its parent's page")
            self.assertEqual(len(pages(child)), 1)
        finally:
            os.kill(child, signal.SIGKILL)
            until(lambda: not os.path.exists(f"/proc/{child}"))
            for page in pages(child):
                os.unlink(page)

    def test_replaced_program(self):
        program = self.busy(0.5, "exec", "env", "-u", "LD_PRELOAD", "sleep", "20")
        until(lambda: poolstat(program.pid).returncode == NOT_POOL)
        self.assertEqual(len(pages(program.pid)), 1)
        self.assert_status(poolstat("--page", program.pid), NOT_POOL, "earlier program")
        self.assertEqual(poolstat("clear").returncode, OK)
        self.assertEqual(pages(program.pid), [])

    def test_replaced_by_one_under_libpool(self):
        program = self.busy(0.5, "exec", BUSY, "20")
        time.sleep(1)
        until(lambda: published(program.pid))
        self.assertEqual(len(pages(program.pid)), 1)


class Damage(Case):
    """Whatever a page holds, poolstat says what it makes of it; none of 64 ways to ruin one crashes it."""

    def setUp(self):
        super().setUp()
        program = self.busy(20, "full", "40", conf="stats_after:0ms")
        until(lambda: published(program.pid) and figures(program.pid, "--page")["total"]["arenas"] > 8)
        program.kill()
        program.wait()
        self.pid = program.pid
        self.path = pages(program.pid)[0]
        with open(self.path, "rb") as page:
            self.good = page.read()
        self.expected = figures(self.pid, "--all")
        # Where its rows are: the table of sections ends the header, 24 bytes each.
        header_bytes = struct.unpack_from("<I", self.good, 16)[0]
        self.sections = [struct.unpack_from("<6I", self.good, header_bytes - 96 + 24 * i) for i in range(4)]

    def used(self):
        """The parts of the page that mean something, as (start, end)."""
        yield 0, 512
        for _, offset, stride, _, count, _ in self.sections:
            yield offset, offset + stride * count

    def corrupt(self, rng, number):
        page = bytearray(self.good)
        start_at, end = rng.choice(list(self.used()))
        at = rng.randrange(start_at, end)
        kind = number % 8
        if kind == 0:
            return page[: rng.randrange(len(page))]
        if kind == 1:
            return page[: rng.randrange(600)]
        if kind == 2:
            page[at] ^= 1 << rng.randrange(8)
        elif kind == 3:
            size = rng.randrange(1, 4000)
            page[at : at + size] = rng.randbytes(size)
        elif kind == 4:
            page[at : at + 64] = b"\xff" * 64
        elif kind == 5:
            page[at : at + 4096] = bytes(4096)
        elif kind == 6:
            at = rng.randrange(16, 400) // 4 * 4
            struct.pack_into("<I", page, at, rng.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]))
        else:
            rng.shuffle(view := list(page[:16384]))
            page[:16384] = bytes(view)
        return page

    def write(self, content):
        with open(self.path, "wb") as page:
            page.write(content)

    def test_64_corruptions(self):
        rng = random.Random(20)
        counts = {}
        for number in range(CORRUPTIONS):
            self.write(self.corrupt(rng, number))
            answer = poolstat("--json", "--all", self.pid)
            with self.subTest(number=number, stderr=answer.stderr):
                self.assertIn(answer.returncode, (VERSION, DAMAGED, ENDED))
                self.assertRegex(answer.stderr, "^poolstat: .*process")
                self.assertNotIn("\0", answer.stdout)
            if answer.returncode == ENDED:
                self.check_figures(number)
            counts[answer.returncode] = counts.get(answer.returncode, 0) + 1
        self.assertGreater(counts.get(DAMAGED, 0), 16)
        print(f"ended with: {counts} ", end="", flush=True)

    def check_figures(self, number):
        """Figures that are printed are those of the page, or rows are said to be missing."""
        seen = figures(self.pid, "--all")
        text = poolstat("--all", self.pid)
        self.assertEqual(text.returncode, ENDED)
        self.assertEqual(seen["program"], self.expected["program"])
        stated = seen["rows_lost"] or seen["arenas_truncated"] or seen["heaps_truncated"]
        if not stated:
            for part in ("arenas", "classes", "heaps", "total", "events"):
                self.assertEqual(seen[part], self.expected[part], f"corruption {number}: {part}")
        elif seen["rows_lost"]:
            self.assertIn("rows are missing below", text.stdout)

    def test_cut_off(self):
        self.write(self.good[:5000])
        self.assert_status(poolstat(self.pid), DAMAGED, "cut off")
        self.write(b"")
        self.assert_status(poolstat(self.pid), DAMAGED, "never finished")


class NoRoom(Case):
    """In a /dev/shm of its own, so that nobody else's is touched."""

    def inside(self, script):
        """Runs a shell script in a private mount namespace; BUSY and POOLSTAT are set in it."""
        under = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-r", "-m"]
        preface = f"BUSY='env LD_PRELOAD={environment()['LD_PRELOAD']} {BUSY}'; POOLSTAT={POOLSTAT}; "
        return subprocess.run([*under, "sh", "-ec", preface + script], capture_output=True, text=True, timeout=60)

    def check_program_unharmed(self, mount):
        answer = self.inside(f"{mount}; set +e; $BUSY 0.5; echo status $?; ls -A /dev/shm 2>/dev/null || true")
        self.assertEqual(answer.stderr, "")
        lines = answer.stdout.splitlines()
        self.assertEqual(lines[1], "status 7", answer.stdout)
        return lines[2:]

    def test_read_only(self):
        self.assertEqual(self.check_program_unharmed("mount -t tmpfs -o ro none /dev/shm"), [])

    def test_missing(self):
        self.check_program_unharmed("mount -t tmpfs none /dev; mkdir /dev/other")

    def test_full(self):
        fill = "mount -t tmpfs -o size=64k none /dev/shm; head -c 64k /dev/zero >/dev/shm/fill"
        self.assertEqual(self.check_program_unharmed(fill), ["fill"])

    def test_fills_up_later(self):
        answer = self.inside(
            "mount -t tmpfs -o size=20k none /dev/shm; $BUSY 3 full 400 >/dev/null & sleep 2;"
            "$POOLSTAT --page $! || true; set +e; wait $!; echo status $?; ls -A /dev/shm"
        )
        self.assertIn("status 7", answer.stdout, answer.stderr)
        self.assertIn("arenas found no room", answer.stdout)
        self.assertTrue(answer.stdout.endswith("status 7\n"), "its page is removed")

    def test_no_files_of_that_size_allowed(self):
        answer = self.inside("ulimit -f 8; set +e; $BUSY 0.5; echo status $?")
        self.assertEqual(answer.stdout.splitlines()[1], "status 7")


if __name__ == "__main__":
    main()
