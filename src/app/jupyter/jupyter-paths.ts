// Where Jupyter looks for kernels, by the rules of jupyter_core.paths. Pure: nothing is read.
// https://docs.jupyter.org/en/latest/use/jupyter-directories.html
import { posix, win32 } from 'node:path';

/** What the rules depend on. */
export interface JupyterHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** The user's home directory. */
  readonly home: string;
}

/** The user's data directory; kernels are in its `kernels` folder. */
export function resolveUserDataDirectory({ env, platform, home }: JupyterHost): string {
  const path = platform === 'win32' ? win32 : posix;
  if (env['JUPYTER_DATA_DIR']) return env['JUPYTER_DATA_DIR'];
  const hasPlatformNames = isOn(env['JUPYTER_PLATFORM_DIRS']);
  if (platform === 'darwin') {
    const library = path.join(home, 'Library');
    return hasPlatformNames
      ? path.join(library, 'Application Support', 'jupyter')
      : path.join(library, 'Jupyter');
  }
  if (platform === 'win32') {
    if (hasPlatformNames)
      return path.join(env['LOCALAPPDATA'] || path.join(home, 'AppData', 'Local'), 'jupyter');
    if (env['APPDATA']) return path.join(env['APPDATA'], 'jupyter');
    return path.join(env['JUPYTER_CONFIG_DIR'] || path.join(home, '.jupyter'), 'data');
  }
  return path.join(env['XDG_DATA_HOME'] || path.join(home, '.local', 'share'), 'jupyter');
}

/** The data directory below the prefix of a Python environment. */
export function resolvePrefixDataDirectory(prefix: string, platform: NodeJS.Platform): string {
  return (platform === 'win32' ? win32 : posix).join(prefix, 'share', 'jupyter');
}

/**
 * Every data directory in the order in which Jupyter searches them.
 * @param prefixes of Python environments whose Jupyter is asked about
 */
export function listDataDirectories(host: JupyterHost, prefixes: readonly string[]): string[] {
  const { env, platform, home } = host;
  const path = platform === 'win32' ? win32 : posix;
  const named = (env['JUPYTER_PATH'] ?? '').split(path.delimiter).filter((directory) => directory !== '');
  const userBase = path.join(env['PYTHONUSERBASE'] || path.join(home, '.local'), 'share', 'jupyter');
  const user = [resolveUserDataDirectory(host), ...(platform === 'win32' ? [] : [userBase])];
  const environments = prefixes.map((prefix) => resolvePrefixDataDirectory(prefix, platform));
  const system =
    platform === 'win32'
      ? [env['PROGRAMDATA'] ?? '']
          .filter((folder) => folder !== '')
          .map((folder) => path.join(folder, 'jupyter'))
      : ['/usr/local/share/jupyter', '/usr/share/jupyter'];
  return [...new Set([...named, ...user, ...environments, ...system])];
}

const isOn = (value: string | undefined): boolean =>
  !['', '0', 'no', 'n', 'false', 'off'].includes((value ?? '').toLowerCase());
