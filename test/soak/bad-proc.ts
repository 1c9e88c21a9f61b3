// A /proc for the collector: this host's own, except that what memory is read from is copied a few times a second
// and now and then damaged in the ways that kernels, containers and emulations of /proc are known for.
import { mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A /proc that lies. */
export interface BadProc {
  readonly path: string;
  /** Files damaged so far. */
  readonly damaged: number;
  /** Copies anew; damages each file with the chance. */
  refresh(damageChance: number): void;
}

const copied = ['meminfo', 'vmstat', 'stat', 'pressure/memory', 'pressure/io', 'pressure/cpu'];

type Damage = (text: string, random: () => number) => string;

const pickLine = (text: string, random: () => number, change: (line: string) => string): string => {
  const lines = text.split('\n');
  const at = Math.floor(random() * Math.max(1, lines.length - 1));
  lines[at] = change(lines[at] ?? '');
  return lines.join('\n');
};

const damages: readonly Damage[] = [
  () => '',
  (text, random) => text.slice(0, Math.floor(random() * text.length)),
  (text, random) => pickLine(text, random, (line) => line.replace(/\d+/, '18446744073709551612')),
  (text, random) => pickLine(text, random, (line) => line.replace(/(\d+)/, '-$1')),
  (text, random) => pickLine(text, random, (line) => line.replace(/\d+/, '9007199254740993')),
  (text, random) => pickLine(text, random, (line) => line.replace(/\d+/, 'nan')),
  (text, random) => pickLine(text, random, () => ''),
  (text, random) => pickLine(text, random, (line) => `${line}\n${line}`),
  (text) => text.replaceAll('\n', '\0'),
  () => '\u0001\u00ff garbage\n',
];

/** Builds it below a folder. */
export function createBadProc(path: string, random: () => number): BadProc {
  mkdirSync(join(path, 'pressure'), { recursive: true });
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name) && !copied.some((file) => file.split('/')[0] === name)) link(path, name);
  }
  let damaged = 0;
  const refresh = (damageChance: number): void => {
    linkProcesses(path);
    for (const file of copied) {
      const text = readFileSync(join('/proc', file), 'latin1');
      const damage = random() < damageChance ? damages[Math.floor(random() * damages.length)] : undefined;
      if (damage) damaged++;
      writeFileSync(join(path, file), damage ? damage(text, random) : text, 'latin1');
    }
  };
  refresh(0);
  return {
    path,
    get damaged() {
      return damaged;
    },
    refresh,
  };
}

function linkProcesses(path: string): void {
  const isPid = (name: string): boolean => /^\d+$/.test(name);
  const now = new Set(readdirSync('/proc').filter(isPid));
  for (const name of readdirSync(path).filter(isPid)) {
    if (!now.delete(name)) rmSync(join(path, name));
  }
  for (const name of now) link(path, name);
}

function link(path: string, name: string): void {
  symlinkSync(join('/proc', name), join(path, name));
}
