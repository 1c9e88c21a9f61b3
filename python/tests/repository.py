"""Where the repository lies: tests read its README, its golden files and TypeScript's twins."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
