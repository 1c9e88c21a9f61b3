// What `doctor` says of the Python module: whose it is, and whether a script started here would find it.
import { checkPython, findPython } from '../../train/index.ts';

/** @throws Error with what is wrong and how to fix it */
export async function lookAtPythonModule(): Promise<string> {
  const python = await findPython().catch(() => {
    throw new Error('not looked at: no Python can train');
  });
  const { module } = await checkPython(python);
  if (module.problem !== null) throw new Error(`${python} ${module.problem}`);
  // Python looks in the folder of a script first; a trainer does not.
  const { module: here } = await checkPython(python, { folder: process.cwd() });
  if (here.problem !== null) throw new Error(`${python} in this folder ${here.problem}`);
  return `ruvector-memopt ${module.version} (${module.path})`;
}
