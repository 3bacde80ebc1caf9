"""Python's ssl: TLS between threads over loopback, where OpenSSL does the allocating."""

PROGRAMS = ["python3", "openssl"]

SCRIPT = r'''
import hashlib, socket, ssl, threading

SESSIONS, ROUNDS = 12, 8

def serve(listener, context):
    for _ in range(SESSIONS):
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection, context)).start()

def answer(connection, context):
    with context.wrap_socket(connection, server_side=True) as tls:
        stream = tls.makefile("rwb")
        while (line := stream.readline()):
            stream.write(hashlib.sha512(line).hexdigest().encode() * 200 + b"\n")
            stream.flush()

def ask(port, n, results):
    context = ssl.create_default_context(cafile="cert.pem")
    with socket.create_connection(("127.0.0.1", port)) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as tls:
        stream = tls.makefile("rwb")
        digest = hashlib.sha256()
        for i in range(ROUNDS):
            stream.write(b"question %d %d %s\n" % (n, i, b"x" * (i * 1000)))
            stream.flush()
            digest.update(stream.readline())
        results[n] = tls.version(), digest.hexdigest()

server_context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
server_context.load_cert_chain("cert.pem", "key.pem")
listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener, server_context)).start()
results = {}
port = listener.getsockname()[1]
for batch in range(0, SESSIONS, 4):
    askers = [threading.Thread(target=ask, args=(port, n, results))
              for n in range(batch, batch + 4)]
    for asker in askers: asker.start()
    for asker in askers: asker.join()
for n in sorted(results): print(n, *results[n])
'''


def run(space):
    space.run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem",
              "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost",
              "-addext", "subjectAltName=DNS:localhost", keep=False)
    space.run("python3", space.write("tls.py", SCRIPT))
