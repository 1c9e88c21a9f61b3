// Child process entry: loads packages this host never loaded before, or lets models answer many rows, so that a
// model which crashes, hangs or eats memory inside the native runtime takes this process with it and not the daemon.
import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { toErrorMessage } from './errors.ts';
import { runComparison, runGate } from './evaluate.ts';
import { loadModel } from './load-model.ts';
import type { ProbeTask } from './probe.ts';

process.once('message', (task: ProbeTask) => {
  void probe(task);
});

async function probe(task: ProbeTask): Promise<void> {
  // The live model goes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  await preferAsOomVictim();
  const reply = await runTask(task).then(
    (result) => ({ result }),
    (error: unknown) => ({ error: toErrorMessage(error, 'ERR_MODEL_LOAD') }),
  );
  process.send?.(reply, () => process.disconnect());
}

async function runTask(task: ProbeTask): Promise<unknown> {
  if (task.kind === 'gate') return runGate(task);
  if (task.kind === 'compare') return runComparison(task);
  return (await loadModel(task.request)).report;
}

async function preferAsOomVictim(): Promise<void> {
  try {
    await writeFile('/proc/self/oom_score_adj', '1000');
  } catch {
    // Not Linux: the timeout is the only bound.
  }
}
