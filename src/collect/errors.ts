// Errors of the collect room; every code is listed in docs/errors.md.
import { RuvectorError, messageOf, systemCodeOf } from '../core/index.ts';
import type { CollectorHealth } from './health.ts';

/** Content that does not follow the format its file promises. */
export function parseError(what: string, found: string): RuvectorError {
  const shown = JSON.stringify(found.slice(0, 80));
  return new RuvectorError(
    'ERR_COLLECT_PARSE',
    `Cannot parse ${what}: found ${shown}; its fields are left null, report the kernel version if it persists`,
    { details: { what, found: found.slice(0, 80) } },
  );
}

/** Text for a value that its column cannot hold. */
export function badValueText(part: string, column: string, found: string): string {
  return `Cannot use ${part} for column "${column}": found ${JSON.stringify(found)}; it is left null`;
}

/** What to do about the system's codes; the others are a matter of permissions. */
const readHints: Readonly<Record<string, string>> = {
  ENOENT: 'this kernel does not offer it or it is not mounted',
  EOPNOTSUPP: 'it is switched off in this kernel (psi=0)',
  ENODEV: 'its cgroup was removed',
  EIO: 'the kernel, or what stands in for it, failed to produce it',
  EINVAL: 'the kernel, or what stands in for it, failed to produce it',
  EMFILE: 'this process has too many files open: raise its limit (ulimit -n)',
  ENFILE: 'this host has too many files open: raise fs.file-max',
};

/** A file of /proc or the cgroup tree that cannot be read. */
export function readError(path: string, cause: unknown): RuvectorError {
  const state = systemCodeOf(cause) ?? messageOf(cause);
  const hint = readHints[state] ?? 'check the permissions of this user';
  return new RuvectorError('ERR_COLLECT_READ', `Cannot read "${path}": ${state}; ${hint}`, {
    cause,
    details: { path, systemCode: systemCodeOf(cause) ?? null },
  });
}

/** Total or available memory could not be learned, so there is no snapshot to give. */
export function noMemoryError(health: readonly CollectorHealth[]): RuvectorError {
  const failed = health.find((entry) => entry.success === 0)?.lastError ?? 'the values are missing';
  return new RuvectorError(
    'ERR_COLLECT_NO_MEMORY',
    `Cannot sample memory: ${failed}; check that /proc is mounted and readable`,
    { details: { health } },
  );
}

/** The processes could not even be counted. */
export function noProcessesError(health: readonly CollectorHealth[], cause: unknown): RuvectorError {
  return new RuvectorError(
    'ERR_COLLECT_NO_PROCESSES',
    `Cannot count processes: ${messageOf(cause)}; check that /proc is mounted and readable`,
    { cause, details: { health } },
  );
}

/** A sampling rate outside the supported range. */
export function rateError(hz: number): RuvectorError {
  return new RuvectorError(
    'ERR_COLLECT_RATE',
    `Cannot sample at "${hz}" Hz: the range is 0.1 to 50 Hz; choose a rate inside it`,
    { details: { hz } },
  );
}

/** A collector option outside its range. */
export function optionError(name: string, value: unknown, wanted: string): RuvectorError {
  return new RuvectorError(
    'ERR_COLLECT_OPTION',
    `Cannot create collector with ${name} "${String(value)}": it is not ${wanted}; give ${wanted}`,
    { details: { name, value } },
  );
}

/** Use after close. */
export function collectorClosedError(): RuvectorError {
  return new RuvectorError(
    'ERR_COLLECT_CLOSED',
    'Cannot sample with collector: it is closed; create a new one',
  );
}
