"""Text: lines taken apart by patterns, words counted, fields replaced, documents put together."""
import collections
import re
import sys

LINE = re.compile(r"^(?P<host>\S+) \[(?P<time>[^]]+)\] \"(?P<verb>[A-Z]+) (?P<path>\S+)\" "
                  r"(?P<status>\d{3}) (?P<size>\d+)$")
NUMBER = re.compile(r"\d+")
WORD = re.compile(r"[a-z]+")


def log(count):
    state = 5
    for i in range(count):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        yield (f"host{state % 400}.example.org [{i // 3600 % 24:02}:{i // 60 % 60:02}:{i % 60:02}] "
               f"\"{('GET', 'PUT', 'POST')[state % 3]} /dir{state % 23}/page{state % 1700}.html\" "
               f"{(200, 304, 404)[state % 7 % 3]} {state % 60000}")


def parse(lines):
    read, hosts = [], collections.Counter()
    for line in lines:
        found = LINE.match(line)
        fields = found.groupdict()
        fields["parts"] = fields["path"].strip("/").split("/")
        hosts[fields["host"]] += int(fields["size"])
        read.append(fields)
    return read, hosts


def prose(count):
    words = ("memory", "block", "thread", "page", "list", "figure", "kernel", "time", "table")
    return " ".join(words[i * i % 9] + ("." if i % 11 == 0 else "") for i in range(count))


def count_words(text):
    counts = collections.defaultdict(int)
    for sentence in text.split("."):
        words = sentence.lower().split()
        for first, second in zip(words, words[1:]):
            counts[first.capitalize() + " " + second.upper()] += 1
    return counts


def main():
    scale = float(sys.argv[1])
    lines = list(log(int(50000 * scale)))
    for turn in range(3):
        read, hosts = parse(lines)
        page = "".join(f"<tr><td>{f['host']}</td><td>{f['parts'][-1]}</td></tr>\n" for f in read)
        changed = NUMBER.sub(lambda found: str(int(found[0]) + turn), page)
        lines = [line.replace("example.org", "example.net") for line in lines]
        print(turn, len(hosts), hosts.most_common(1), len(changed), len(WORD.findall(changed)))
    print(sorted(count_words(prose(int(300000 * scale))).items())[:3])


main()
