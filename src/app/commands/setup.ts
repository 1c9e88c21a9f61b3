// `setup`: builds what the package cannot bring ready-made.
import type { Command } from 'commander';
import { removeNativeLibrary, setUpNativeLibrary } from '../../train/tfjs/index.ts';
import { print, printJson } from '../terminal.ts';

interface NativeOptions {
  readonly python?: string;
  readonly remove?: boolean;
  readonly json?: boolean;
}

/** Adds the command and its sub-command. */
export function addSetup(program: Command): void {
  program
    .command('setup')
    .description('build what the package cannot bring ready-made')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt setup tfjs-node')
    .command('tfjs-node')
    .description('build the native library of tf.js, which trains large networks several times faster')
    .option('--python <path>', 'a Python with pip (default: $RUVECTOR_PYTHON, .venv, python3)')
    .option('--remove', 'remove the library and its link')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nIt fetches TensorFlow’s wheel with pip (207 MB), keeps 430 MB in the cache folder of this user, compiles with g++\n' +
        'and links the result into node_modules; run it again after `npm ci`.\n\nExample:\n  $ ruvector-memopt setup tfjs-node',
    )
    .action(async (options: NativeOptions) => {
      if (options.remove) await remove(options);
      else await build(options);
    });
}

async function build({ python, json }: NativeOptions): Promise<void> {
  const onStep = json ? undefined : print;
  const { folder, link, state } = await setUpNativeLibrary({ python, ...(onStep && { onStep }) });
  if (json) printJson({ folder, link, state });
  else print(`${state === 'built' ? 'Built' : 'Found'} in ${folder}, linked from ${link}`);
}

async function remove({ json }: NativeOptions): Promise<void> {
  const removed = await removeNativeLibrary();
  if (json) printJson({ removed });
  else print(removed ? 'Removed.' : 'There was none.');
}
