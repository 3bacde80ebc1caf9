"""The sqlite3 shell: joins, indexes, windows, a dump and its reload."""

PROGRAMS = ["sqlite3"]

SCRIPT = r'''
pragma journal_mode=wal;
pragma synchronous=off;
create table item(id integer primary key, name text, price real, note blob);
create table sale(id integer primary key, item integer references item(id), day integer, n integer);
with recursive k(i) as (select 1 union all select i + 1 from k where i < 20000)
insert into item select i, 'item ' || (i * 7919 % 20011), i % 100 * 1.25, zeroblob(i % 500) from k;
with recursive k(i) as (select 1 union all select i + 1 from k where i < 100000)
insert into sale select i, 1 + i * 31 % 20000, i % 365, 1 + i % 7 from k;
create index sale_day on sale(day);
create index sale_item on sale(item);
select day, count(*), sum(n), round(sum(n * price), 2)
  from sale join item on item.id = sale.item group by day order by 4 desc limit 20;
select name, total, rank() over (order by total desc, name)
  from (select name, sum(n) as total from item join sale on sale.item = item.id group by name)
  order by total desc, name limit 10;
select group_concat(substr(name, 6, 3), '') from (select name from item order by name limit 2000);
update item set note = randomblob(0) where id % 2;
delete from sale where day % 5 = 0;
pragma integrity_check;
vacuum;
select count(*), sum(length(note)) from item;
'''


def run(space):
    space.run("sqlite3", "work.db", stdin=SCRIPT)
    dump = space.run("sqlite3", "work.db", ".dump", keep=False)
    space.run("sqlite3", "copy.db", stdin=b"pragma synchronous=off;\n" + dump)
    space.run("sqlite3", "copy.db", "select count(*), sum(n), max(day) from sale")
    space.run("sqlite3", "copy.db", "select wrong from nowhere", status=1)
