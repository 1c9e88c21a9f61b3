// Child process entry: loads one package that this host never loaded before, so that a model which crashes,
// hangs or eats memory inside the native runtime takes this process with it and not the daemon.
import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { toErrorMessage } from './errors.ts';
import { loadModel } from './load-model.ts';
import type { LoadRequest } from './load-model.ts';

process.once('message', (request: LoadRequest) => {
  void probe(request);
});

async function probe(request: LoadRequest): Promise<void> {
  // The live model goes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  await preferAsOomVictim();
  const reply = await loadModel(request).then(
    ({ report }) => ({ report }),
    (error: unknown) => ({ error: toErrorMessage(error, 'ERR_MODEL_LOAD') }),
  );
  process.send?.(reply, () => process.disconnect());
}

async function preferAsOomVictim(): Promise<void> {
  try {
    await writeFile('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux: the timeout is the only bound.
  }
}
