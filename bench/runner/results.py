"""Results files: written by each run, read by everything else."""
import datetime
import json
import os
import statistics

from .allocator import BASE
from .failure import Usage
from .measure import METRICS

FORMAT = 1


class Results:
    """A results file's document, and the questions that reports ask of it."""

    def __init__(self, document):
        self.document = document
        self.subject = document["subject"]
        self.base = document.get("base", BASE)
        self.metrics = document.get("metrics", METRICS)  # what this run is about
        self.counted = document.get("counted", False)  # by one run each, and not timed
        self.names = [a["name"] for a in document["allocators"]]
        self.workloads = document["workloads"]
        self.families = list(dict.fromkeys(w["family"] for w in self.workloads))

    def of(self, family):
        return [w for w in self.workloads if w["family"] == family]

    def samples(self, workload, name, metric):
        """The samples of a metric; empty when the workload failed under the allocator."""
        result = workload["results"].get(name)
        if not result or result["failed"]:
            return []
        return result.get(metric) or []

    def value(self, workload, name, metric):
        """Their median, or None."""
        if metric == "instructions":
            result = workload["results"].get(name)
            return result.get("instructions") if result and not result["failed"] else None
        samples = self.samples(workload, name, metric)
        return statistics.median(samples) if samples else None

    def others(self):
        return [name for name in self.names if name != self.subject]

    def best_other(self, workload, metric):
        """The name of the other allocator whose value is least, or None."""
        values = {n: self.value(workload, n, metric) for n in self.others()}
        values = {n: v for n, v in values.items() if v is not None}
        return min(values, key=values.get) if values else None

    def failures(self):
        """(workload, allocator, reason) of each."""
        return [(w["name"], name, result["failed"]) for w in self.workloads
                for name, result in w["results"].items() if result["failed"]]


def save(document, path):
    directory = os.path.dirname(os.path.abspath(path))
    os.makedirs(directory, exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(document, file, indent=1)
        file.write("\n")


def default_path(build):
    now = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    return os.path.join(build, "bench-results", f"{now}.json")


def load(path):
    try:
        with open(path, encoding="utf-8") as file:
            document = json.load(file)
        results = Results(document)
    except OSError as error:
        raise Usage(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise Usage(f"{path} is no results file of bench run") from error
    if document.get("format") != FORMAT:
        raise Usage(f"{path} has format {document.get('format')}, this bench reads {FORMAT}: "
                    "make it again with bench run")
    return results
