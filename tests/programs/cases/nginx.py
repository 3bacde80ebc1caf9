"""nginx with two workers under wrk: plain, compressed and proxied replies, and a reload."""

import gzip
import http.client
import os
import re
import signal
import time

from server import free_port, listens_on

PROGRAMS = ["nginx", "wrk"]

CONFIGURATION = r'''
daemon off;
worker_processes 2;
pid nginx.pid;
error_log stderr error;
events { worker_connections 512; }
http {
    access_log off;
    gzip on;
    gzip_min_length 100;
    gzip_types text/plain;
    default_type text/plain;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    server {
        listen 127.0.0.1:PORT;
        root DIRECTORY/files;
        location /proxied/ { proxy_pass http://127.0.0.1:PORT/; proxy_buffer_size 4k; }
        location = /missing { return 404 "nothing here\n"; }
    }
}
'''


def get(port, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    reply = connection.getresponse()
    body = reply.read()
    connection.close()
    if reply.getheader("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return reply.status, body


def check_all(space, port, title):
    rows = []
    for n in range(20):
        expected = (f"file {n}\n" * (n * n * 10 + 1)).encode()
        replies = [get(port, f"/{n}.txt"), get(port, f"/proxied/{n}.txt"),
                   get(port, f"/{n}.txt", **{"Accept-Encoding": "gzip"})]
        rows.append(f"{n} {len(expected)} {[reply == (200, expected) for reply in replies]}")
    rows.append(str(get(port, "/missing")))
    space.record(title, "\n".join(rows))


def errors_only(text):
    """wrk tells of replies other than 200 and of broken connections only if there were any."""
    return "\n".join(re.findall(r".*(?:Non-2xx|Socket errors|unable).*", text))


def run(space):
    port = free_port()
    space.hide(port, "PORT")
    for n in range(20):
        space.write(f"files/{n}.txt", f"file {n}\n" * (n * n * 10 + 1))
    space.write("logs/place", "")
    configuration = CONFIGURATION.replace("PORT", str(port))
    configuration = configuration.replace("DIRECTORY", str(space.directory))
    space.write("nginx.conf", configuration)
    here = str(space.directory)
    with space.serve("nginx", "-p", here, "-e", "stderr", "-c", f"{here}/nginx.conf",
                     ready=listens_on(port), stop=signal.SIGQUIT) as server:
        check_all(space, port, "replies")
        for path in ("5.txt", "proxied/9.txt"):
            space.run("wrk", "-t", "2", "-c", "24", "-d", "1s", "-H", "Accept-Encoding: gzip",
                      f"http://127.0.0.1:{port}/{path}", edit=errors_only)
        before = server.children()
        os.kill(server.process.pid, signal.SIGHUP)
        while set(server.children()) & set(before):
            time.sleep(0.02)
        check_all(space, port, "replies after a reload")
