// Rebuilds the bundled baseline model from the published dataset of this repository:
//   node scripts/build-baseline.mjs [dataset folder] [models folder]
// The fit is scripts/build-baseline.py; the registry here verifies the package and writes it. Needs Node 24 and .venv.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = dirname(import.meta.dirname);
const windows = process.platform === 'win32';
const python =
  process.env.RUVECTOR_PYTHON ?? join(root, windows ? '.venv/Scripts/python.exe' : '.venv/bin/python');
const [dataset = join(root, 'datasets', 'memory-pressure-1hz'), models = join(root, 'models')] =
  process.argv.slice(2);

const work = mkdtempSync(join(tmpdir(), 'ruvector-baseline-'));
try {
  const script = join(root, 'scripts', 'build-baseline.py');
  const { status, stdout } = spawnSync(python, [script, dataset, work], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 << 20,
  });
  if (status !== 0) throw new Error(`the fit ended with exit code ${status}; what Python said is above`);
  const { openRegistry } = await import('../src/models/index.ts');
  const manifest = JSON.parse(readFileSync(join(work, 'manifest.json'), 'utf8'));
  const nowMs = Date.parse(manifest.created);
  rmSync(join(models, 'memopt'), { recursive: true, force: true });
  const registry = await openRegistry(models, { clock: { nowMs: () => nowMs } });
  const { name, version } = await registry.add({
    name: 'memopt',
    model: readFileSync(join(work, 'model.onnx')),
    golden: readFileSync(join(work, 'golden.arrow')),
    manifest,
  });
  await registry.setLive(name, version);
  const { chosen, macroF1, metrics } = JSON.parse(stdout);
  process.stdout.write(
    `${JSON.stringify({ version: `${name}@${version}`, chosen, macroF1, baseline: metrics.baseline, perClass: metrics.perClass, confusionMatrix: metrics.confusionMatrix }, null, 2)}\n`,
  );
} finally {
  rmSync(work, { recursive: true, force: true });
}
