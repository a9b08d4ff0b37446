#!/usr/bin/env python3
"""tour_client.py CHECK PORT [ARGUMENT]: what test_tour.sh asks of the tour that curl cannot ask. Exits 0 if it is answered as it
should be, else says what was wrong."""
import http.client
import os
import random
import signal
import socket
import sys

HOST = "127.0.0.1"
SECONDS = 60  # until a machine is taken for hung; nothing here is a matter of speed


def connect(port):
    return socket.create_connection((HOST, port), timeout=SECONDS)


def expect(actual, expected, what):
    if actual != expected:
        sys.exit(f"{what}: {actual!r}, expected {expected!r}")


def read_all(connection):
    """What comes until the other end has ended; a reset is an error."""
    data = b""
    while piece := connection.recv(65536):
        data += piece
    return data


def split(data):
    """The answers in DATA, each (status, headers, body)."""
    answers = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        size = int(headers.get("content-length", 0))
        answers.append((int(lines[0].split()[1]), headers, data[:size]))
        data = data[size:]
    return answers


def ask(port, request):
    """Sends REQUEST as it is, and reads until the server closes."""
    with connect(port) as connection:
        connection.sendall(request)
        return split(read_all(connection))


def get(path, headers=b"", version=b"1.1"):
    return b"GET " + path + b" HTTP/" + version + b"\r\nHost: x\r\n" + headers + b"\r\n"


CLOSE = b"Connection: close\r\n"


def keep_alive(port):
    """http.client: requests one after the other on one connection, which stays the same also through errors."""
    client = http.client.HTTPConnection(HOST, port, timeout=SECONDS)
    client.connect()
    own = client.sock.getsockname()
    for _ in range(3):
        for method, path, headers, status, body in (
            ("GET", "/hello.txt", {}, 200, b"hello\n"),
            ("HEAD", "/hello.txt", {}, 200, b""),
            ("GET", "/nothing", {}, 404, b"404 Not Found\n"),
            ("HEAD", "/nothing", {}, 404, b""),
            ("GET", "/hello.txt", {"Range": "bytes=1-3"}, 206, b"ell"),
            ("GET", "/hello.txt", {"Range": "bytes=6-"}, 416, b"416 Range Not Satisfiable\n"),
            ("GET", "/folder", {}, 301, b"301 Moved Permanently\n"),
        ):
            client.request(method, path, headers=headers)
            answer = client.getresponse()
            expect((answer.status, answer.read()), (status, body), f"{method} {path} {headers}")
            expect(client.sock.getsockname(), own, "the connection")
    client.close()


def pipeline(port):
    """Many requests at once are answered in their order, whatever they are, and however they are cut into pieces."""
    paths = [b"/hello.txt", b"/nothing", b"/large.bin", b"/", b"/folder/"] * 40
    statuses = [200, 404, 200, 200, 404] * 40
    requests = b"".join(get(path) for path in paths) + b"\r\n" + get(b"/hello.txt", CLOSE)
    with connect(port) as connection:
        piece = 0
        received = b""
        connection.setblocking(False)
        while True:
            try:
                if requests:
                    piece = piece % 977 + 1
                    requests = requests[connection.send(requests[:piece]):]
            except BlockingIOError:
                pass
            try:
                data = connection.recv(1 << 20)
                if not data:
                    break
                received += data
            except BlockingIOError:
                pass
    answers = split(received)
    expect([answer[0] for answer in answers], statuses + [200], "the answers")
    large = open("site/large.bin", "rb").read()
    for path, (_, _, body) in zip(paths, answers):
        if path == b"/large.bin":
            expect(body == large, True, "the large file")
    expect(answers[-1][1]["connection"], "close", "the last one")


