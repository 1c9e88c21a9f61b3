"""Maximum flows of split networks by NetworkX and by SciPy's linear programme: a line in, a line out, both JSON."""

import json
import sys

import networkx
import numpy
from scipy.optimize import linprog


def by_networkx(arcs: list[list[float]], source: int, sink: int) -> float:
    """Preflow-push."""
    graph = networkx.DiGraph()
    graph.add_nodes_from([source, sink])
    for tail, head, capacity in arcs:
        graph.add_edge(int(tail), int(head), capacity=capacity)
    return networkx.maximum_flow_value(graph, source, sink)


def by_programme(arcs: list[list[float]], source: int, sink: int) -> float:
    """Maximises what leaves the source, with what comes in going out again everywhere else."""
    balance = numpy.zeros((sink + 1, len(arcs)))
    for at, (tail, head, _) in enumerate(arcs):
        balance[int(tail), at] -= 1
        balance[int(head), at] += 1
    inner = [node for node in range(sink + 1) if node not in (source, sink)]
    leaving = balance[source]
    solved = linprog(
        leaving,
        A_eq=balance[inner],
        b_eq=numpy.zeros(len(inner)),
        bounds=[(0, capacity) for _, _, capacity in arcs],
        method="highs",
    )
    return -solved.fun


for line in sys.stdin:
    plan = json.loads(line)
    ends = (plan["nodes"] - 2, plan["nodes"] - 1)
    print(
        json.dumps(
            {
                "networkx": by_networkx(plan["arcs"], *ends),
                "programme": by_programme(plan["arcs"], *ends),
            }
        ),
        flush=True,
    )
