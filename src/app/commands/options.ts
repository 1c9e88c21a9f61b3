// Options that several commands share.
import { resolveHome } from '../../core/index.ts';
import type { Home } from '../../core/index.ts';
import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { goals } from '../../optimize/index.ts';

/** The home that `--home` or the environment names. */
export function homeOf(command: Command): Home {
  return resolveHome(command.optsWithGlobals<{ home?: string }>().home);
}

/** Parses a number option. */
export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

/** Parses a duration; Node's timers take at most 24.8 days. */
export function parseSeconds(text: string): number {
  const value = parseNumber(text);
  if (value < 0.1 || value > 2_000_000) throw new InvalidArgumentError('It must be 0.1 to 2000000 seconds.');
  return value;
}

/** Parses a number above 0. */
export function parsePositive(text: string): number {
  const value = parseNumber(text);
  if (value <= 0) throw new InvalidArgumentError('It must be above 0.');
  return value;
}

/** Parses a repeatable number option. */
export function collectNumber(text: string, previous: readonly number[]): number[] {
  return [...previous, parseNumber(text)];
}

/** Collects a repeatable text option. */
export function collectText(text: string, previous: readonly string[] = []): string[] {
  return [...previous, text];
}

/** The option that says when there is a reason to act. */
export const goalOption = (description: string): Option =>
  new Option('--goal <goal>', description).choices(goals);
