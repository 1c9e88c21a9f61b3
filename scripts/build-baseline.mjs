// Rebuilds the bundled package, the rule as a model, and measures it on the published dataset of this repository:
//   node scripts/build-baseline.mjs [dataset folder] [models folder]
// Run it after a change of the thresholds (src/optimize/rule-policy.ts) or of the features. It also says whether one
// of four learned models beats the rule, the persistence, the threshold and the majority there; the one that does may
// take the place of the rule. scripts/build-baseline.py scores; the registry verifies and writes. Needs Node 24, .venv.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { RULE_ESTIMATOR, buildRulePackage } from '../src/app/models/rule-package.ts';
import { openRegistry } from '../src/models/index.ts';
import { buildFeatureSpec, featureSpecSha256 } from '../src/prepare/index.ts';

const root = dirname(import.meta.dirname);
const windows = process.platform === 'win32';
const python =
  process.env.RUVECTOR_PYTHON ?? join(root, windows ? '.venv/Scripts/python.exe' : '.venv/bin/python');
const [dataset = join(root, 'datasets', 'memory-pressure-1hz'), models = join(root, 'models')] =
  process.argv.slice(2);

const { published } = JSON.parse(readFileSync(join(dataset, 'provenance.json'), 'utf8'));
const created = `${published}T00:00:00.000Z`;
const spec = buildFeatureSpec({ intervalMs: 1000 });
const name = 'memopt';
const bound = { name, featureNames: spec.names, featureSpecSha256: featureSpecSha256(spec), created };
const work = mkdtempSync(join(tmpdir(), 'ruvector-baseline-'));
try {
  const onnx = join(work, 'model.onnx');
  writeFileSync(onnx, buildRulePackage(bound).model);
  const { status, stdout } = spawnSync(
    python,
    [join(root, 'scripts', 'build-baseline.py'), dataset, onnx, RULE_ESTIMATOR],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 << 20 },
  );
  if (status !== 0) throw new Error(`scoring ended with exit code ${status}; what Python said is above`);
  const found = JSON.parse(stdout);
  const { measured } = found;
  rmSync(join(models, name), { recursive: true, force: true });
  const registry = await openRegistry(models, { clock: { nowMs: () => Date.parse(created) } });
  const { version } = await registry.add({ name, ...buildRulePackage({ ...bound, measured }) });
  await registry.setLive(name, version);
  process.stdout.write(`${JSON.stringify({ version: `${name}@${version}`, ...found }, null, 2)}\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
