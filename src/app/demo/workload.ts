// The demo's child process: a service whose memory really comes and goes. A hot file is read all the time; a
// report reads one section of an archive that is not needed again for a long time; requests make anonymous
// memory grow to most of the limit and stay there; a batch job reads a scratch file larger than what is left,
// and drops it. It prints one JSON line a phase and pages out its own ranges on request. It never touches
// another process. Linux only (mmap through koffi).
import { fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import koffi from 'koffi';
import type { PageOutReply, PageOutRequest } from './workload-actuator.ts';

const MIB = 1 << 20;
const PAGE_BYTES = 4096;
const PROT_READ = 1;
const MAP_SHARED = 1;
const MADV_DONTNEED = 4;
const MADV_PAGEOUT = 21;
const POSIX_FADV_DONTNEED = 4;

const { values } = parseArgs({
  options: {
    directory: { type: 'string' },
    'hot-mib': { type: 'string', default: '32' },
    'section-mib': { type: 'string', default: '80' },
    'scratch-mib': { type: 'string', default: '160' },
    'anon-mib': { type: 'string', default: '192' },
    /** Without a memory cgroup around it nothing is short: the batch job then gives its pages back itself. */
    'self-evict': { type: 'boolean', default: false },
  },
});
/** A section is read again after as many rounds: later than the demo takes. */
const SECTIONS = 7;
const anonBytes = Number(values['anon-mib']) * MIB;

const libc = koffi.load('libc.so.6');
const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)');
const madvise = libc.func('int madvise(uintptr_t, size_t, int)');
const posixFadvise = libc.func('int posix_fadvise(int, int64_t, int64_t, int)');

/** A file of clean pages in this process's memory. */
interface MappedFile {
  readonly fd: number;
  readonly bytes: Uint8Array;
  readonly address: bigint;
}

function mapFile(name: string, mib: number): MappedFile {
  const path = join(values.directory ?? '.', name);
  const fd = openSync(path, 'w+');
  const block = Buffer.alloc(MIB);
  for (let i = 0; i < mib; i++) {
    block.fill(i & 0xff);
    block.writeUInt32LE(i, 0);
    writeSync(fd, block);
  }
  fsyncSync(fd); // dirty pages free nothing when they are paged out
  const mapping: unknown = mmap(null, mib * MIB, PROT_READ, MAP_SHARED, fd, 0);
  return { fd, bytes: new Uint8Array(koffi.view(mapping, mib * MIB)), address: koffi.address(mapping) };
}

let checksum = 0;

function report(phase: string): void {
  process.stdout.write(`${JSON.stringify({ phase, timestamp: Date.now(), checksum })}\n`);
}

function touch({ bytes }: MappedFile, start: number, end: number): void {
  for (let at = start; at < end; at += PAGE_BYTES) checksum = (checksum + bytes[at]!) >>> 0;
}

const STEP_BYTES = 8 * MIB;

/** Reads one byte a page, in steps that leave the event loop alive. */
async function read(file: MappedFile, start: number, end: number): Promise<void> {
  for (let at = start; at < end; at += STEP_BYTES) {
    touch(file, at, Math.min(at + STEP_BYTES, end));
    await sleep(1);
  }
}

/** Takes the pages of a file out of this process and of the page cache. */
function drop({ fd, bytes, address }: MappedFile): void {
  madvise(address, bytes.length, MADV_DONTNEED);
  posixFadvise(fd, 0, bytes.length, POSIX_FADV_DONTNEED);
}

/** Grows anonymous memory in 4 MiB blocks over `seconds`. */
async function grow(blocks: Buffer[], seconds: number): Promise<void> {
  const steps = anonBytes / (4 * MIB);
  for (let i = 0; i < steps; i++) {
    blocks.push(Buffer.alloc(4 * MIB, i & 0xff));
    await sleep((seconds * 1000) / steps);
  }
}

/** Reads the scratch file again and again for `seconds`: more than is left for it. */
async function runBatch(scratch: MappedFile, seconds: number): Promise<void> {
  const endMs = performance.now() + seconds * 1000;
  while (performance.now() < endMs) {
    await read(scratch, 0, scratch.bytes.length);
    if (values['self-evict']) madvise(scratch.address, scratch.bytes.length, MADV_PAGEOUT);
  }
  drop(scratch);
}

/** Pages out the ranges the demo asks for, where it may not do so from outside. */
function pageOut({ id, pageOut: ranges }: PageOutRequest): PageOutReply {
  let advisedBytes = 0;
  for (const [start, lengthBytes] of ranges) {
    if (madvise(BigInt(start), lengthBytes, MADV_PAGEOUT) === 0) advisedBytes += lengthBytes;
  }
  return { id, advisedBytes };
}

process.on('message', (request: PageOutRequest) => process.send?.(pageOut(request)));
process.on('SIGTERM', () => process.exit(0));
process.on('disconnect', () => process.exit(0));

const hot = mapFile('hot.bin', Number(values['hot-mib']));
const archive = mapFile('archive.bin', SECTIONS * Number(values['section-mib']));
const scratch = mapFile('scratch.bin', Number(values['scratch-mib']));
drop(archive);
drop(scratch);
const sectionBytes = archive.bytes.length / SECTIONS;
setInterval(() => touch(hot, 0, hot.bytes.length), 100);
report('ready');
for (let round = 0; ; round++) {
  const blocks: Buffer[] = [];
  report('report');
  const section = (round % SECTIONS) * sectionBytes;
  await read(archive, section, section + sectionBytes);
  report('idle');
  // Never the same length twice: with a rhythm, the rows to test on could all fall into one phase.
  await sleep(1000 + 2000 * ((round * 0.618) % 1));
  report('grow');
  await grow(blocks, 3);
  report('hold');
  await sleep(6000);
  report('batch');
  await runBatch(scratch, 2.5);
  report('shrink');
  blocks.length = 0;
  globalThis.gc?.();
  await sleep(500);
}
