// The demo's look from Python: how fast Arrow arrives there, and the training set as a file, both
// through `import ruvector` as a user would.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { demoStageError } from '../errors.ts';
import type { Host } from '../host/host-types.ts';
import { findPython } from '../../train/index.ts';

/** What `python -m ruvector.measure` prints. */
export interface PythonFindings {
  readonly gbps: number;
  readonly bytes: number;
  readonly batches: number;
  readonly batchBytes: number;
  readonly exportedRows: number;
}

const run = promisify(execFile);

/** Streams and exports from a Python process of its own. @throws DemoStageError with what Python said */
export async function readFromPython(
  host: Pick<Host, 'home'>,
  dataset: { readonly path: string; readonly toMs: number },
  signal: AbortSignal,
): Promise<PythonFindings> {
  const python = await findPython();
  const args = [
    '-m',
    'ruvector.measure',
    '--home',
    host.home.root,
    '--export',
    dataset.path,
    '--to-ms',
    String(dataset.toMs),
  ];
  try {
    const { stdout } = await run(python, args, { signal });
    return JSON.parse(stdout) as PythonFindings;
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? '';
    throw demoStageError(
      'python',
      `Python could not read the history: ${said.trim().split('\n').at(-1) ?? ''}`,
      error,
    );
  }
}
