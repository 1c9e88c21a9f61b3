"""The client of the running daemon: what it is asked, streams of batches, data sets, its models.

Not how messages travel (``_bridge``), and nothing that needs scikit-learn (``_training``).
"""

from __future__ import annotations

from .client import Client, connect
from .dataset import Dataset
from .dataset_file import read_dataset
from .dataset_folder import DatasetFolder, open_dataset_folder
from .decision import Decision

__all__ = [
    "Client",
    "Dataset",
    "DatasetFolder",
    "Decision",
    "connect",
    "open_dataset_folder",
    "read_dataset",
]
