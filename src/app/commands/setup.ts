// `setup`: what the package does not bring ready-made.
import type { Command } from 'commander';
import { removeNativeLibrary, setUpNativeLibrary } from '../../train/tfjs/index.ts';
import { extras } from '../../core/index.ts';
import type { ExtraName } from '../../core/index.ts';
import { installExtra } from '../setup/install-extra.ts';
import { removePython, setUpPython } from '../setup/python-environment.ts';
import { abortOnSignals, print, printJson } from '../terminal.ts';

interface NativeOptions {
  readonly python?: string;
  readonly remove?: boolean;
  readonly json?: boolean;
}

interface PythonCommandOptions extends NativeOptions {
  readonly lab?: boolean;
  readonly trainers?: boolean;
}

/** Adds the command and its sub-commands. */
export function addSetup(program: Command): void {
  const setup = program
    .command('setup')
    .description('set up what the package does not bring ready-made')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt setup python');
  addPython(setup);
  for (const name of Object.keys(extras) as ExtraName[]) addExtra(setup, name);
  addNative(setup);
}

function addPython(setup: Command): void {
  setup
    .command('python')
    .description('make the Python environment that trains, in the data folder of this user')
    .option('--lab', 'with JupyterLab and what the notebooks import')
    .option('--trainers', 'with LightGBM, XGBoost, PyTorch, Keras, Optuna and skops (2 GB)')
    .option('--python <path>', 'the Python ≥ 3.10 to make it with (default: the first on the PATH that can)')
    .option('--remove', 'remove the environment')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  $ ruvector-memopt setup python --lab')
    .action(async (options: PythonCommandOptions) => {
      if (options.remove) return report(await removePython(), options);
      using stop = abortOnSignals();
      const onStep = options.json ? undefined : print;
      const done = await setUpPython({ ...options, signal: stop.signal, ...(onStep && { onStep }) });
      if (options.json) printJson(done);
      else print(`${done.state === 'made' ? 'Made' : 'Up to date'}: ${done.folder}`);
    });
}

function addExtra(setup: Command, name: ExtraName): void {
  const { purpose, sizeMb, packages } = extras[name];
  setup
    .command(name)
    .description(`install what is needed for ${purpose}; ${sizeMb} MB`)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `\nIt runs npm where ruvector-memopt is installed, for ${packages.join(', ')}.\n\nExample:\n  $ ruvector-memopt setup ${name}`,
    )
    .action(async ({ json }: NativeOptions) => {
      using stop = abortOnSignals();
      const done = await installExtra(name, stop.signal);
      if (json) printJson(done);
      else print(`${done.state === 'installed' ? 'Installed' : 'Up to date'}: ${done.packages.join(', ')}`);
    });
}

function addNative(setup: Command): void {
  setup
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
      if (options.remove) report(await removeNativeLibrary(), options);
      else await build(options);
    });
}

async function build({ python, json }: NativeOptions): Promise<void> {
  const onStep = json ? undefined : print;
  const { folder, link, state } = await setUpNativeLibrary({ python, ...(onStep && { onStep }) });
  if (json) printJson({ folder, link, state });
  else print(`${state === 'built' ? 'Built' : 'Found'} in ${folder}, linked from ${link}`);
}

function report(removed: boolean, { json }: NativeOptions): void {
  if (json) printJson({ removed });
  else print(removed ? 'Removed.' : 'There was none.');
}
