"""poolstat as it is used: what it prints, and how each thing that can be wrong ends."""

import json
import os
import signal
import subprocess
import time

from harness import (BUSY, DAMAGED, DENIED, ENDED, LIBRARY, NO_ANSWER, NO_PAGE, NO_PROCESS, NOBODY,
                     NOT_POOL, OK, POOLSTAT, USAGE, VERSION, Case, figures, loaded, main, pages,
                     poolstat, published, until)

VERSION_AT = 8  # offset of page_header.version


def no_process():
    pid = 4194303
    while os.path.exists(f"/proc/{pid}"):
        pid -= 1
    return pid


def rss_of(pid):
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        return next(int(line.split()[1]) * 1024 for line in rollup if line.startswith("Rss:"))


class Sums(Case):
    def check_sums(self, account):
        items = 0
        for line in account:
            if line["sum"]:
                self.assertEqual(line["bytes"], items, line["item"])
            else:
                items += line["bytes"]
        self.assertTrue(account[-1]["sum"])
        self.check_signs(account)
        return {line["item"]: line["bytes"] for line in account}

    def check_signs(self, account):
        """Only the correction may be negative, and what exceeds it has a line of its own."""
        item = {line["item"]: line["bytes"] for line in account}
        for name, size in item.items():
            if name == "not_in_memory":
                self.assertLessEqual(size, 0)
            elif name != "other":
                self.assertGreaterEqual(size, 0, name)
        if "huge_pages" in item:
            self.assertEqual(item["not_in_memory"], 0)
            self.assertGreater(item["huge_pages"], 0)

    def test_exact_items_sum_to_the_kernels_rss(self):
        # At rest: waiting for input that never comes.
        program = self.start("sh", "-c", "read x")
        until(lambda: loaded(program.pid) and figures(program.pid)["total"]["live_blocks"] > 0)
        item = self.check_sums(figures(program.pid, "--exact")["account"])
        self.assertEqual(item["rss"], rss_of(program.pid))
        self.assertGreater(item["not_heap"], 0)

    def test_heap_item_is_what_was_touched(self):
        program = self.busy(20, "full", "64")
        item = self.check_sums(
            until(lambda: (f := figures(program.pid, "--exact"))["total"]["live_bytes"] > 64 << 20 and f)["account"]
        )
        self.assertGreater(item["heap"], 64 << 20)
        self.assertLess(item["heap"], 80 << 20)
        self.assertLess(item["not_heap"], 16 << 20)

    def test_rest_of_a_huge_page_is_an_item(self):
        # Some programs have such a rest, others have none: all must be told right.
        for mib in ("1", "20", "60", "200"):
            program = self.busy(20, "full", mib)
            until(lambda: figures(program.pid, "--exact")["total"]["live_bytes"] > int(mib) << 20)
            self.check_sums(figures(program.pid, "--exact")["account"])
            program.kill()

    def test_page_items_sum_too(self):
        program = self.busy(20)
        until(lambda: published(program.pid))
        answer = figures(program.pid, "--page")
        self.assertEqual(self.check_sums(answer["account"])["rss"], answer["resident"]["rss_bytes"])


class Text(Case):
    def test_list_and_summary(self):
        program = self.busy(20)
        self.assertRegex(poolstat().stdout, rf"\n *{program.pid} +busy ")
        answer = poolstat(program.pid, "--all")
        self.assert_status(answer, OK)
        for word in ("live", "rounding", "free in pools", "cached", "metadata", "not heap", "RSS",
                     "arena ", "block ", "heap ", "event ", "exact: read from its memory"):
            self.assertIn(word, answer.stdout)

    def test_page_says_age_and_bound(self):
        program = self.busy(20)
        until(lambda: published(program.pid))
        answer = poolstat("--page", program.pid)
        self.assertRegex(answer.stdout, r"published \d+ ms ago; live was then off by at most .* blocks")

    def test_json_lists(self):
        program = self.busy(20)
        entries = json.loads(poolstat("--json").stdout)
        self.assertIn(program.pid, [entry["pid"] for entry in entries])

    def test_watch_goes_on_until_the_end(self):
        program = self.busy(1)
        answer = poolstat("--json", "--watch", "0.2", program.pid)
        self.assertIn(answer.returncode, (NO_PROCESS, NOT_POOL, ENDED))
        self.assertGreaterEqual(len([json.loads(line) for line in answer.stdout.splitlines()]), 3)

    def test_options_come_from_the_table(self):
        rows = json.loads(poolstat("options", "--json").stdout)
        text = poolstat("options").stdout
        self.assertIn("stats_interval", [row["option"] for row in rows])
        for row in rows:
            self.assertIn(row["option"], text)
            self.assertIn(row["meaning"], text)


