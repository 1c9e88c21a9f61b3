"""Cold maximum flows by igraph and NetworkX, for bench dag.mincut: a line in, a line out, both JSON.

The graph is built once; what is timed is one change of a capacity and the flow after it, as both libraries have it: from
nothing.
"""

import json
import sys
import time

import igraph
import networkx

plain = networked = None
capacities: list[float] = []
source = sink = 0


def load(arcs: list[list[float]], nodes: int) -> None:
    """Builds both graphs."""
    global plain, networked, capacities, source, sink
    source, sink = nodes - 2, nodes - 1
    pairs = [(int(a), int(b)) for a, b, _ in arcs]
    capacities = [c for _, _, c in arcs]
    plain = igraph.Graph(n=nodes, edges=pairs, directed=True)
    networked = networkx.DiGraph()
    for (a, b), capacity in zip(pairs, capacities, strict=True):
        networked.add_edge(a, b, capacity=capacity)


def change(arc: int, capacity: float, library: str) -> tuple[float, float]:
    """Milliseconds of one change and the flow after it."""
    edge = plain.es[arc]
    started = time.perf_counter()
    capacities[arc] = capacity
    if library == "igraph":
        flow = plain.maxflow_value(source, sink, capacities)
    else:
        networked[edge.source][edge.target]["capacity"] = capacity
        flow = networkx.maximum_flow_value(networked, source, sink)
    return (time.perf_counter() - started) * 1000, flow


for line in sys.stdin:
    question = json.loads(line)
    if "arcs" in question:
        load(question["arcs"], question["nodes"])
        answer = {"ok": True}
    else:
        took = [change(arc, capacity, question["library"]) for arc, capacity in question["changes"]]
        answer = {"ms": [ms for ms, _ in took], "flows": [flow for _, flow in took]}
    print(json.dumps(answer), flush=True)
