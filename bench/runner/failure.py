"""The two ways in which a run ends without figures."""


class Usage(Exception):
    """The command cannot be carried out as given; the text says what to do. Exit status 2."""


class Failure(Exception):
    """A workload failed under an allocator: reported beside the other results."""