def ranges(port):
    """Each way to write a range, against what RFC 9110 makes of it. The file has 10 bytes."""
    digits = b"0123456789"
    for text, status, body, content_range in (
        (b"bytes=0-0", 206, b"0", "bytes 0-0/10"),
        (b"bytes=2-", 206, b"23456789", "bytes 2-9/10"),
        (b"bytes=2-5", 206, b"2345", "bytes 2-5/10"),
        (b"Bytes=9-9", 206, b"9", "bytes 9-9/10"),
        (b"bytes=5-99999", 206, b"56789", "bytes 5-9/10"),
        (b"bytes=-4", 206, b"6789", "bytes 6-9/10"),
        (b"bytes=-99", 206, digits, "bytes 0-9/10"),
        (b"bytes=10-", 416, None, "bytes */10"),
        (b"bytes=10-11", 416, None, "bytes */10"),
        (b"bytes=-0", 416, None, "bytes */10"),
        (b"bytes=5-4", 200, digits, None),
        (b"bytes=-", 200, digits, None),
        (b"bytes=a-b", 200, digits, None),
        (b"bytes=1-2,4-5", 200, digits, None),
        (b"bytes=1-2x", 200, digits, None),
        (b"bytes=+1-2", 200, digits, None),
        (b"bytes=99999999999999999999-", 200, digits, None),
        (b"lines=1-2", 200, digits, None),
        (b"bytes=" + b"0" * 100 + b"1-2", 200, digits, None),
    ):
        ((actual, headers, data),) = ask(port, get(b"/digits", b"Range: " + text + b"\r\n" + CLOSE))
        expect((actual, headers.get("content-range")), (status, content_range), text)
        if body is not None:
            expect(data, body, text)
    for path in (b"/empty",):
        expect(ask(port, get(path, b"Range: bytes=0-\r\n" + CLOSE))[0][0], 416, "a range of nothing")
        expect(ask(port, get(path, CLOSE))[0][2], b"", "nothing")


def conditions(port):
    """If-Modified-Since and If-Range."""
    ((_, headers, _),) = ask(port, get(b"/digits", CLOSE))
    modified = headers["last-modified"].encode()
    for condition, expected in (
        (b"If-Modified-Since: " + modified, (304, b"")),
        (b"If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", (304, b"")),
        (b"If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT", (200, b"0123456789")),
        (b"If-Modified-Since: yesterday", (200, b"0123456789")),
        (b"Range: bytes=1-2\r\nIf-Range: " + modified, (206, b"12")),
        (b"Range: bytes=1-2\r\nIf-Range: Thu, 01 Jan 1970 00:00:00 GMT", (200, b"0123456789")),
        (b'Range: bytes=1-2\r\nIf-Range: "tag"', (200, b"0123456789")),
    ):
        ((status, _, body),) = ask(port, get(b"/digits", condition + b"\r\n" + CLOSE))
        expect((status, body), expected, condition)
    # An answer without a body leaves the connection as it was.
    answers = ask(port, get(b"/digits", b"If-Modified-Since: " + modified + b"\r\n") + get(b"/digits", CLOSE))
    expect([answer[0] for answer in answers], [304, 200], "what follows 304")


