"""redis-server under redis-benchmark, with lists, sets, expiry, a fork to save, and a restart."""

import hashlib
import socket
import time

from server import free_port, listens_on

PROGRAMS = ["redis-server", "redis-benchmark", "redis-cli"]


class Client:
    """Enough of the protocol to read and check every kind of reply."""

    def __init__(self, port):
        self.stream = socket.create_connection(("127.0.0.1", port), 30).makefile("rwb")

    def ask(self, *words):
        parts = [str(word).encode() for word in words]
        self.stream.write(b"*%d\r\n" % len(parts))
        for part in parts:
            self.stream.write(b"$%d\r\n%s\r\n" % (len(part), part))
        self.stream.flush()
        return self.reply()

    def reply(self):
        line = self.stream.readline()
        kind, value = line[:1], line[1:-2]
        if kind in (b"+", b"-", b":"):
            return line[:-2].decode()
        if value == b"-1":
            return None
        if kind == b"$":
            return self.stream.read(int(value) + 2)[:-2].decode()
        return [self.reply() for _ in range(int(value))]


def fill(client):
    for n in range(3000):
        client.ask("set", f"key:{n}", "v" * (n % 900))
        client.ask("append", f"key:{n}", n)
        client.ask("rpush", f"list:{n % 50}", n, "x" * (n % 60))
        client.ask("sadd", f"set:{n % 20}", n * 7919 % 1000)
        client.ask("hset", f"hash:{n % 30}", f"field{n % 100}", n)
        client.ask("zadd", "scores", n * 31 % 977, f"member{n}")
    for n in range(0, 3000, 3):
        client.ask("del", f"key:{n}")


def contents(client):
    """A digest of all that is stored, asked for in an order that does not depend on hashes."""
    digest = hashlib.sha256()
    for n in range(3000):
        digest.update(repr(client.ask("get", f"key:{n}")).encode())
    for n in range(50):
        digest.update(repr(client.ask("lrange", f"list:{n}", 0, -1)).encode())
        digest.update(repr(sorted(client.ask("smembers", f"set:{n}"))).encode())
        digest.update(repr(sorted(client.ask("hgetall", f"hash:{n}"))).encode())
    digest.update(repr(client.ask("zrange", "scores", 0, -1, "withscores")).encode())
    return f"{digest.hexdigest()} {client.ask('dbsize')}"


def serve(space, port):
    return space.serve(
        "redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
        "--dir", str(space.directory), "--io-threads", "2", "--activedefrag", "no",
        ready=listens_on(port))


def run(space):
    port = free_port()
    space.hide(port, "PORT")
    with serve(space, port):
        client = Client(port)
        fill(client)
        space.record("stored", contents(client))
        space.run("redis-benchmark", "-p", str(port), "-q", "-n", "8000", "-c", "20", "-P", "4",
                  "-t", "set,get,incr,lpush,lpop,sadd,hset,zadd,lrange_100,mset", "-d", "200",
                  keep=False)
        space.run("redis-cli", "-p", str(port), "get", "key:__rand_int__")
        space.record("stored still", contents(client))
        space.record("purge", client.ask("memory", "purge"))
        space.record("save", client.ask("bgsave"))
        while "rdb_bgsave_in_progress:1" in client.ask("info", "persistence"):
            time.sleep(0.02)
        space.record("saved", str("rdb_last_bgsave_status:ok" in client.ask("info", "persistence")))
        space.record("wrong", client.ask("incr", "key:1"))
    with serve(space, port):
        space.record("loaded", contents(Client(port)))
