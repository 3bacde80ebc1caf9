"""PostgreSQL: initdb, a server with forked backends, pgbench, and queries with known answers."""

import os
import pwd
import re
import shutil
import signal
from pathlib import Path

from server import free_port, listens_on


def newest_server():
    """The directory of PostgreSQL's programs: Debian keeps them out of the search path."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return str(versions[-1]) if versions else "/usr/lib/postgresql/15/bin"


BIN = newest_server()
PROGRAMS = [f"{BIN}/initdb", f"{BIN}/postgres", f"{BIN}/pgbench", "psql"]
WITNESSES = ["initdb", "postgres", "pgbench", "psql"]

QUERIES = r'''
create table work(id int primary key, name text, data jsonb, tags text[]);
insert into work select i, md5(i::text), jsonb_build_object('n', i, 'half', i / 2,
    'list', array[i, i + 1]), array['a' || i % 10, 'b' || i % 7] from generate_series(1, 40000) i;
create index on work using gin(tags);
analyze work;
select count(*), sum((data->>'half')::int) from work where tags @> array['a3', 'b2'];
select tags[1], string_agg(left(name, 2), '' order by id) from work where id <= 300 group by 1
    order by 1;
with recursive f(n, a, b) as (select 1, 0::numeric, 1::numeric
    union all select n + 1, b, a + b from f where n < 500) select max(a) from f;
set work_mem = '256kB';
select md5(string_agg(name, '' order by name desc)) from work;
create function wrong() returns int language plpgsql as
    'declare x int; begin for i in 1..3000 loop begin x := 1 / (i % 2); exception when
     division_by_zero then x := 0; end; end loop; return x; end';
select wrong();
select 1 / 0;
select regexp_replace(repeat('abc', 10000), 'b', 'xyz', 'g') = repeat('axyzc', 10000);
'''


def summary(text):
    """What pgbench says of how many transactions it did and how many failed."""
    return "\n".join(re.findall(r"number of (?:transactions|failed).*", text))


def is_ready(status_file):
    return os.path.exists(status_file) and "ready" in Path(status_file).read_text()


def run(space):
    user = "postgres" if os.getuid() == 0 else None
    if user:
        shutil.chown(space.directory, user, pwd.getpwnam(user).pw_gid)
    port = free_port()
    space.hide(port, "PORT")
    space.run(f"{BIN}/initdb", "-D", "data", "-U", "postgres", "-A", "trust", "--no-sync",
              "--locale=C.UTF-8", "-E", "UTF8", user=user)
    here = str(space.directory)
    common = ["-h", "127.0.0.1", "-p", str(port), "-U", "postgres"]
    with space.serve(f"{BIN}/postgres", "-D", "data", "-p", str(port), "-k", here,
                     "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                     "-c", "max_parallel_workers_per_gather=2",
                     "-c", "min_parallel_table_scan_size=0",
                     ready=lambda: listens_on(port)() and is_ready(f"{here}/data/postmaster.pid"),
                     stop=signal.SIGINT, user=user):
        space.run(f"{BIN}/pgbench", *common, "-i", "-s", "1", "-q", "postgres", keep=False)
        space.run(f"{BIN}/pgbench", *common, "-c", "6", "-j", "2", "-t", "60", "-n", "-C",
                  "postgres", edit=summary)
        space.run(f"{BIN}/pgbench", *common, "-c", "8", "-j", "2", "-t", "250", "-n",
                  "postgres", edit=summary)
        space.run("psql", *common, "-X", "-q", "postgres", stdin=QUERIES)
        space.run("psql", *common, "-X", "-At", "postgres", "-c",
                  "select count(*), sum(bbalance) = sum(tbalance) from pgbench_history, "
                  "(select sum(bbalance) bbalance from pgbench_branches) b, "
                  "(select sum(tbalance) tbalance from pgbench_tellers) t")
