// The demo's child process: a service whose memory really comes and goes. It maps a file of clean
// pages beside anonymous memory and repeats its phases: the first third of the file is read in each
// round, the rest is an archive that every other round reads once. It prints one JSON line a phase and
// pages out its own ranges on request. It never touches another process. Linux only (mmap through koffi).
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import koffi from 'koffi';
import type { PageOutReply, PageOutRequest } from './workload-actuator.ts';

const MIB = 1 << 20;
const PAGE_BYTES = 4096;
const PROT_READ = 1;
const MAP_SHARED = 1;
const MADV_PAGEOUT = 21;

const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    'file-mib': { type: 'string', default: '384' },
    'anon-mib': { type: 'string', default: '192' },
    /** Without a memory cgroup around it, the child gives back its own file pages when it grows. */
    'self-evict': { type: 'boolean', default: false },
  },
});
const fileBytes = Number(values['file-mib']) * MIB;
const anonBytes = Number(values['anon-mib']) * MIB;

const libc = koffi.load('libc.so.6');
const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)');
const madvise = libc.func('int madvise(uintptr_t, size_t, int)');

function writeCleanFile(path: string): number {
  const fd = openSync(path, 'w+');
  const block = Buffer.alloc(MIB);
  for (let i = 0; i < fileBytes / MIB; i++) {
    block.fill(i & 0xff);
    block.writeUInt32LE(i, 0);
    writeSync(fd, block);
  }
  fsyncSync(fd); // dirty pages free nothing when they are paged out
  return fd;
}

const fd = writeCleanFile(join(values.directory ?? '.', 'workload.bin'));
const mapping: unknown = mmap(null, fileBytes, PROT_READ, MAP_SHARED, fd, 0);
closeSync(fd);
const file = new Uint8Array(koffi.view(mapping, fileBytes));
const address = koffi.address(mapping);
let checksum = 0;

function report(phase: string): void {
  process.stdout.write(`${JSON.stringify({ phase, timestamp: Date.now(), checksum })}\n`);
}

/** What every round reads; the archive behind it is read in every other one. */
const HOT_SHARE = 1 / 3;

/** Reads one byte a page of `share` of the file, in steps that leave the event loop alive. */
async function touchFile(share: number, rounds: number, pauseMs = 1): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let start = 0; start < fileBytes * share; start += 16 * MIB) {
      const end = Math.min(start + 16 * MIB, fileBytes * share);
      for (let at = start; at < end; at += PAGE_BYTES) checksum = (checksum + file[at]!) >>> 0;
      await sleep(pauseMs);
    }
  }
}

/** Grows anonymous memory in 4 MiB blocks over `seconds`. */
async function grow(blocks: Buffer[], seconds: number): Promise<void> {
  const steps = anonBytes / (4 * MIB);
  for (let i = 0; i < steps; i++) {
    blocks.push(Buffer.alloc(4 * MIB, i & 0xff));
    if (values['self-evict']) madvise(address, Math.round((fileBytes * (i + 1)) / steps), MADV_PAGEOUT);
    await sleep((seconds * 1000) / steps);
  }
}

/** Pages out the ranges the demo asks for, where it may not do so from outside. */
function pageOut({ pageOut: ranges }: PageOutRequest): PageOutReply {
  let advisedBytes = 0;
  for (const [start, lengthBytes] of ranges) {
    if (madvise(BigInt(start), lengthBytes, MADV_PAGEOUT) === 0) advisedBytes += lengthBytes;
  }
  return { advisedBytes };
}

process.on('message', (request: PageOutRequest) => process.send?.(pageOut(request)));
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));
await touchFile(1, 2);
report('ready');
for (let round = 1; ; round++) {
  const blocks: Buffer[] = [];
  report('idle');
  await sleep(2500);
  report('grow');
  await grow(blocks, 5);
  report('thrash');
  await touchFile(HOT_SHARE, 12, 40);
  report('shrink');
  blocks.length = 0;
  globalThis.gc?.();
  await sleep(500);
  const readsArchive = round % 2 === 0;
  report(readsArchive ? 'archive' : 'warm');
  await touchFile(readsArchive ? 1 : HOT_SHARE, 1);
  await sleep(1000);
}
