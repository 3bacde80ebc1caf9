"""stress-ng's malloc stressor: it mixes every call, in threads too, and verifies the contents."""

import re

PROGRAMS = ["stress-ng"]


def verdict(text):
    """Process ids and times differ by run; failures and their messages do not."""
    text = re.sub(r"\[\d+\] ?", "", text)
    return re.sub(r"in \d+\.\d+ ?s(ecs)?( \(.*\))?", "in T", text)


def run(space):
    def stress(*options):
        space.run("stress-ng", "--seed", "7", "--verify", "--timeout", "60", *options,
                  edit=verdict)

    stress("--malloc", "2", "--malloc-ops", "30000", "--malloc-bytes", "512K", "--malloc-max",
           "4096", "--malloc-touch")
    stress("--malloc", "1", "--malloc-ops", "20000", "--malloc-pthreads", "4", "--malloc-bytes",
           "64K", "--malloc-max", "8192", "--malloc-touch")
    stress("--malloc", "1", "--malloc-ops", "60000", "--malloc-zerofree", "--malloc-thresh", "64K")
