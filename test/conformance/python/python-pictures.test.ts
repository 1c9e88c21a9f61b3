// Python draws by the same code in an engine of its own: for the same facts both give the same bytes.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { buildFragment, buildTrainingReport } from '../../../src/pictures/index.ts';
import { modelPackage, trainingReport } from '../../support/kernel/product-results.ts';
import { python } from '../../support/python.ts';

const SCRIPT = `
import json, sys, threading
from ruvector._report import build_report
facts, counts = json.load(sys.stdin)
made = []
threads = [threading.Thread(target=lambda: made.append(build_report(facts, class_counts=counts)._repr_html_())) for _ in range(3)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(set(made)) == 1 and len(made) == 3
sys.stdout.buffer.write(made[0].encode())
`;

it('build_report() draws in Python what buildTrainingReport() draws in Node, in any thread', () => {
  const { calibration, importance, comparison, classCounts } = trainingReport;
  const hostile = { ...modelPackage.manifest, name: '</style><i>\u202Ea\nb\u{1F600}' };
  for (const { metrics, ...facts } of [modelPackage.manifest, hostile]) {
    const given = { ...facts, metrics: { ...metrics, calibration, importance, comparison } };
    const input = JSON.stringify([given, classCounts]);
    const environment = { ...process.env, PYTHONPATH: join(import.meta.dirname, '../../../python/src') };
    const drawn = execFileSync(python, ['-c', SCRIPT], { input, env: environment, encoding: 'utf8' });
    expect(drawn).toBe(buildFragment(buildTrainingReport(given as never, { classCounts })));
  }
});
