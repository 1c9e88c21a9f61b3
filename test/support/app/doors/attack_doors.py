"""Attacks a daemon's streams with the libraries of others: websockets and pyzmq. Prints how many it made.

python attack_doors.py <ws endpoint> <tcp endpoint> <seconds> <seed>
"""

import contextlib
import json
import random
import socket
import struct
import sys
import time

import zmq
from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

REQUESTS = [
    {"tables": ["memory"]},
    {"tables": ["memory", "process"], "overflow": "block", "format": "arrow"},
    {"tables": ["__proto__"]},
    {"filters": ["used_percent>" + " " * 20_000 + "x"]},
    {"after": {"epoch": "x", "sequences": {"memory": 0.5}, "timestamps": {}}},
    {"after": {"epoch": "x", "sequences": {}, "timestamps": {"memory": 0}}},
    [],
    "SUBSCRIBE",
]


def reset(connection: socket.socket) -> None:
    """Ends a connection by RST rather than FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def attack_websocket(endpoint: str, chance: random.Random) -> None:
    """A real client that asks, reads a little or nothing, and is gone."""
    origin = chance.choice([None, None, "https://evil.example", "null"])
    # Whatever the daemon does to this connection is right as long as it lives.
    with (
        contextlib.suppress(WebSocketException, OSError),
        connect(endpoint + "/request", origin=origin, open_timeout=5, close_timeout=0.1) as client,
    ):
        client.send(json.dumps(chance.choice(REQUESTS)))
        for _ in range(chance.randrange(3)):
            client.recv(timeout=0.2)
        if chance.random() < 0.7:
            reset(client.socket)


def attack_zeromq(context: zmq.Context, endpoint: str, chance: random.Random) -> None:
    """A real ZeroMQ socket, of the right kind or not, that asks and is gone."""
    kind = chance.choice([zmq.DEALER, zmq.DEALER, zmq.DEALER, zmq.REQ, zmq.SUB, zmq.PUSH])
    with context.socket(kind) as client:
        client.linger = 0
        client.sndtimeo = client.rcvtimeo = 100
        client.connect(endpoint)
        try:
            for _ in range(1 if kind == zmq.REQ else chance.randrange(1, 50)):
                payload = {"credit": chance.choice([1, 10**12])}
                request = chance.choice(REQUESTS)
                if isinstance(request, dict):
                    payload |= request
                client.send_multipart([b"SUBSCRIBE", json.dumps(payload).encode()])
            if chance.random() < 0.5:
                client.recv_multipart()
        except zmq.ZMQError:
            pass


def main() -> None:
    """Attacks for so many seconds."""
    websocket, tcp, seconds, seed = sys.argv[1:]
    chance = random.Random(int(seed))
    end = time.monotonic() + float(seconds)
    count = 0
    with zmq.Context() as context:
        while time.monotonic() < end:
            attack_websocket(websocket, chance)
            attack_zeromq(context, tcp, chance)
            count += 2
    print(count)


if __name__ == "__main__":
    main()
