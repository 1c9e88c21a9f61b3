import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildConfig } from '../../../src/app/host/config.ts';
import { openHost } from '../../../src/app/host/host.ts';
import { runRetraining } from '../../../src/app/training/retraining.ts';
import { createSampleService, samplesPath } from '../../../src/app/host/sample-service.ts';
import type { SamplesStatus } from '../../../src/app/host/sample-service.ts';
import {
  TunerDataCollector,
  buildFeatureSpec,
  createFeatureExtractor,
  loadApr,
  loadOrCreate,
  openHistory,
  openSampleStore,
  readLabelledSamples,
  readSamples,
  saveApr,
} from '../../../src/index.ts';
import { readCapture } from '../../support/collect/capture-fixture.ts';
import { createTestHome, runCommand } from '../../support/daemon.ts';
import { mondayMs, snapshots } from '../../support/memory-rows.ts';
import { optimizationEvents } from '../../support/optimize/optimization-events.ts';
import { numberedSample, numbersOf } from '../../support/store/samples.ts';
import { createPrintedRandom } from '../../support/random.ts';

const random = createPrintedRandom('moments of kill -9');

const writer = join(import.meta.dirname, '../../support/store/samples-writer.ts');
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'ruvector-samples-'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('openSampleStore()', () => {
  it('keeps what was recorded over a close, folded into one APR2 file', async () => {
    const path = join(root, 'plain', 'x.apr');
    {
      await using store = await openSampleStore(path);
      for (const number of upTo(5)) await store.recordAndPersist(numberedSample(number));
      expect(numbersOf((await readSamples(path)).samples)).toEqual(upTo(5));
      await store.markTrained();
      await store.recordAndPersist(numberedSample(5));
    }
    expect(numbersOf((await loadApr(path)).samples())).toEqual(upTo(6));
    await using again = await openSampleStore(path);
    expect(again.collector.samplesSinceTrained).toBe(1);
    expect(again.problems).toEqual([]);
  });

  it('appends a sample in the same few bytes whether there are few or many', async () => {
    await using store = await openSampleStore(join(root, 'o1.apr'));
    await store.recordAndPersist(...upTo(2000).map(numberedSample));
    await store.save();
    const before = store.journalBytes;
    await store.recordAndPersist(numberedSample(2000));
    expect(store.journalBytes - before).toBeLessThan(300);
  });

  it('refuses a second writer, and lets readers read', async () => {
    const path = join(root, 'locked.apr');
    await using store = await openSampleStore(path);
    await store.recordAndPersist(numberedSample(0));
    await expect(openSampleStore(path)).rejects.toMatchObject({ code: 'ERR_STORE_LOCKED' });
    await expect(openSampleStore(path)).rejects.toThrow(/samples ".*locked.apr"/);
    expect(numbersOf((await readSamples(path)).samples)).toEqual([0]);
  });

  it('takes none of a call that holds a sample it cannot keep', async () => {
    await using store = await openSampleStore(join(root, 'none.apr'));
    const odd = { ...numberedSample(1), label: 'Maybe' as 'Critical' };
    await expect(store.recordAndPersist(numberedSample(0), odd)).rejects.toMatchObject({
      code: 'ERR_STORE_APR_SAMPLE',
    });
    expect(store.collector.length).toBe(0);
  });

  it('sets a damaged file aside with an error, and keeps the samples of its journal', async () => {
    const path = join(root, 'damaged.apr');
    await saveApr(path, TunerDataCollector.fromSamples(upTo(3).map(numberedSample)));
    const open = await openSampleStore(path);
    await open.recordAndPersist(numberedSample(3));
    const journal = readFileSync(`${path}.journal`);
    await open.close();
    const bytes = readFileSync(path);
    bytes[20]! ^= 1;
    writeFileSync(path, bytes);
    writeFileSync(`${path}.journal`, journal);
    await using store = await openSampleStore(path);
    expect(store.problems.map(({ code }) => code)).toEqual([
      'ERR_STORE_APR_CORRUPT',
      'ERR_STORE_APR_REPLACED',
    ]);
    expect(numbersOf(store.collector.samples())).toEqual([3]);
    const aside = readdirSync(root).filter((name) => name.startsWith('damaged.apr.corrupt-'));
    expect(readFileSync(join(root, aside[0]!)).equals(bytes)).toBe(true);
  });

  it('leaves a file of another version where it is', async () => {
    const path = join(root, 'newer.apr');
    writeFileSync(path, 'APR3 and what we do not know');
    await expect(openSampleStore(path)).rejects.toMatchObject({ code: 'ERR_STORE_APR_VERSION' });
    expect(readFileSync(path, 'utf8')).toBe('APR3 and what we do not know');
  });

  it('cuts a torn tail of the journal, and reports changed bytes in it with all other samples kept', async () => {
    const path = join(root, 'torn.apr');
    const first = await openSampleStore(path);
    await first.recordAndPersist(...upTo(4).map(numberedSample));
    const journal = readFileSync(`${path}.journal`);
    await first.close();
    await rm(path);
    writeFileSync(`${path}.journal`, journal);
    appendFileSync(`${path}.journal`, journal.subarray(20, 100));
    const torn = await openSampleStore(path);
    expect([numbersOf(torn.collector.samples()), torn.problems]).toEqual([upTo(4), []]);
    expect(torn.journalBytes).toBe(journal.length);
    await torn.close();
    await rm(path);
    journal[60]! ^= 1;
    writeFileSync(`${path}.journal`, journal);
    await using damaged = await openSampleStore(path);
    expect(numbersOf(damaged.collector.samples())).toEqual([1, 2, 3]);
    expect(damaged.problems).toMatchObject([{ code: 'ERR_STORE_APR_JOURNAL' }]);
  });

  it('does not count samples twice when it ended between file and journal', async () => {
    const path = join(root, 'between.apr');
    const store = await openSampleStore(path);
    await store.recordAndPersist(...upTo(4).map(numberedSample));
    const journal = readFileSync(`${path}.journal`);
    await store.close();
    writeFileSync(`${path}.journal`, journal);
    expect(numbersOf((await readSamples(path)).samples)).toEqual(upTo(4));
    await using again = await openSampleStore(path);
    expect([numbersOf(again.collector.samples()), again.problems]).toEqual([upTo(4), []]);
  });

  it('finds every acknowledged sample once and in order when the writer was killed 12 times', async () => {
    const path = join(root, 'killed', 'x.apr');
    let expected = 0;
    for (let kill = 0; kill < 12; kill++) {
      const child = spawn(process.execPath, [writer, path, String(expected)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const lines: string[] = [];
      const reader = createInterface({ input: child.stdout });
      reader.on('line', (line) => lines.push(line));
      await once(reader, 'line');
      await sleep(random() * 60);
      child.kill('SIGKILL');
      await once(child, 'close');
      const acknowledged = Number(lines.findLast((line) => /^\d+$/.test(line)) ?? expected - 1);
      await using store = await openSampleStore(path, { foldBytes: 1500 });
      const numbers = numbersOf(store.collector.samples());
      expect(numbers).toEqual(upTo(numbers.length));
      expect(numbers.length).toBeGreaterThan(acknowledged);
      expect(store.problems).toEqual([]);
      expect(store.collector.samplesSinceTrained).toBe(numbers.length);
      expected = numbers.length;
    }
    expect(expected).toBeGreaterThan(30);
  });

  it('rejects when the disk refuses, and keeps every sample acknowledged before', async () => {
    const path = join(root, 'full', 'x.apr');
    const limited = `ulimit -f 40; exec "$0" "$@"`;
    const { stdout } = spawnSync('bash', ['-c', limited, process.execPath, writer, path, '0'], {
      encoding: 'utf8',
    });
    const lines = stdout.trim().split('\n');
    expect(lines.at(-1)).toBe('ERR_STORE_DISK_FULL');
    await using store = await openSampleStore(path);
    const numbers = numbersOf(store.collector.samples());
    expect(numbers).toEqual(upTo(Number(lines.at(-2)) + 1));
    expect(store.problems).toEqual([]);
  });

  it('opens what this hardware has in the cache directory', async () => {
    const before = process.env['XDG_CACHE_HOME'];
    process.env['XDG_CACHE_HOME'] = join(root, 'cache');
    try {
      await using store = await loadOrCreate();
      expect(store.path).toMatch(/cache\/ruvector\/training_data_[0-9a-f]{8}\.apr$/);
    } finally {
      if (before === undefined) delete process.env['XDG_CACHE_HOME'];
      else process.env['XDG_CACHE_HOME'] = before;
    }
  });
});

describe('loadApr()', () => {
  it('names the file that is not there', async () => {
    await expect(loadApr(join(root, 'no.apr'))).rejects.toMatchObject({ code: 'ERR_STORE_NOT_FOUND' });
  });
});

describe('readLabelledSamples()', () => {
  it('gives the samples of a history, one a rate window', async () => {
    await using history = await openHistory(join(root, 'history'), { retainMs: Infinity });
    history.append('memory', readCapture().slice(0, 900));
    await history.flush();
    const samples = await readLabelledSamples(history);
    expect(samples.length).toBeGreaterThan(60);
    expect(samples.length).toBeLessThan(90);
    expect(TunerDataCollector.fromSamples(samples).length).toBe(samples.length);
  });

  it('leaves out what an action reaches, unless it is wanted', async () => {
    await using history = await openHistory(join(root, 'acted'), { retainMs: Infinity });
    const rows = readCapture().slice(0, 900);
    history.append('memory', rows);
    const [event] = optimizationEvents([rows[450]!]);
    history.append('optimization', [
      { ...event!, mode: 'act' },
      { ...event!, timestamp: rows[700]!.timestamp, mode: 'dry_run' },
    ]);
    await history.flush();
    const [without, withThem] = [
      await readLabelledSamples(history),
      await readLabelledSamples(history, { includeActed: true }),
    ];
    // The horizon of a minute before the action and a rate window of 10 s after it, at one sample each 10 s.
    expect(withThem.length - without.length).toBeGreaterThanOrEqual(6);
    expect(withThem.length - without.length).toBeLessThanOrEqual(8);
    const minutes = withThem.map(({ features }) => features.minutes_since_last_opt);
    expect(Math.min(...minutes)).toBe(0);
  });
});

describe('createSampleService()', () => {
  it('records no sample that an action reaches, and compares no decision with it', async () => {
    await using home = await createTestHome();
    const spec = buildFeatureSpec({ rateWindowMs: 2000, trendWindowMs: 8000 });
    const history = { query: () => (async function* () {})(), partitions: () => Promise.resolve([]) };
    const config = { horizonMs: 5000, retrainSamples: 0 };
    const log: string[] = [];
    await using service = await createSampleService({
      home: { samples: join(home.root, 'acted') },
      config,
      spec,
      history,
      onLog: (text) => log.push(text),
    });
    const extractor = createFeatureExtractor(spec);
    const actionMs = mondayMs + 20_400;
    for (const row of snapshots(60)) {
      const lastOptimizationMs = actionMs < row.timestamp ? actionMs : null;
      await service.observe(row, extractor.push(row, { lastOptimizationMs }));
      service.notePrediction('Critical');
    }
    // Samples at 2, 4, ... 54 s; the action reaches those of (15.4 s, 22.4 s): 16, 18, 20 and 22.
    expect(service.status()).toMatchObject({ count: 27 - 4, actedSamples: 4, lastError: null });
    expect(service.status().feedback).toMatchObject({ windowCount: 23 });
    expect(log).toEqual([]);
  });
});

describe('openSampleStore() of a home', () => {
  it('has its samples labelled, compared with the decisions and start a training while a host runs', async () => {
    await using home = await createTestHome();
    const stop = new AbortController();
    const log: string[] = [];
    const config = buildConfig({ hz: 20, horizonMs: 1500, retrainSamples: 3, baseline: false });
    const trained = { count: 0 };
    {
      await using host = await openHost(home, config, { onLog: (text) => log.push(text) });
      host.training.train = async () => {
        trained.count++;
        await host.samples.markTrained();
        throw new Error('no Python in this test');
      };
      const run = Promise.all([
        host.run(stop.signal),
        runRetraining(host, stop.signal, (text) => log.push(text)),
      ]);
      while (trained.count < 2) await sleep(50);
      stop.abort();
      await run;
      const { trainingSamples: status } = host.status();
      expect(status.count).toBeGreaterThanOrEqual(6);
      expect(status.feedback!.count).toBe(status.count);
      expect(status.samplesSinceTrained).toBeLessThan(status.count);
      expect(status.lastError).toBeNull();
    }
    expect(log).toContain('training failed: no Python in this test');
    const { code, stdout } = await runCommand(home, ['samples', '--json']);
    expect(code).toBe(0);
    const offline = JSON.parse(stdout) as SamplesStatus;
    expect(offline.count).toBeGreaterThanOrEqual(6);
    expect(Object.values(offline.byLabel).reduce((sum, n) => sum + n)).toBe(offline.count);
  });

  it('is filled from a file and from the history', async () => {
    await using home = await createTestHome();
    {
      await using history = await openHistory(home.history, { retainMs: Infinity });
      history.append('memory', readCapture().slice(0, 600));
    }
    const bootstrapped = await runCommand(home, ['samples', 'bootstrap', '--json']);
    const { added } = JSON.parse(bootstrapped.stdout) as { added: number };
    expect(added).toBeGreaterThan(40);
    const file = join(root, 'import.json');
    await writeFile(file, JSON.stringify([1, 2, 3].map(numberedSample)));
    expect((await runCommand(home, ['samples', 'import', file])).stdout).toBe('3 samples added\n');
    const shown = (await runCommand(home, ['samples'])).stdout;
    expect(shown).toContain(`${added + 3}`);
    const missing = await runCommand(home, ['samples', 'import', join(root, 'no.json')]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('ERR_APP_SAMPLE_FILE')]);

    await writeFile(samplesPath(home), randomBytes(3000));
    const damaged = await runCommand(home, ['samples', 'import', file]);
    expect(damaged).toMatchObject({ code: 1, stdout: '3 samples added\n' });
    expect(damaged.stderr).toMatch(/^ERR_STORE_APR_CORRUPT: [^\n]+\.corrupt-\d+"[^\n]+\n$/);
  });
});
