// `ruvector-memopt events`, as a user runs it.
import { execFile, spawn } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadPolars } from '../../../src/core/index.ts';
import { convertEvents, loadEvents } from '../../../src/events/index.ts';
import { bytesOf, makeFolder, rowsOfTriggers, writeRecording } from '../../support/events/write-recording.ts';

const bin = join(import.meta.dirname, '..', '..', '..', 'bin', 'ruvector-memopt.mjs');
const EVENTS = 20_000;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `events <args>` to its end. */
function run(...args: string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, [bin, 'events', ...args], { maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

let folder: Awaited<ReturnType<typeof makeFolder>>;
let raw: string;
beforeAll(async () => {
  folder = await makeFolder();
  raw = folder.at('recording.raw');
  await writeRecording(raw, { events: EVENTS, width: 640, height: 480, triggerHz: 10_000 }, 'evt3');
});
afterAll(() => folder[Symbol.asyncDispose]());

describe('convertEvents()', () => {
  it.each(['.raw', '.dat', '.h5', '.csv', '.txt'])(
    'writes %s so that it is read back as it was',
    async (suffix) => {
      const out = folder.at(`converted${suffix}`);
      await convertEvents(raw, out);
      const [before, after] = [await loadEvents(raw), await loadEvents(out, { polarity: 'signed' })];
      expect(bytesOf(after.columns)).toEqual(bytesOf(before.columns));
      expect(after.info.geometry).toEqual(before.info.geometry);
      if (suffix === '.raw') expect(rowsOfTriggers(after.triggers)).toEqual(rowsOfTriggers(before.triggers));
    },
  );
});

describe('events convert', () => {
  it('goes through pipes, and leaves standard output to the events', async () => {
    const file = await loadEvents(raw);
    const text = await new Promise<string>((resolve) => {
      const child = execFile(
        process.execPath,
        [bin, 'events', 'convert', '-', '-', '--out-format', 'csv', '--columns', 'x,y,p,t', '--json'],
        { maxBuffer: 2 ** 28 },
        (_error, stdout) => resolve(stdout),
      );
      void readFile(raw).then((bytes) => child.stdin!.end(bytes));
    });
    const [first, second, ...rest] = text.trimEnd().split('\n');
    expect(first).toBe('%geometry:640,480');
    const { x, y, p, t } = file.columns;
    expect(second).toBe(`${x[0]},${y[0]},${p[0]},${t[0]}`);
    expect(rest).toHaveLength(EVENTS - 1);
  });

  it('writes the triggers to a file', async () => {
    const out = folder.at('triggers.csv');
    expect((await run('convert', raw, folder.at('with.dat'), '--triggers', out)).code).toBe(0);
    const { triggers } = await loadEvents(raw);
    const lines = (await readFile(out, 'utf8')).trimEnd().split('\n');
    expect(lines[0]).toBe('"t","id","value"');
    expect(lines.slice(1)).toEqual(rowsOfTriggers(triggers).map((row) => row.join(',')));
  });

  it('takes what a text does not say: format, unit, order of columns', async () => {
    const text = folder.at('notes.txt');
    await writeFile(text, '# a comment\r\n1 0.000001 4 3\r\n0 2.5e-3 5 6\r\n');
    const out = folder.at('notes.raw');
    const said = ['--format', 'text', '--time-unit', 's', '--columns', 'p,t,y,x'];
    expect((await run('convert', text, out, ...said)).stdout).toContain('7 × 6 by its largest x and y');
    const { columns } = await loadEvents(out);
    expect([...columns.t]).toEqual([1n, 2500n]);
    expect([[...columns.x], [...columns.y], [...columns.p]]).toEqual([
      [3, 6],
      [4, 5],
      [1, -1],
    ]);
    expect((await run('convert', text, folder.at('unsaid.raw'), '--columns', 'p,t,y,x')).stderr).toMatch(
      /^ERR_EVENTS_TIME_UNIT: /,
    );
  });

  it('takes a RAW format that is said of a text as what is to be written', async () => {
    await run('convert', raw, folder.at('text.csv'));
    await run('convert', folder.at('text.csv'), folder.at('made.raw'), '--format', 'evt21');
    expect((await loadEvents(folder.at('made.raw'))).info.format).toBe('evt21');
  });

  it.each([
    ['absent.raw', 'out.csv', 'ERR_EVENTS_READ', 1],
    ['.', 'out.csv', 'ERR_EVENTS_READ', 1],
    ['recording.raw', 'out.xyz', 'ERR_EVENTS_SUFFIX', 2],
  ])('refuses %s to %s with one line', async (input, output, code, exit) => {
    const { code: found, stdout, stderr } = await run('convert', folder.at(input), folder.at(output));
    expect({ found, stdout }).toEqual({ found: exit, stdout: '' });
    expect(stderr).toMatch(new RegExp(`^${code}: [^\\n]+\\n$`));
  });

  it('leaves nothing behind, and what was there as it was, when it fails', async () => {
    const bad = folder.at('bad.txt');
    await writeFile(bad, `${'1 2 3 1\n'.repeat(50_000)}1 2 three 1\n`);
    const out = folder.at('kept.csv');
    await writeFile(out, 'as it was');
    const { code, stderr } = await run('convert', bad, out, '--time-unit', 'us');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^ERR_EVENTS_DATA: .*line 50001.*\n$/)]);
    expect(await readFile(out, 'utf8')).toBe('as it was');
    expect((await readdir(folder.path)).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});

it('events filter keeps what is asked for', async () => {
  const out = folder.at('cut.csv');
  const options = ['--region', '100,100,200,100', '--keep', 'off', '--start', '500', '--end', '1500'];
  const { stdout } = await run('filter', raw, out, ...options, '--background', '500', '--json');
  const report = JSON.parse(stdout) as { events: number; counts: { events: number } };
  const cut = await loadEvents(out, { polarity: 'signed' });
  expect(report.counts.events).toBe(EVENTS);
  expect(cut.length).toBe(report.events);
  expect(cut.length).toBeGreaterThan(0);
  for (let i = 0; i < cut.length; i++) {
    const { t, x, y, p } = cut.columns;
    expect(t[i]! >= 500n && t[i]! < 1500n && x[i]! >= 100 && x[i]! < 300 && y[i]! >= 100 && y[i]! < 200).toBe(
      true,
    );
    expect(p[i]).toBe(-1);
  }
});

it('events filter finds hot pixels by themselves', async () => {
  const out = folder.at('cool.dat');
  await run('filter', raw, out, '--hot-pixels', '10000');
  const [all, cool] = [await loadEvents(raw), await loadEvents(out)];
  expect(cool.length).toBeLessThan(all.length);
  expect(cool.length).toBeGreaterThan(all.length / 2);
});

it('events info says what a recording is', async () => {
  const { stdout } = await run('info', raw, '--json');
  expect(JSON.parse(stdout)).toMatchObject({
    format: 'evt3',
    geometry: { width: 640, height: 480 },
    counts: { events: EVENTS, triggers: 21 },
    firstTime: 0,
    isScanned: true,
  });
  expect((await run('info', raw, '--header')).stdout).not.toContain('duration');
  expect((await run('info', raw)).stdout).toMatch(/events +20,000 \(/);
});

it('events play draws frames where there is no terminal, and says that it needs a number of them', async () => {
  const { stdout, code } = await run('play', raw, '--frames', '2', '--fps', '1000');
  expect(code).toBe(0);
  expect(stdout).toMatch(/[+*-]/);
  expect(stdout.match(/events\/s/g)).toHaveLength(2);
  expect(await run('play', raw)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--frames N') as string,
  });
});

it('events play draws on a terminal, in its size, and leaves it as it was', async () => {
  const script = `${process.execPath} ${bin} events play ${raw} --fps 1000 --frames 2`;
  const child = spawn('script', ['-qec', script, '/dev/null'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  expect(text).toContain('\u001B[?1049h');
  expect(text).toContain('▀');
  expect(text).toMatch(/frames\/s/);
  expect(text.lastIndexOf('\u001B[?1049l')).toBeGreaterThan(text.lastIndexOf('▀'));
});

it('events synth makes the same for the same seed, in the format of the suffix', async () => {
  const make = async (name: string, seed: string): Promise<Buffer> => {
    expect((await run('synth', folder.at(name), '--events', '5000', '--seed', seed)).code).toBe(0);
    return readFile(folder.at(name));
  };
  const [one, same, other] = [await make('1.raw', '5'), await make('2.raw', '5'), await make('3.raw', '6')];
  expect(one.equals(same)).toBe(true);
  expect(one.equals(other)).toBe(false);
});

it('events convert that is interrupted says so in one line and leaves nothing', async () => {
  const out = folder.at('interrupted.csv');
  const child = spawn(
    process.execPath,
    [bin, 'events', 'convert', '-', out, '--format', 'evt2', '--geometry', '9x9'],
    {
      stdio: ['pipe', 'ignore', 'pipe'],
    },
  );
  // Time words alone: it reads as long as somebody writes.
  child.stdin.on('error', () => {});
  const words = Buffer.alloc(4096).fill(Buffer.from([0, 0, 0, 0x80]));
  const writing = setInterval(() => child.stdin.write(words), 20);
  const started = async (): Promise<boolean> =>
    (await readdir(folder.path)).some((name) => name.includes('interrupted'));
  while (!(await started())) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill('SIGINT');
  let stderr = '';
  for await (const chunk of child.stderr) stderr += String(chunk);
  clearInterval(writing);
  expect(stderr).toMatch(/^ERR_EVENTS_CANCELLED: [^\n]+\n$/);
  expect(await started()).toBe(false);
});

it('convertEvents() writes a recording without events, and one event at a time, in every format', async () => {
  const header = folder.at('header.raw');
  await writeFile(header, '% evt 2.0\n% format EVT2;height=9;width=9\n% end\n');
  const few = folder.at('few.raw');
  await writeRecording(few, { events: 300 });
  for (const suffix of ['.raw', '.dat', '.h5', '.csv', '.txt', '.parquet', '.arrow']) {
    expect(await convertEvents(header, folder.at(`none${suffix}`))).toMatchObject({ events: 0 });
    expect(await convertEvents(few, folder.at(`few${suffix}`), { chunkSize: 1 })).toMatchObject({
      events: 300,
    });
  }
  const frames = [
    loadPolars().readParquet(folder.at('few.parquet')),
    await loadPolars().scanIPC(folder.at('few.arrow')).collect(),
  ];
  const { columns } = await loadEvents(few);
  for (const frame of frames) {
    expect(frame.columns).toEqual(['t', 'x', 'y', 'p']);
    expect(frame.getColumn('x').toArray()).toEqual([...columns.x]);
    expect(frame.getColumn('p').toArray()).toEqual([...columns.p]);
  }
  expect(loadPolars().readParquet(folder.at('none.parquet')).shape).toEqual({ height: 0, width: 4 });
});
