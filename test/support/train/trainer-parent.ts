// A process that starts a trainer on an endless job and prints the trainer's pid once it fits:
// `node test/support/train/trainer-parent.ts <python> <bridge file>`. Tests kill it.
import { startTrainer } from '../../../src/train/trainer-process.ts';
import { endlessJob } from './train-bridge.ts';

const [python, bridgeFile] = process.argv.slice(2) as [string, string];
const trainer = startTrainer({ python, bridgeFile });
await trainer.run(endlessJob, {
  onProgress: ({ stage }) => stage === 'fit' && process.stdout.write(`${trainer.pid}\n`),
});
