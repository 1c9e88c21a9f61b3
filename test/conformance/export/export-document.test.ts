// The export document's own Python example, with only its `...` filled in, against a real daemon.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, startDaemon } from '../../support/daemon.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';

const run = promisify(execFile);

// Letter for letter, but for the columns in place of `...` and a last line that says what was made.
const example = `
# Example: Training custom optimization model

import pandas as pd
from ruvector import DataExporter

# Export training data
exporter = DataExporter()
exporter.export_training_data(
    start="2024-01-01",
    end="2024-01-31",
    format="parquet",
    path="training_data.parquet"
)

# Load and train
df = pd.read_parquet("training_data.parquet")
X = df[["usage_percent", "trend", "process_count", "page_file_ratio", "psi_memory_some"]]
y = df["label"]

from sklearn.ensemble import RandomForestClassifier
model = RandomForestClassifier()
model.fit(X, y)

# Export model for RuVector to use
import joblib
joblib.dump(model, "custom_model.pkl")

print(len(df), sorted(model.classes_))
`;
import { python } from '../../support/python.ts';

it("export_training_data() runs as the export document's example has it", async () => {
  await using home = await createTestHome();
  {
    await using history = await openHistory(home.history, { retainMs: Infinity });
    history.append('memory', pressuredSnapshots(3000)); // from Monday, 1 January 2024, on
  }
  await using _daemon = await startDaemon(home, ['--retain-days', '0']);
  const folder = await mkdtemp(join(tmpdir(), 'rvm-example-'));
  try {
    await writeFile(join(folder, 'example.py'), example);
    const env = { ...process.env, RUVECTOR_HOME: home.root, TZ: 'UTC' };
    const { stdout } = await run(python, ['example.py'], { cwd: folder, env });
    const [rows, classes] = [Number.parseInt(stdout, 10), stdout];
    expect(rows).toBeGreaterThan(2500);
    expect(classes).toMatch(/\[.*'(NoActionNeeded|ShouldOptimize)'/);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