def malformed(port):
    """Requests that are none, and what is said to them before the connection ends, in order and not by a reset."""
    body = b"x" * 100000
    for request, status in (
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),  # TLS
        (b"hello\r\n\r\n", 400),
        (b"GET\r\n\r\n", 400),
        (b"GET / HTTP/x.1\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\nHost: x\r\n\r\n", 505),
        (b"GET / HTTP/1.1\r\n\r\n", 400),  # no Host
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nNo colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
        (b"GET relative HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET * HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /hello.txt%0 HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET /hello.txt%00.html HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + body, 405),
        (b"DELETE /hello.txt HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"CONNECT example.org:80 HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n" + body, 413),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", 413),
        (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 100000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 10000 + b"\r\n", 431),
    ):
        answers = ask(port, request)
        expect([answer[0] for answer in answers], [status], request[:70])
        expect(answers[0][1]["connection"], "close", request[:70])
    # What is odd, but right.
    for request in (
        b"GET /hello.txt HTTP/1.0\n\n",
        b"\r\n\r\nGET /hello.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET http://x/hello.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET //hello.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /hello.txt?a=b HTTP/1.1\r\nhOST: x\r\nRANGER: bytes=0-0\r\nConnection: close\r\n\r\n",
        b"GET /%68ello%2Etxt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /folder/../hello.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    ):
        ((status, _, data),) = ask(port, request)
        expect((status, data), (200, b"hello\n"), request)


def escape(port):
    """No path leads out of the folder."""
    for path, status in (
        (b"/../secret", 404),
        (b"/%2e%2e/secret", 404),
        (b"/..%2fsecret", 404),
        (b"/folder/../../secret", 404),
        (b"/%2fetc/passwd", 404),
        (b"/link-out", 404),
        (b"/folder-out/secret", 404),
        (b"/proc-link/self/environ", 404),
        (b"/loop", 404),
        (b"/fifo", 404),
        (b"/socket", 404),
        (b"/" + b"a" * 300, 404),
        (b"/link-in", 200),
    ):
        ((actual, _, body),) = ask(port, get(path, CLOSE))
        expect(actual, status, path)
        if b"secret" in body.lower():
            sys.exit(f"{path}: {body}")
    ((status, headers, _),) = ask(port, get(b"//example.org/%0d%0aSet-Cookie:%20a/../folder", CLOSE))
    expect(status, 404, "a folder that is none")
    ((status, headers, _),) = ask(port, get(b"//folder", CLOSE))
    expect((status, headers["location"]), (301, "./folder/"), "a folder whose path looks like a host")


def slow(port):
    """Whoever takes too long: in sending a head (408), in asking for something (closed), in reading."""
    heads = []
    for number in range(20):
        heads.append(connect(port))
        heads[-1].sendall(get(b"/hello.txt")[: number + 1])
    idle = connect(port)
    used = connect(port)
    used.sendall(get(b"/hello.txt"))
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.settimeout(SECONDS)
    deaf.connect((HOST, port))
    deaf.sendall(get(b"/huge.bin"))
    expect(split(read_all(used))[0][2], b"hello\n", "the answer before the silence")
    expect(read_all(idle), b"", "to nothing")
    for head in heads:
        ((status, headers, _),) = split(read_all(head))
        expect((status, headers["connection"]), (408, "close"), "to a slow head")
    # The others were served meanwhile, and this one is let go: its connection ends before all of it has come.
    size = 0
    try:
        while piece := deaf.recv(65536):
            size += len(piece)
            if size > 2 * os.path.getsize("site/huge.bin"):
                break
    except ConnectionResetError:
        pass
    if size >= os.path.getsize("site/huge.bin"):
        sys.exit("who did not read was waited for")


def trickle(port):
    """A byte now and then does not keep a place: the answer comes while the head is still being sent."""
    with connect(port) as connection:
        connection.settimeout(0.2)
        for byte in get(b"/hello.txt", b"X: " + b"y" * 6000 + b"\r\n"):
            try:
                connection.sendall(bytes([byte]))
                data = connection.recv(4096)
                break
            except TimeoutError:
                continue
        connection.settimeout(SECONDS)
        expect(split(data + read_all(connection))[0][0], 408, "to a trickle")


def limit(port, count):
    """COUNT connections are served, more are told to come again, and when one has gone there is room."""
    count = int(count)
    served = [connect(port) for _ in range(count)]
    for connection in served:
        connection.sendall(get(b"/hello.txt"))
        expect(b"hello\n" in connection.recv(65536), True, "within the limit")
    for request in (b"", get(b"/hello.txt"), get(b"/huge.bin") * 100) * 4:  # also who has asked for something already
        ((status, headers, _),) = ask(port, request)
        expect((status, headers["retry-after"]), (503, "1"), "beyond the limit")
    beyond = connect(port)
    expect(b" 503 " in beyond.recv(65536), True, "one more")
    for connection in served:  # who was there before is served all the same
        connection.sendall(get(b"/hello.txt"))
        expect(b"hello\n" in connection.recv(65536), True, "within the limit, later")
    beyond.close()
    for _ in range(count):
        served.pop().close()
    while ask(port, get(b"/hello.txt", CLOSE))[0][0] != 200:  # until the server has seen that they have gone
        pass


def terminate(port, server, signal_name):
    """A signal in the middle of a download: that ends well, what is idle is closed, nobody new is served."""
    idle = connect(port)
    head = connect(port)
    head.sendall(b"GET /hello.txt HTTP/1.1\r\nHo")
    download = socket.socket()
    download.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    download.settimeout(SECONDS)
    download.connect((HOST, port))
    download.sendall(get(b"/huge.bin"))
    data = download.recv(1000)
    os.kill(int(server), getattr(signal, signal_name))
    expect(read_all(idle), b"", "to who is idle")  # and so the signal has been seen
    try:
        connect(port).close()
        sys.exit("somebody was accepted after the end had begun")
    except ConnectionRefusedError:
        pass
    head.sendall(b"st: x\r\n\r\n")
    expect([answer[0] for answer in split(read_all(head))], [200], "to who had begun to ask")
    ((status, _, body),) = split(data + read_all(download))
    expect((status, body == open("site/huge.bin", "rb").read()), (200, True), "the download")


def cut(port, server):
    """Without grace a download ends before its end."""
    with connect(port) as download:
        download.sendall(get(b"/huge.bin"))
        size = len(download.recv(1000))
        os.kill(int(server), signal.SIGTERM)
        try:
            while piece := download.recv(65536):
                size += len(piece)
        except ConnectionResetError:
            pass
        if size >= os.path.getsize("site/huge.bin"):
            sys.exit("the download was waited for")


def shorten(port):
    """A file that becomes shorter while it is sent: the connection ends, so that nobody takes the rest for it."""
    with connect(port) as download:
        download.sendall(get(b"/huge.bin"))
        data = download.recv(1000)
        os.truncate("site/huge.bin", 100)
        data += read_all(download)
    head, _, body = data.partition(b"\r\n\r\n")
    if f"Content-Length: {len(body)}".encode() in head:
        sys.exit("all of it came")


def vanish(port):
    """Visitors who hang up, at any moment, some with a reset."""
    choose = random.Random(7)
    for number in range(200):
        connection = connect(port)
        request = choose.choice((get(b"/huge.bin"), get(b"/hello.txt"), get(b"/large.bin") * 20))
        if number % 5 == 0:
            connection.sendall(request)
            connection.recv(choose.randrange(1, 100000))
        else:
            connection.sendall(request[: choose.randrange(len(request) + 1)])
        if number % 2 == 0:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.close()


def mutate(port):
    """Random bytes in requests: each is answered with a status, or closed, and the server goes on."""
    choose = random.Random(int(os.environ.get("TT_SEED", "1")))
    for _ in range(int(os.environ.get("TT_COUNT", "400"))):
        data = bytearray(get(b"/hello.txt", b"Range: bytes=0-3\r\nIf-Range: x\r\n") * choose.randrange(1, 4))
        for _ in range(choose.randrange(1, 6)):
            place = choose.randrange(len(data))
            data[place : place + choose.randrange(3)] = choose.randbytes(choose.randrange(4))
        with connect(port) as connection:
            connection.sendall(bytes(data))
            connection.shutdown(socket.SHUT_WR)
            answer = read_all(connection)
            if answer and not answer.startswith(b"HTTP/1.1 "):
                sys.exit(f"{bytes(data)}: {answer}")
    expect(ask(port, get(b"/hello.txt", CLOSE))[0][2], b"hello\n", "after all of that")


if __name__ == "__main__":
    globals()[sys.argv[1]](int(sys.argv[2]), *sys.argv[3:])
