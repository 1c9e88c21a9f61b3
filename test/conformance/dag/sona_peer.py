"""LoRA, EWC and RLS in NumPy, from their definitions: dense matrices, one linear solve a step."""

import json
import sys

import numpy as np


def predict(case, shared, cores, run):
    rank, dims = case["rank"], case["dims"]
    a = shared[: rank * dims].reshape(rank, dims)
    b = shared[rank * dims :].reshape(-1, rank)
    z = [np.array(part) for part in run["parts"]]
    u = sum((np.eye(rank) + core) @ a @ part for core, part in zip(cores, z, strict=True))
    base = np.array(case["base"])[run["mechanism"]] @ sum(z)
    return base + case["alpha"] / rank * b[run["mechanism"]] @ u


def gradient(case, shared, cores, run):
    """Of A, of B, of each core: by matrix calculus, where the product uses loops."""
    rank, dims = case["rank"], case["dims"]
    scale = case["alpha"] / rank
    a = shared[: rank * dims].reshape(rank, dims)
    b = shared[rank * dims :].reshape(-1, rank)
    h = run["mechanism"]
    z = [np.array(part) for part in run["parts"]]
    of_a = sum(
        scale * np.outer((np.eye(rank) + core).T @ b[h], part)
        for core, part in zip(cores, z, strict=True)
    )
    of_b = np.zeros_like(b)
    of_b[h] = scale * sum(
        (np.eye(rank) + core) @ a @ part for core, part in zip(cores, z, strict=True)
    )
    of_cores = [scale * np.outer(b[h], a @ part) for part in z]
    return np.concatenate([of_a.ravel(), of_b.ravel(), *[core.ravel() for core in of_cores]])


def learn(case):
    shared = np.array(case["shared"])
    cores = [np.array(core).reshape(case["rank"], -1) for core in case["cores"]]
    hold, anchor = np.array(case["hold"]), np.array(case["anchor"])
    extra = sum(core.size for core in cores)
    holds = np.concatenate([hold, np.zeros(extra)])
    rates = np.concatenate(
        [np.full(hold.size, case["learningRate"]), np.full(extra, case["coreLearningRate"])]
    )
    errors, squares = [], np.zeros(hold.size)
    for run in case["runs"]:
        theta = np.concatenate([shared, *[core.ravel() for core in cores]])
        g = gradient(case, shared, cores, run)
        error = predict(case, shared, cores, run) - run["logRatio"]
        errors.append(error)
        # The minimum of ½(e + gΔ)² + ½Σ hold(θ + Δ − anchor)² + ½Σ Δ²/rate, by one dense solve.
        matrix = np.outer(g, g) + np.diag(holds + 1 / rates)
        anchors = np.concatenate([anchor, theta[hold.size :]])
        theta = theta + np.linalg.solve(matrix, holds * (anchors - theta) - error * g)
        shared = theta[: hold.size]
        rest = theta[hold.size :].reshape(len(cores), case["rank"], case["rank"])
        cores = list(rest)
    for run in case["runs"]:
        squares += gradient(case, shared, cores, run)[: hold.size] ** 2
    fisher = case["decay"] * hold / case["lambda"] + squares / len(case["runs"])
    return {
        "errors": errors,
        "shared": shared.tolist(),
        "cores": [core.ravel().tolist() for core in cores],
        "fisher": fisher.tolist(),
    }


def least_squares(case):
    """The weighted ridge solution that the recursion stands for."""
    x, y = np.array(case["x"]), np.array(case["y"])
    age = np.arange(len(y))[::-1]
    weight = case["forgetting"] ** age
    prior = case["forgetting"] ** len(y) / case["priorVariance"]
    matrix = (x.T * weight) @ x + prior * np.eye(x.shape[1])
    return {"weights": np.linalg.solve(matrix, (x.T * weight) @ y).tolist()}


request = json.load(sys.stdin)
json.dump(
    {
        "learned": [learn(case) for case in request["lora"]],
        "rls": [least_squares(case) for case in request["rls"]],
    },
    sys.stdout,
)