class Errors(Case):
    def test_no_such_process(self):
        self.assert_status(poolstat(no_process()), NO_PROCESS, "there is no process")
        self.assert_status(poolstat("--exact", no_process()), NO_PROCESS, "there is no process")
        self.assert_status(poolstat("purge", no_process()), NO_PROCESS, "there is no process")

    def test_not_under_libpool(self):
        with subprocess.Popen(["sleep", "20"]) as other:
            try:
                for view in ([], ["--exact"]):
                    self.assert_status(poolstat(*view, other.pid), NOT_POOL, "does not run under libpool")
                self.assert_status(poolstat("--page", other.pid), NO_PAGE, "has no page")
            finally:
                other.kill()

    def test_another_users(self):
        mine = self.busy(20)
        until(lambda: published(mine.pid))
        if os.geteuid() == 0:
            pid, run_as = mine.pid, {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chmod(os.path.dirname(POOLSTAT), 0o755)
        else:
            pid, run_as = 1, {}
        for arguments in ([pid], ["--exact", pid]):
            self.assert_status(poolstat(*arguments, **run_as), DENIED)
        if os.geteuid() == 0:
            for arguments in (["--page", pid], ["purge", pid]):
                self.assert_status(poolstat(*arguments, **run_as), DENIED, "another user")

    def test_a_file_that_another_user_planted(self):
        # As root: a page in our name that belongs to nobody. Otherwise nothing can be planted.
        program = self.start("sh", "-c", "read x")
        path = f"/dev/shm/libpool.{program.pid}.1"
        with open(path, "wb") as planted:
            planted.write(bytes(100000))
        if os.geteuid() == 0:
            os.chown(path, NOBODY, NOBODY)
            self.assert_status(poolstat("--page", program.pid), NO_PAGE, "not its own")
        else:
            self.assert_status(poolstat("--page", program.pid), NOT_POOL)
        os.unlink(path)

    def test_another_version(self):
        program = self.busy(20)
        page = until(lambda: published(program.pid) and pages(program.pid))[0]
        with open(page, "r+b") as file:
            file.seek(VERSION_AT)
            file.write((99).to_bytes(4, "little"))
        self.assert_status(poolstat("--page", program.pid), VERSION, "of version 99.")

    def test_damaged(self):
        program = self.busy(20)
        page = until(lambda: published(program.pid) and pages(program.pid))[0]
        with open(page, "r+b") as file:
            file.write(b"something else")
        self.assert_status(poolstat("--page", program.pid), DAMAGED, "does not begin as a page does")
        self.assert_status(poolstat("--exact", program.pid), OK)

    def test_no_page_yet(self):
        program = self.start("sh", "-c", "read x", conf="stats_after:1000s")
        until(lambda: poolstat("--exact", program.pid).returncode == OK)
        self.assert_status(poolstat("--page", program.pid), NO_PAGE, "has no page")

    def test_statistics_switched_off(self):
        program = self.busy(20, conf="stats:no")
        time.sleep(0.4)
        self.assert_status(poolstat("--page", program.pid), NO_PAGE, "stats:no")
        self.assert_status(poolstat(program.pid), OK)

    def test_wrong_usage(self):
        for arguments in (["nonsense"], ["--nonsense"], ["-5"], ["purge"], ["run"], ["options", "7"],
                          ["--watch", "x"], ["--watch", "-1"], ["refresh", "abc"]):
            self.assertEqual(poolstat(*arguments).returncode, USAGE, arguments)


class Requests(Case):
    def test_refresh_and_purge(self):
        program = self.busy(20)
        until(lambda: published(program.pid))
        self.assert_status(poolstat("refresh", program.pid), OK)
        before = figures(program.pid, "--events")["events"]["trims"]
        answer = poolstat("purge", program.pid)
        self.assert_status(answer, OK)
        self.assertRegex(answer.stdout, "RSS .* before, .* after")
        self.assertGreater(figures(program.pid, "--events")["events"]["trims"], before)

    def test_two_ask_at_once(self):
        program = self.busy(20)
        until(lambda: published(program.pid))
        askers = [subprocess.Popen([POOLSTAT, what, str(program.pid)], stdout=subprocess.PIPE)
                  for what in ("purge", "refresh", "purge", "refresh")]
        for asker in askers:
            asker.communicate(timeout=30)
            self.assertEqual(asker.returncode, OK)

    def test_idle_process_does_not_answer(self):
        program = self.start("bash", "-c", "x=(); for i in {1..200000}; do x+=($i); done; echo up; read x")
        self.assertEqual(program.stdout.readline(), "up\n")
        self.assertEqual(len(pages(program.pid)), 1)
        answer = poolstat("--wait", "0.2", "refresh", program.pid)
        self.assert_status(answer, NO_ANSWER, "did not come by")


class Run(Case):
    def test_status_output_and_summary(self):
        answer = poolstat("run", "sh", "-c", "echo out; exit 42")
        self.assertEqual((answer.returncode, answer.stdout), (42, "out\n"))
        self.assertIn("blocks live:", answer.stderr)
        self.assertIn("peak RSS", answer.stderr)

    def test_signals_and_what_cannot_start(self):
        self.assertEqual(poolstat("run", "sh", "-c", "kill -TERM $$").returncode, 128 + signal.SIGTERM)
        self.assertEqual(poolstat("run", "/nonexistent").returncode, 127)
        self.assertEqual(poolstat("run", "/etc/passwd").returncode, 126)

    def test_json_and_page_removed(self):
        answer = poolstat("--json", "--events", "run", BUSY, "0.3")
        self.assertEqual(answer.returncode, 7)
        summary = json.loads(answer.stderr)
        self.assertGreater(summary["peak_rss_bytes"], 1 << 20)
        self.assertGreater(summary["events"]["pools taken"], 10)
        self.assertEqual(pages(int(answer.stdout)), [])

    def test_exit_in_the_middle_of_an_allocation(self):
        """The last figures are read even if the allocator's locks are held for ever."""
        for number in range(16):
            answer = poolstat("--json", "run", BUSY, str(0.005 + number * 0.0007), "signal")
            self.assertEqual(answer.returncode, 7, answer.stderr)
            self.assertIn("live_blocks", json.loads(answer.stderr)["total"])

    def test_programs_own_children_leave_nothing(self):
        answer = poolstat("run", "sh", "-c", f"{BUSY} 0.3; true")
        self.assertEqual(answer.returncode, 0)
        self.assertEqual(pages(int(answer.stdout)), [])

    def test_options_after_the_program_are_the_programs(self):
        answer = poolstat("run", "echo", "--json", "-w", "purge")
        self.assertEqual(answer.stdout, "--json -w purge\n")

    def test_environment_is_extended(self):
        env = dict(os.environ, POOL_CONF="decay:2s", LD_PRELOAD="")
        answer = poolstat("run", "sh", "-c", "echo $POOL_CONF; echo $LD_PRELOAD", env=env)
        conf, preload = answer.stdout.splitlines()
        self.assertRegex(conf, r"^decay:2s,stats_keep:\d+$")
        self.assertEqual(os.path.realpath(preload), os.path.realpath(LIBRARY))


if __name__ == "__main__":
    main()
