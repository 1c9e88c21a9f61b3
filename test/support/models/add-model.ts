// Child process for fault tests: adds a package to a registry, a given number of times.
// node add-model.ts REGISTRY MODELS KIND [TIMES]
import { openRegistry } from '../../../src/models/index.ts';
import { isRuvectorError } from '../../../src/core/index.ts';
import { readDraft } from './models.ts';

const [directory = '', models = '', kind = '', times = '1'] = process.argv.slice(2);
const registry = await openRegistry(directory);
const draft = await readDraft(models, kind);
try {
  for (let i = 0; i < Number(times); i++) {
    const { name, version } = await registry.add(draft);
    await registry.setLive(name, version);
    process.stdout.write(`${version}\n`);
  }
} catch (error) {
  process.stdout.write(`${isRuvectorError(error) ? error.code : String(error)}\n`);
}
