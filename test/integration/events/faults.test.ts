// What stands in a recording's place, and what happens to one while it is read.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, chmod, copyFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadEvents, openEvents } from '../../../src/events/index.ts';
import { openByteInput } from '../../../src/events/read/byte-input.ts';
import { bytesOf, makeFolder, writeRecording } from '../../support/events/write-recording.ts';

/** 50 ms are promised (the bench events.start measures them); a busy machine may take longer, one that waits never ends. */
const PROMPT_MS = 2000;
/** More than a few blocks of bytes. */
const EVENTS = 600_000;
let folder: Awaited<ReturnType<typeof makeFolder>>;
let path: string;

beforeAll(async () => {
  folder = await makeFolder();
  path = folder.at('recording.raw');
  await writeRecording(path, { events: EVENTS });
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('openEvents()', () => {
  it.each([{ workers: 0 }, { workers: 2 }])(
    'refuses a file that is cut while it is read, with the byte (%o)',
    async (how) => {
      const cut = folder.at('cut.raw');
      await copyFile(path, cut);
      const { size } = await stat(cut);
      const read = async (): Promise<void> => {
        await using reading = await openEvents(cut, { ...how, chunkSize: 1000 });
        for await (const batch of reading) {
          expect(batch.events.length).toBeGreaterThan(0);
          if ((await stat(cut)).size === size) await truncate(cut, 600_000);
        }
      };
      // Blocks that were read before are whole: what is said is where it ends, or where the first missing block begins.
      await expect(read()).rejects.toMatchObject({
        code: 'ERR_EVENTS_READ',
        message: expect.stringMatching(/byte \d+/) as string,
      });
    },
  );

  it('reads a file that grows as it was when it was opened, and says by how much it grew', async () => {
    const growing = folder.at('growing.raw');
    await copyFile(path, growing);
    await using reading = await openEvents(growing, { chunkSize: 100_000 });
    let events = 0;
    for await (const batch of reading) {
      if (events === 0) await appendFile(growing, Buffer.alloc(4000));
      events += batch.events.length;
    }
    expect(events).toBe(EVENTS);
    expect(reading.info.notes).toEqual([expect.stringContaining('grew by 4000 bytes')]);
  });

  it('ends at once with an abort, in the middle of a file', async () => {
    const stop = new AbortController();
    await using reading = await openEvents(path, { chunkSize: 1, signal: stop.signal });
    let atMs = 0;
    const read = async (): Promise<void> => {
      for await (const { events } of reading) {
        expect(events.length).toBe(1);
        if (atMs > 0) continue;
        atMs = performance.now();
        stop.abort(new Error('enough'));
      }
    };
    await expect(read()).rejects.toThrow('enough');
    expect(performance.now() - atMs).toBeLessThan(PROMPT_MS);
  });

  it('abort() ends the loop with its reason', async () => {
    await using reading = await openEvents(path, { chunkSize: 1000 });
    const read = async (): Promise<void> => {
      for await (const { events } of reading) if (events.length > 0) reading.abort(new Error('seen enough'));
    };
    await expect(read()).rejects.toThrow('seen enough');
  });

  it('closes the file when the loop is left', async () => {
    await using reading = await openEvents(path, { chunkSize: 1000 });
    for await (const { events } of reading) {
      expect(events.length).toBe(1000);
      break;
    }
    const again = async (): Promise<void> => {
      for await (const { events } of reading) expect(events).toBeNull();
    };
    await expect(again()).rejects.toMatchObject({ code: 'ERR_EVENTS_READ' });
  });
});

describe('loadEvents()', () => {
  it.each([
    ['a folder', async () => folder.path, /it is a folder/],
    ['nothing', async () => folder.at('absent.raw'), /there is no such file/],
    ['an empty file', async () => touch('empty.raw', ''), /the file is empty/],
    ['a device without bytes', async () => '/dev/null', /the file is empty/],
    ['other bytes', async () => touch('other.raw', '\x00\x01\x02\x03'), /byte 0/],
    ['a socket', makeSocket, /it is a socket/],
    ['a file that gives no bytes', async () => '/proc/self/mem', /Cannot read/],
  ])('says of %s what it is', async (_what, make, text) => {
    const place = await make();
    await expect(loadEvents(place)).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_EVENTS_/) as string,
      message: expect.stringMatching(text) as string,
    });
  });

  it('gives no events of a header alone', async () => {
    const header = await touch('header.raw', '% evt 3.0\n% format EVT3;height=720;width=1280\n% end\n');
    expect(await loadEvents(header)).toMatchObject({ length: 0, info: { format: 'evt3' } });
  });

  it('counts the bytes of a last word that is cut off', async () => {
    const bytes = await readFile(path);
    const cut = folder.at('last.raw');
    await writeFile(cut, bytes.subarray(0, bytes.length - 3));
    const loaded = await loadEvents(cut);
    expect(loaded.length).toBe(EVENTS - 1);
    expect(loaded.info.counts.truncatedBytes).toBe(1);
  });

  it.skipIf(process.getuid?.() === 0)('says that a file may not be read', async () => {
    const closed = await touch('closed.raw', 'x');
    await chmod(closed, 0);
    await expect(loadEvents(closed)).rejects.toMatchObject({ code: 'ERR_EVENTS_READ' });
  });

  it('reads a named pipe as it reads the file', async () => {
    const pipe = makePipe('filled');
    const writer = spawn('dd', [`if=${path}`, `of=${pipe}`, 'bs=5003'], { stdio: 'ignore' });
    const ended = once(writer, 'close');
    const [piped, whole] = [await loadEvents(pipe), await loadEvents(path)];
    await ended;
    expect(piped.info.sizeBytes).toBeNull();
    expect(bytesOf(piped.columns)).toEqual(bytesOf(whole.columns));
  });

  it('ends at once with an abort while nobody writes into a named pipe, and leaves no thread waiting', async () => {
    const pipe = makePipe('silent');
    const stop = new AbortController();
    const loading = loadEvents(pipe, { signal: stop.signal });
    const ended = loading.catch((error: unknown) => error);
    await sleep(20);
    const atMs = performance.now();
    stop.abort(new Error('no writer came'));
    expect(await ended).toMatchObject({ message: 'no writer came' });
    expect(performance.now() - atMs).toBeLessThan(PROMPT_MS);
  });

  it('ends at once with an abort while the writer of a named pipe is silent', async () => {
    const pipe = makePipe('held');
    const writer = spawn('sh', ['-c', `exec 3> ${pipe}; head -c 200000 ${path} >&3; sleep 60`], {
      stdio: 'ignore',
    });
    const stop = new AbortController();
    const seen = { events: 0 };
    const progress = ({ events }: { events: number }): void => void (seen.events = events);
    const loading = loadEvents(pipe, { signal: stop.signal, progress });
    const ended = loading.catch((error: unknown) => error);
    while (seen.events === 0) await sleep(10);
    const atMs = performance.now();
    stop.abort(new Error('too slow'));
    expect(await ended).toMatchObject({ message: 'too slow' });
    expect(performance.now() - atMs).toBeLessThan(PROMPT_MS);
    writer.kill();
  });

  it('refuses HDF5 from a pipe, which is read at any place', async () => {
    const file = folder.at('piped.h5');
    await writeRecording(file, { events: 10 });
    const pipe = makePipe('hdf5');
    const writer = spawn('dd', [`if=${file}`, `of=${pipe}`], { stdio: 'ignore' });
    await expect(loadEvents(pipe)).rejects.toThrow(/this is a pipe/);
    writer.kill();
  });
});

it('openByteInput() reads a device that never ends until it is aborted', async () => {
  const stop = new AbortController();
  await using input = await openByteInput('/dev/zero', stop.signal);
  expect(await input.read(new Uint8Array(1000), stop.signal)).toBe(1000);
  stop.abort(new Error('enough zeros'));
  await expect(input.read(new Uint8Array(1000), stop.signal)).rejects.toThrow('enough zeros');
});

async function touch(name: string, content: string): Promise<string> {
  await writeFile(folder.at(name), content);
  return folder.at(name);
}

function makePipe(name: string): string {
  execFileSync('mkfifo', [folder.at(name)]);
  return folder.at(name);
}

async function makeSocket(): Promise<string> {
  const server = createServer().listen(folder.at('socket'));
  await once(server, 'listening');
  server.unref();
  return folder.at('socket');
}
