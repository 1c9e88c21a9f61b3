"""Reads graphs in their binary form, version 1, by the map of bytes in docs/dag.md; prints them as JSON."""

import base64
import json
import struct
import sys


class Reader:
    """Values one after the other."""

    def __init__(self, message: bytes) -> None:
        self.message = message
        self.at = 0

    def take(self, size: int) -> bytes:
        self.at += size
        return self.message[self.at - size : self.at]

    def byte(self) -> int:
        return self.take(1)[0]

    def count(self) -> int:
        value = shift = 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    def number(self) -> float:
        return struct.unpack("<d", self.take(8))[0]

    def text(self) -> str:
        return self.take(self.count()).decode("utf-8")

    def detail(self) -> object:
        kind = self.byte()
        if kind == 0:
            return self.text()
        if kind == 1:
            return self.number()
        if kind in (2, 3):
            return kind == 3
        return [self.text() for _ in range(self.count())]


def read_node(reader: Reader, types: list[str], facts: list[str]) -> dict[str, object]:
    node = {"id": reader.count(), "type": types[reader.byte()]}
    bits = reader.count()
    known = {name: reader.number() for at, name in enumerate(facts) if bits >> at & 1}
    details = {reader.text(): reader.detail() for _ in range(reader.count())}
    return {**node, "facts": known, "details": details}


def read_edge(reader: Reader, ids: list[int]) -> dict[str, object]:
    first = reader.count()
    edge = {"from": ids[first // 2], "to": ids[reader.count()]}
    return {**edge, "rate": reader.number()} if first % 2 else edge


def read_dag(message: bytes, types: list[str], facts: list[str]) -> dict[str, object]:
    reader = Reader(message)
    assert reader.take(5) == b"RVDG\x01"
    nodes = [read_node(reader, types, facts) for _ in range(reader.count())]
    ids = [node["id"] for node in nodes]
    edges = [read_edge(reader, ids) for _ in range(reader.count())]
    assert reader.at == len(message)
    return {"nodes": nodes, "edges": edges}


asked = json.load(sys.stdin)
found = [
    read_dag(base64.b64decode(message), asked["types"], asked["facts"])
    for message in asked["messages"]
]
json.dump(found, sys.stdout)
