// Hands this process over to another program: same pid, same open streams, so that signals, exit codes and
// service managers meet that program and no launcher stays in memory beside it. Plain JavaScript for
// Node >= 18: it runs before Node 24 is there.
import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { createRequire } from 'node:module';

/** Names the pipe to a program that watches its launcher: `<pid of the launcher>:<descriptor>`. */
const LAUNCHER_VARIABLE = 'RUVECTOR_LAUNCHER';
const LAUNCHER_FD = 3;
const isWindows = process.platform === 'win32';
/** What a service manager or a terminal sends; the program decides what they mean. */
const forwarded = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2', 'SIGWINCH', 'SIGCONT'];

/**
 * Becomes `command`, or runs it as a child and mirrors its end where a process cannot be replaced.
 * @param {string} command path of an executable
 * @param {readonly string[]} args without argv[0]
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {void} only when the program runs as a child; process.exitCode is then set when it ends
 */
export function become(command, args, { env = process.env, cwd = process.cwd() } = {}) {
  if (canReplace(command)) {
    const before = process.cwd();
    process.chdir(cwd);
    replace(command, args, env);
    process.chdir(before);
  }
  runAsChild(command, args, env, cwd);
}

/** A parent that talks over an IPC channel would lose it: its descriptor does not survive. */
function canReplace(command) {
  if (isWindows || process.channel) return false;
  try {
    // process.execve() aborts when it fails, so what can be known before is looked at before.
    accessSync(command, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Does not return where it works. */
function replace(command, args, env) {
  const known = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
  if (process.execve) {
    process.execve(command, [command, ...args], known);
    return;
  }
  // Node 20 and older: the same system call through koffi, where that optional package is installed.
  const calls = loadCalls();
  if (!calls) return;
  // Node marks what it was started with as closed on exec.
  for (const stream of [0, 1, 2]) calls.fcntl(stream, F_SETFD, 'int', 0);
  const variables = Object.entries(known).map(([name, value]) => `${name}=${value}`);
  calls.execve(command, [command, ...args, null], [...variables, null]);
}

const F_SETFD = 2;

function loadCalls() {
  try {
    const koffi = createRequire(import.meta.url)('koffi');
    const libc = koffi.load(null);
    return {
      fcntl: libc.func('int fcntl(int fd, int command, ...)'),
      execve: libc.func('int execve(const char *path, const char **argv, const char **envp)'),
    };
  } catch {
    return null;
  }
}

function runAsChild(command, args, env, cwd) {
  // A pipe that ends with this process, also by SIGKILL: the program takes that as SIGTERM (src/app/serve/launcher-watch.ts).
  const watched = isWindows ? {} : { [LAUNCHER_VARIABLE]: `${process.pid}:${LAUNCHER_FD}` };
  const stdio = ['inherit', 'inherit', 'inherit', isWindows ? 'ignore' : 'pipe'];
  const child = spawn(command, args, { cwd, env: { ...env, ...watched }, stdio });
  child.stdio[LAUNCHER_FD]?.on('error', () => {}).unref();
  const handlers = forwarded.map((signal) => [signal, () => child.kill(signal)]);
  // It stops with the child, so that a shell sees its job stopped; SIGCONT wakes both. SIGSTOP, because the kernel
  // drops a SIGTSTP in a process group that no shell waits for (setpgid(2), orphaned groups).
  if (!isWindows)
    handlers.push(['SIGTSTP', () => child.kill('SIGSTOP') && process.kill(process.pid, 'SIGSTOP')]);
  for (const [signal, handler] of handlers) process.on(signal, handler);
  child.on('error', (error) => {
    process.stderr.write(`Cannot start ${command}: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const [name, handler] of handlers) process.off(name, handler);
    if (signal) process.kill(process.pid, signal);
    else process.exitCode = code;
  });
}
