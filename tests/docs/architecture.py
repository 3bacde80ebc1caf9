#!/usr/bin/env python3
"""The call trees of docs/architecture.md against the sources.

    architecture.py SOURCES

Each line of a tree is a function and its file: the file must define it, and the body of the
function it is indented under must call it. `by hooks.tick` at the end of a line: that function is
called through this pointer, and is assigned to it somewhere (or passed, if the pointer is a
parameter). Paths in the text must exist.

Exit status: 0 all is true, 1 something is not.
"""
import pathlib
import re
import sys

DIRECTORIES = ("pool", "preload", "stats")
LINE = re.compile(r"^(?P<indent> *)(?P<name>\w+) +(?P<file>[\w/]+\.[ch])(?: +(?P<note>.*))?$")


NOT_CODE = re.compile(r'"(?:\\.|[^"\\\n])*"|/\*.*?\*/|//[^\n]*', re.DOTALL)


def without_comments(text):
    """Strings go too: what is called stands in neither."""
    return NOT_CODE.sub(" ", text)


class Sources:
    def __init__(self, root):
        self.root = root
        self.texts = {}
        for directory in DIRECTORIES:
            for path in (root / directory).rglob("*.[ch]"):
                text = without_comments(path.read_text(encoding="utf-8"))
                self.texts[str(path.relative_to(root))] = text

    def body(self, file, name):
        """What the function does; None when the file does not define it."""
        found = re.search(rf"^(?![ \t#}}]).*\b{name}\((?:[^;{{}}]|\n)*?\)[^;{{}}()]*\{{\n(.*?)^\}}",
                          self.texts.get(file, ""), re.MULTILINE | re.DOTALL)
        return found.group(1) if found else None

    def assigned(self, pointer, name, file):
        """To a member of that name anywhere; or passed to a function of the same file."""
        member = re.split(r"\.|->", pointer)[-1]
        if member == pointer:
            return re.search(rf"\w\([^;{{}}]*\b{name}[,)]", self.texts[file]) is not None
        return any(re.search(rf"\.{member} = {name}\b", text) for text in self.texts.values())


def calls(body, name):
    return re.search(rf"(?<![\w.>]){re.escape(name)}\(", body) is not None


def check_edge(sources, caller, callee):
    """What is wrong with the edge; None if nothing."""
    body = sources.body(caller["file"], caller["name"])
    note = callee["note"] or ""
    pointer = re.fullmatch(r"by (\w+(?:(?:\.|->)\w+)?)", note)
    if pointer:
        if pointer.group(1) + "(" not in body:
            return f"does not call through {pointer.group(1)}"
        if not sources.assigned(pointer.group(1), callee["name"], caller["file"]):
            return f"{pointer.group(1)} is never {callee['name']}"
    elif not calls(body, callee["name"]):
        return f"does not call {callee['name']}"
    return None


def check_tree(sources, lines):
    """Yields what is wrong; returns the number of functions looked at."""
    above = []
    for number, line in lines:
        match = LINE.match(line)
        if not match:
            yield number, f"no line of a tree: {line}"
            continue
        here = match.groupdict()
        depth = len(here["indent"]) // 2
        if sources.body(here["file"], here["name"]) is None:
            yield number, f"{here['file']} does not define {here['name']}"
        if depth > len(above):
            yield number, "indented under nothing"
            continue
        del above[depth:]
        if above and sources.body(above[-1]["file"], above[-1]["name"]) is not None:
            wrong = check_edge(sources, above[-1], here)
            if wrong:
                yield number, f"{above[-1]['name']} in {above[-1]['file']} {wrong}"
        above.append(here)


def trees(text):
    """The lines of each block of code, numbered."""
    inside = None
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            if inside is not None:
                yield inside
            inside = [] if inside is None else None
        elif inside is not None:
            inside.append((number, line))


def check_paths(root, text):
    for path in re.findall(r"`([a-z]+/[\w./]*)`", text):
        if not (root / path).exists():
            yield 0, f"{path} is not there"


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    page = root / "docs" / "architecture.md"
    text = page.read_text(encoding="utf-8")
    sources = Sources(root)
    found = list(trees(text))
    wrong = list(check_paths(root, text))
    for tree in found:
        wrong += check_tree(sources, tree)
    for number, what in wrong:
        print(f"{page}:{number}: {what}")
    functions = sum(len(tree) for tree in found)
    print(f"{functions} functions in {len(found)} trees, {len(wrong)} wrong")
    return 1 if wrong or functions < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
