"""As much of PostgreSQL's protocol as the scripts beside this file need: trust, simple queries, notifications.

The environment names the server: PGHOST (an address), PGPORT, PGUSER."""
import os
import select
import socket
import struct


class Connection:
    def __init__(self, database, port=None):
        address = (os.environ.get("PGHOST", "127.0.0.1"), int(port or os.environ.get("PGPORT", "5432")))
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        user = os.environ.get("PGUSER", "postgres")
        body = struct.pack("!i", 196608) + f"user\0{user}\0database\0{database}\0\0".encode()
        self.socket.sendall(struct.pack("!i", len(body) + 4) + body)
        self.buffer, self.notified = b"", []
        self.until_ready()

    def message(self):
        while len(self.buffer) < 5 or len(self.buffer) < 1 + struct.unpack("!i", self.buffer[1:5])[0]:
            more = self.socket.recv(1 << 16)
            if not more:
                raise ConnectionError("the server has closed the connection")
            self.buffer += more
        end = 1 + struct.unpack("!i", self.buffer[1:5])[0]
        kind, body, self.buffer = self.buffer[:1], self.buffer[5:end], self.buffer[end:]
        if kind == b"A":
            self.notified.append(body[4:].split(b"\0")[1].decode())
        if kind == b"E":
            fields = {part[:1]: part[1:].decode() for part in body.split(b"\0")}
            raise RuntimeError(fields[b"M"])
        return kind, body

    def until_ready(self):
        rows = []
        while True:
            kind, body = self.message()
            if kind == b"D":
                rows.append(row(body))
            if kind == b"Z":
                return rows

    def query(self, text):
        self.socket.sendall(b"Q" + struct.pack("!i", len(text.encode()) + 5) + text.encode() + b"\0")
        return self.until_ready()

    def next_notification(self, seconds):
        """The next payload, or None when none has come in time."""
        while not self.notified:
            if not self.buffer and not select.select([self.socket], [], [], seconds)[0]:
                return None
            self.message()
        return self.notified.pop(0)


def row(body):
    (columns,), at, values = struct.unpack("!h", body[:2]), 2, []
    for _ in range(columns):
        (length,) = struct.unpack("!i", body[at : at + 4])
        at += 4
        values.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return values
