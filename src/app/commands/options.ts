// Options that several commands share.
import { resolve } from 'node:path';
import { MAX_WINDOW_STEPS, resolveHome } from '../../core/index.ts';
import type { FeatureWindow, Home } from '../../core/index.ts';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { goals } from '../../optimize/index.ts';

/** The home that `--home` or the environment names. */
export function homeOf(command: Command): Home {
  return resolveHome(command.optsWithGlobals<{ home?: string }>().home);
}

/** Whether `--verbose` was given. */
export function isVerbose(command: Command): boolean {
  return command.optsWithGlobals<{ verbose?: boolean }>().verbose === true;
}

/** Parses a number option. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const units = { s: 'seconds', m: 'minutes', h: 'hours' };

/** A time in a unit: a bare number counts the unit, and `500ms`, `90s`, `5m`, `1.5h`, `2d` say their own. */
function parseTime(text: string, unit: keyof typeof units): number {
  const [, count, own] = /^(.*\d)\s*(ms|s|m|h|d)$/.exec(text.trim()) ?? [];
  const value = Number(count ?? text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InvalidArgumentError(`It must be a number of ${units[unit]}, or a time like 90s, 5m or 2h.`);
  return own === undefined ? value : (value * unitMs[own]!) / unitMs[unit]!;
}

/** Parses seconds of any size; their range is checked by who takes them. */
export const parseAnySeconds = (text: string): number => parseTime(text, 's');

/** Parses minutes of any size; their range is checked by who takes them. */
export const parseAnyMinutes = (text: string): number => parseTime(text, 'm');

/** Parses hours above 0. */
export function parseHours(text: string): number {
  const value = parseTime(text, 'h');
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

/** Parses seconds to wait; Node's timers take at most 24.8 days. */
export function parseSeconds(text: string): number {
  const value = parseTime(text, 's');
  if (value < 0.1 || value > 2_000_000) throw new InvalidArgumentError('It must be 0.1 to 2000000 seconds.');
  return value;
}

/** Parses a number above 0. */
export function parsePositive(text: string): number {
  const value = parseNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

/** Parses a port to listen on; 0 is one that is free. */
export function parsePort(text: string): number {
  const value = parseNumber(text);
  if (!Number.isInteger(value) || value < 0 || value > 65_535)
    throw new InvalidArgumentError('It must be a port: 0 to 65535.');
  return value;
}

/** Parses a repeatable number option. */
export function collectNumber(text: string, previous: readonly number[]): number[] {
  return [...previous, parseNumber(text)];
}

/** A cgroup's folder: a relative one is below the place where cgroup v2 is mounted. */
export const toCgroupFolder = (path: string): string => resolve('/sys/fs/cgroup', path);

/** `a, b` → a list. */
export function parseList(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It must be names with commas between them.');
  return names;
}

/** `500ms`, `10s`, `1m`, `1h`, `1d` → milliseconds; a bare number is seconds, as in the other commands. */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (!match) throw new InvalidArgumentError('It must be a duration like 10s, 500ms or 1h.');
  return Number(match[1]) * unitMs[match[2] ?? 's']!;
}

/** `16x1s` → 16 rows, a second apart. */
export function parseWindow(text: string): FeatureWindow {
  const [, steps, time] = /^(\d+)x(.+)$/.exec(text.trim()) ?? [];
  if (time === undefined)
    throw new InvalidArgumentError('It must be rows and the time between them, like 16x1s.');
  if (Number(steps) < 2 || Number(steps) > MAX_WINDOW_STEPS)
    throw new InvalidArgumentError(`It must be 2 to ${MAX_WINDOW_STEPS} rows, like 16x1s.`);
  return { steps: Number(steps), everyMs: parseDuration(time) };
}

/** Collects a repeatable text option. */
export function collectText(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

/** The option that says when there is a reason to act. */
export const goalOption = (description: string): Option =>
  new Option('--goal <goal>', description).choices(goals);
