// Attacks on a named pipe: readers that come and go at any moment, one that does not read, a foreign writer,
// and a path that is removed or holds something else for a while.
import { closeSync, constants, openSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack, Door, Random } from './attack.ts';

const pathOf = ({ endpoint }: Door): string => endpoint.slice('pipe:'.length);

/** Opens it for a moment. */
async function hold(path: string, flags: number, use: (fd: number) => Promise<void>): Promise<void> {
  let fd: number | null = null;
  try {
    fd = openSync(path, flags | constants.O_NONBLOCK);
    await use(fd);
  } catch {
    // Nobody there, nothing to read, or another attack removed it.
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

async function readSome(fd: number, random: Random): Promise<void> {
  const buffer = Buffer.alloc(1 + random.below(70_000));
  for (let i = random.below(5); i > 0; i--) {
    await sleep(random.below(40));
    readSync(fd, buffer);
  }
}

const reader: Attack = (door, random) => hold(pathOf(door), constants.O_RDONLY, (fd) => readSome(fd, random));

const comesAndGoes: Attack = async (door) => {
  for (let i = 0; i < 50; i++) await hold(pathOf(door), constants.O_RDONLY, async () => {});
};

const doesNotRead: Attack = (door, random) =>
  hold(pathOf(door), constants.O_RDONLY, () => sleep(random.below(600)));

const foreignWriter: Attack = (door, random) =>
  hold(pathOf(door), constants.O_RDWR, async (fd) => void writeSync(fd, random.bytes(500)));

const removed: Attack = async (door, random) => {
  const path = pathOf(door);
  rmSync(path, { force: true });
  if (random.chance(0.5)) writeFileSync(path, 'not a pipe');
  await sleep(random.below(200));
  rmSync(path, { force: true });
  await sleep(1500);
};

export const pipeAttacks: readonly Attack[] = [
  reader,
  reader,
  reader,
  comesAndGoes,
  doesNotRead,
  foreignWriter,
  removed,
];
