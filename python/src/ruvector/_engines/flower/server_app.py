"""The server app of Flower: rounds by one of Flower's strategies, its noise, its accountant.

Nothing is aggregated here: FedAvg, FedProx, FedTrimmedAvg, FedXgbBagging and differential privacy
by fixed clipping are Flower's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MetricRecord
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import (
    DifferentialPrivacyServerSideFixedClipping,
    FedAvg,
    FedProx,
    FedTrimmedAvg,
    FedXgbBagging,
)
from flwr.supercore.privacy_accounting import (
    NeighboringRelation,
    PrivacyConfig,
    SamplingMethod,
)
from flwr.supercore.privacy_accounting.rdp_accountant import RdpAccountant

from .averaged import share_model
from .job import FederatedJob, Outcome, read_job, write_outcome

__all__ = ["server"]

server = ServerApp()


@server.main()  # type: ignore[untyped-decorator,unused-ignore]
def main(grid: Grid, context: Context) -> None:
    """Run the rounds of the job in the folder that the run's configuration names."""
    folder = Path(str(context.run_config["job"]))
    job, scales = read_job(folder)
    model = share_model(
        job.estimator, job.parameters, len(job.labels), len(job.features), job.window, job.seed
    )
    rounds = _Rounds(folder, job)
    strategy, accountant = rounds.build_strategy()
    told = {**asdict(job), "scales": [each.tolist() for each in scales]}
    found = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord(model.start()),
        num_rounds=job.rounds,
        timeout=job.round_seconds,
        train_config=ConfigRecord({"job": json.dumps(told)}),
    )
    privacy = None
    if accountant is not None and job.noise_multiplier is not None:
        spent = accountant.get_privacy_spent()
        privacy = {
            "epsilon": spent.epsilon,
            "delta": spent.delta,
            "noiseMultiplier": job.noise_multiplier,
            "clippingNorm": job.clipping_norm,
            "unit": "host",
        }
    facts = {
        "name": "flower",
        "strategy": job.strategy,
        "rounds": rounds.completed,
        "hosts": len(rounds.hosts),
        "failures": rounds.failures,
        "privacy": privacy,
    }
    write_outcome(folder, Outcome(found.arrays.to_numpy_ndarrays(), facts))


class _Rounds:
    """Counts who answered, and tells the caller after each round."""

    def __init__(self, folder: Path, job: FederatedJob) -> None:
        self._folder = folder
        self._job = job
        self.hosts: set[int] = set()
        self.failures: list[str] = []
        self.completed = 0

    def build_strategy(self) -> tuple[Any, RdpAccountant | None]:
        """Make the strategy of the job, with its accountant where there is noise."""
        job = self._job
        # Flower counts the hosts that are there before it waits for those that are asked for, and
        # then draws as many as it had counted: those that came late would be left out by chance.
        common = {
            "fraction_train": 1.0,
            "fraction_evaluate": 0.0,
            "min_train_nodes": job.hosts,
            "min_available_nodes": job.hosts,
        }
        own: dict[str, Any] = {
            "fedprox": {"proximal_mu": job.proximal_mu},
            "fedtrimmedavg": {"beta": job.trim},
        }.get(job.strategy, {})
        kind = _STRATEGIES[job.strategy]
        if job.noise_multiplier is None:
            return _listen(kind, self)(**common, **own), None
        accountant = RdpAccountant(
            PrivacyConfig(
                target_delta=job.delta,
                population_size=job.hosts,
                neighboring_relation=NeighboringRelation.ADD_OR_REMOVE_ONE,
                sampling_method=SamplingMethod.NO_AMPLIFICATION,
            )
        )
        private = _listen(DifferentialPrivacyServerSideFixedClipping, self)(
            kind(**common, **own),
            job.noise_multiplier,
            job.clipping_norm,
            job.hosts,
            accountant=accountant,
        )
        return private, accountant

    def hear(self, replies: list[Message]) -> None:
        """Note who answered and who failed."""
        for reply in replies:
            if reply.has_error():
                reason = str(reply.error.reason).split("\n")[0]
                self.failures = [*self.failures, reason][-20:]
            else:
                self.hosts.add(reply.metadata.src_node_id)

    def tell(self, number: int, answered: int, metrics: MetricRecord | None) -> None:
        """Write a line about a round that was aggregated."""
        self.completed += 1
        loss = None if metrics is None else metrics.get("loss")
        line = {"step": number, "of": self._job.rounds, "loss": loss, "hosts": answered}
        with (self._folder / "progress.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


_STRATEGIES: dict[str, Any] = {
    "fedavg": FedAvg,
    "fedprox": FedProx,
    "fedtrimmedavg": FedTrimmedAvg,
    "fedxgbbagging": FedXgbBagging,
}


def _listen(kind: Any, rounds: _Rounds) -> Any:  # noqa: ANN401
    """Make a strategy that tells of its replies; what it does with them stays Flower's."""

    class Listening(kind):  # type: ignore[misc]
        def aggregate_train(
            self, server_round: int, replies: Iterable[Message]
        ) -> tuple[ArrayRecord | None, MetricRecord | None]:
            heard = list(replies)
            rounds.hear(heard)
            arrays, metrics = super().aggregate_train(server_round, heard)
            if arrays is not None:
                answered = sum(not reply.has_error() for reply in heard)
                rounds.tell(server_round, answered, metrics)
            return arrays, metrics

    Listening.__name__ = kind.__name__
    return Listening
