// What a command that failed says on standard error, and the status it ends with: 1 failed, 2 wrong use, 3 already
// running, 128 and the signal's number for one that was stopped.
import { constants } from 'node:os';
import { CommanderError } from 'commander';
import type { Command } from 'commander';
import { isRuvectorError, messageOf } from '../core/index.ts';
import type { RuvectorError } from '../core/index.ts';
import { unforeseenSystemError } from './errors.ts';
import { nameFlags } from './flag-names.ts';
import { stoppingSignal, tell } from './terminal.ts';

/** 2: the caller has to correct the command. */
const exitCodeOf: Readonly<Record<string, number>> = {
  ERR_APP_CONFIG: 2,
  ERR_APP_NOT_CONFIRMED: 2,
  ERR_APP_PARAMS: 2,
  ERR_EVENTS_OPTIONS: 2,
  ERR_EVENTS_SUFFIX: 2,
  ERR_EXPORT_OPTIONS: 2,
  ERR_EXPORT_PUBLISH_OPTIONS: 2,
  ERR_FILES_TARGET: 2,
  ERR_FLEET_OPTION: 2,
  ERR_KEYS_KEY: 2,
  ERR_KEYS_NAME: 2,
  ERR_PIPELINE_DESCRIPTION: 2,
  ERR_PIPELINE_PART: 2,
  ERR_PIPELINE_PART_OPTIONS: 2,
  ERR_PREPARE_OPTIONS: 2,
  ERR_STEER_MATRIX: 2,
  ERR_STEER_OPTION: 2,
  ERR_STEER_TEMPLATE: 2,
  ERR_STEER_WORKLOAD: 2,
  ERR_STEER_SYNC_OPTION: 2,
  ERR_TRAIN_LAYERS: 2,
  ERR_WIRE_ENDPOINT: 2,
  ERR_TRAIN_OPTIONS: 2,
  ERR_APP_RUNNING: 3,
};

/** A file, a folder or a port of the user's: what the system says of it is no mistake of the program. */
function describeSystem(error: unknown): RuvectorError | null {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const isSystem = error instanceof Error && typeof syscall === 'string' && /^E[A-Z0-9]+$/.test(code ?? '');
  return isSystem ? unforeseenSystemError(error) : null;
}

/** What a shell reports of a program that SIGPIPE ended: 128 + 13. */
const BROKEN_PIPE = 141;

/**
 * Says what failed. A trainer's traceback, and the causes of an error, are for those who ask with `--verbose`.
 * @param command the one that ran, whose flags the mistakes are told by; null where none did
 * @returns the exit code
 */
export function reportFailure(error: unknown, isVerbose: boolean, command: Command | null = null): number {
  // Commander has already printed its message; help and version are not failures.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const interruption = findInterruption(error);
  const told = isRuvectorError(error) ? error : (interruption ?? describeSystem(error));
  if (told === null) {
    const text = error instanceof Error ? (error.stack ?? messageOf(error)) : messageOf(error);
    process.stderr.write(`Unexpected error: ${text}\n`);
    return 1;
  }
  if (hasReaderLeft(told)) return BROKEN_PIPE;
  tell(`${told.code}: ${nameFlags(told, command)}`);
  process.stderr.write(describeOrigin(told, isVerbose));
  // Not every part that was stopped keeps who stopped it.
  const signal = (interruption?.details['signal'] as NodeJS.Signals | undefined) ?? stoppingSignal();
  return signal === null ? (exitCodeOf[told.code] ?? 1) : 128 + constants.signals[signal];
}

/** `export --output - | head` is not an error, and the data did not go out whole. */
const hasReaderLeft = ({ code, details }: RuvectorError): boolean =>
  code === 'ERR_FILES_READER_LEFT' && details['descriptor'] !== null;

/** The signal behind an error, whatever the parts between made of it: Node's own calls hide it as a cause. */
function findInterruption(error: unknown): RuvectorError | null {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (isRuvectorError(at, 'ERR_APP_INTERRUPTED')) return at;
  }
  return null;
}

/** Lines behind the message, each with its end. */
function describeOrigin({ message, details, cause }: RuvectorError, isVerbose: boolean): string {
  const { traceback, trainerCode } = details;
  if (typeof traceback === 'string' && traceback.trim() !== '') {
    if (isVerbose) return `${traceback.trimEnd()}\n`;
    // A mistake that the product foresaw has said it all in its message.
    if (typeof trainerCode === 'string') return '';
    const last = traceback.trimEnd().split('\n').at(-1)!.trim();
    const line = message.includes(last) ? '' : `${last}\n`;
    return `${line}Run it again with --verbose for Python's traceback.\n`;
  }
  if (!isVerbose) return '';
  const causes: string[] = [];
  for (let at = cause; at instanceof Error; at = at.cause)
    causes.push(`caused by ${at.stack ?? at.message}\n`);
  return causes.join('');
}
