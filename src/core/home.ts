// Where everything of one home is kept. Paths only; the rules are those of python/src/ruvector/_bridge/home.py, and
// test/golden/home.json holds both to them. No rule ends in the folder a command happens to be started in.
// XDG: https://specifications.freedesktop.org/basedir-spec/latest/ (a relative path "should be ignored").
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { noUserHomeError, unusableHomeError } from './errors.ts';

/** The folders of one home. */
export interface Home {
  readonly root: string;
  readonly history: string;
  readonly models: string;
  readonly samples: string;
  readonly run: string;
  /** Keys of this daemon and of clients; made when there are some. */
  readonly keys: string;
  /** How Python and other processes find the daemon. */
  readonly bridgeFile: string;
}

/** What a home holds, by its name there; what has no name here is not the product's, and nobody removes it. */
export const homeParts = {
  'config.json': 'configuration of the last `serve`',
  'tuning.json': 'what pipeline tuning learned',
  history: 'history',
  models: 'models',
  samples: 'training samples',
  'export-notes': 'what was exported, and how far that got',
  publications: 'what was published, and how far that got',
  page: 'marks of the live page',
  steer: 'what steering learned',
  sync: 'keys and peers of dag sync',
  fleet: 'rows that wait for a NATS server, and offers of models',
  federation: 'keys and state of `federate`',
  keys: 'keys of the daemon and of clients on other hosts',
  run: 'addresses of the daemon',
  python: 'Python environment of `setup python`',
} as const satisfies Readonly<Record<string, string>>;

export type HomePart = keyof typeof homeParts;

/** Where a part of a home lies. */
export const partOf = ({ root }: Home, part: HomePart): string => join(root, part);

/** Who the user is to the system. */
export interface UserPlace {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home of the user's passwd entry; null without an entry. */
  readonly passwdHome: () => string | null;
}

const thisUser: UserPlace = { env: process.env, passwdHome: readPasswdHome };

/**
 * Resolves the home: `directory`, else $RUVECTOR_HOME, else $XDG_DATA_HOME/ruvector, else ~/.local/share/ruvector,
 * where ~ is $HOME or, when that is empty, the home of the passwd entry. Only `directory` may be relative.
 * @throws RuvectorError `ERR_APP_HOME` when none of them says where, or the one that does cannot be used
 */
export function resolveHome(directory?: string, user: UserPlace = thisUser): Home {
  const root = findRoot(directory, user);
  const run = join(root, 'run');
  return {
    root,
    history: join(root, 'history'),
    models: join(root, 'models'),
    samples: join(root, 'samples'),
    run,
    keys: join(root, 'keys'),
    bridgeFile: join(run, 'bridge.json'),
  };
}

function findRoot(directory: string | undefined, user: UserPlace): string {
  if (directory !== undefined) {
    if (directory === '') throw unusableHomeError('--home', directory, 'it is empty');
    return resolve(expand('--home', directory, user));
  }
  const named = user.env['RUVECTOR_HOME'];
  if (!named) return join(userFolder('XDG_DATA_HOME', join('.local', 'share'), user), 'ruvector');
  const root = expand('RUVECTOR_HOME', named, user);
  if (!isAbsolute(root)) {
    throw unusableHomeError(
      'RUVECTOR_HOME',
      named,
      'it is relative, and would be another folder for each command',
    );
  }
  return resolve(root);
}

/**
 * A folder of the XDG specification: the variable where it is absolute, else `fallback` below the user's home.
 * @throws RuvectorError `ERR_APP_HOME` when neither is known
 */
export function userFolder(variable: string, fallback: string, user: UserPlace = thisUser): string {
  const named = user.env[variable];
  if (named && isAbsolute(named)) return checkText(variable, named);
  return join(findUserHome(user), fallback);
}

/**
 * The user's own home: $HOME where it is absolute, else that of the passwd entry.
 * @throws RuvectorError `ERR_APP_HOME` without both, as a service or a container may be
 */
export function findUserHome(user: UserPlace = thisUser): string {
  const named = user.env['HOME'];
  if (process.platform !== 'win32' && named && isAbsolute(named)) return checkText('HOME', named);
  const entry = user.passwdHome();
  if (entry !== null && isAbsolute(entry)) return entry;
  throw noUserHomeError();
}

/** A shell leaves the ~ of `--home=~/x` as it is. */
function expand(option: string, path: string, user: UserPlace): string {
  checkText(option, path);
  if (!path.startsWith('~')) return path;
  if (path === '~' || path.startsWith('~/')) return join(findUserHome(user), path.slice(1));
  throw unusableHomeError(option, path, 'the home of another user is not looked up');
}

/** What was no UTF-8 has lost its bytes on the way here, and would name another folder. */
function checkText(option: string, path: string): string {
  if (path.includes('\uFFFD')) throw unusableHomeError(option, path, 'it is not UTF-8');
  if (path.includes('\0')) throw unusableHomeError(option, path, 'it holds a zero byte');
  return path;
}

function readPasswdHome(): string | null {
  if (process.platform === 'win32') return homedir();
  try {
    return userInfo().homedir;
  } catch {
    return null; // ENOENT: no entry for this uid
  }
}
