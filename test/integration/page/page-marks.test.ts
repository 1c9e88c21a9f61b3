// Labels and alerts over restarts of a host, exports and publications of other processes: what the page knows of before and
// beside it.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openMarkLog } from '../../../src/app/page/mark-log.ts';
import type { ExportResult } from '../../../src/app/exports/export-job.ts';
import { readExports, watchExport } from '../../../src/app/exports/export-log.ts';
import type { LoggedExport } from '../../../src/app/exports/export-log.ts';
import { readPublications, watchPublication } from '../../../src/app/exports/publication-log.ts';
import type { LoggedPublication } from '../../../src/app/exports/publication-log.ts';
import type { PageMark } from '../../../src/page/index.ts';
import type { PublishReport } from '../../../src/export/publish/index.ts';
import { createTestHome, runCommand } from '../../support/daemon.ts';
import { openTestPage } from '../../support/page/open-page.ts';
import { until } from '../../support/until.ts';

const markAt = (atMs: number, more: Partial<PageMark> = {}): PageMark => ({
  id: `m-${atMs}`,
  atMs,
  untilMs: atMs,
  kind: 'label',
  text: 'Critical',
  detail: {},
  ...more,
});

describe('openMarkLog()', () => {
  it('remembers over restarts, also after a kill that tore the last line', async () => {
    await using home = await createTestHome();
    const folder = join(home.root, 'page');
    const problems: string[] = [];
    const options = { most: 100, endedMs: 5000, onProblem: (text: string) => problems.push(text) };
    {
      await using log = await openMarkLog(folder, options);
      expect(log.marks).toEqual([]);
      log.keep(markAt(1000, { untilMs: null }));
      log.keep(markAt(2000));
      log.keep(markAt(1000, { untilMs: 1500 }));
      log.keep(markAt(3000, { untilMs: null, text: '<b>\u202E\n' }));
    }
    const path = join(folder, 'marks.jsonl');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    appendFileSync(path, '{"id":"torn","atM');
    for (let restart = 0; restart < 2; restart += 1) {
      await using log = await openMarkLog(folder, options);
      expect(log.marks).toEqual([
        markAt(1000, { untilMs: 1500 }),
        markAt(2000),
        markAt(3000, { untilMs: 5000, text: '<b>\u202E\n' }),
      ]);
      log.keep(markAt(2000));
    }
    expect(problems).toEqual([]);
  });

  it('keeps its file small, however often labels change', async () => {
    await using home = await createTestHome();
    const options = { most: 50, endedMs: 0, onProblem: () => undefined };
    const path = join(home.root, 'page', 'marks.jsonl');
    for (let round = 0; round < 3; round += 1) {
      await using log = await openMarkLog(join(home.root, 'page'), options);
      for (let at = 0; at < 5000; at += 1) log.keep(markAt(round * 10_000 + at));
    }
    await using log = await openMarkLog(join(home.root, 'page'), options);
    expect(log.marks.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 50 }, (_, at) => 24_950 + at));
    expect(statSync(path).size).toBeLessThan(2 << 20);
  });

  it('says once that nothing can be kept, and goes on', async () => {
    await using home = await createTestHome();
    // A file where the folder should be: also root cannot write there.
    writeFileSync(join(home.root, 'page'), '');
    const problems: string[] = [];
    const options = { most: 50, endedMs: 0, onProblem: (text: string) => problems.push(text) };
    {
      await using log = await openMarkLog(join(home.root, 'page'), options);
      log.keep(markAt(1));
    }
    expect(problems.length).toBeGreaterThan(0);
    expect(problems.every((text) => /ENOTDIR|EEXIST/.test(text))).toBe(true);
  });
});

describe('GET /api/marks', () => {
  it('has labels and alerts of the runs before this one', async () => {
    const restarted = await openTestPage({
      prepare(home) {
        mkdirSync(join(home.root, 'page'), { recursive: true });
        const lines = [
          markAt(1_700_000_000_000, { untilMs: 1_700_000_060_000 }),
          markAt(1_700_000_100_000, { kind: 'alert', text: 'the disk is full', untilMs: 1_700_000_200_000 }),
        ];
        writeFileSync(
          join(home.root, 'page', 'marks.jsonl'),
          lines.map((mark) => JSON.stringify(mark)).join('\n'),
        );
      },
    });
    await using page = restarted;
    const ask = (from: number, to: number) => page.api<PageMark[]>(`/api/marks?from=${from}&to=${to}`);
    // A label that began before the range reaches into it.
    expect(await ask(1_700_000_030_000, 1_700_000_150_000)).toMatchObject([
      { kind: 'label', text: 'Critical', untilMs: 1_700_000_060_000 },
      { kind: 'alert', text: 'the disk is full' },
    ]);
    expect(await ask(1_700_000_070_000, 1_700_000_090_000)).toEqual([]);
  });
});

const report = {
  name: 'd',
  version: '1.0.0',
  change: 'first',
  tables: { memory: { train: 10, test: 5 } },
  sizeBytes: 7,
  privacy: { anonymized: true, k: 5 },
  keyFingerprint: null,
} as unknown as PublishReport;

describe('watchPublication()', () => {
  const what = { dataset: 'history', target: '/to' };

  it('tells how far it is while it runs, and what became of it', async () => {
    await using home = await createTestHome();
    await watchPublication(home, what, async (note) => {
      await until(async () => {
        note({ step: 'write', done: 3, total: 10 });
        const [running] = await readPublications(home);
        return running?.state === 'running' && running.progress?.done === 3;
      }, 'the progress was told');
      return report;
    });
    const failing = watchPublication(home, { ...what, target: '/none' }, () =>
      Promise.reject(new Error('no room')),
    );
    await expect(failing).rejects.toThrow('no room');
    const all = await readPublications(home);
    expect(all).toMatchObject([
      { target: '/none', state: 'failed', error: 'no room', result: null },
      {
        target: '/to',
        state: 'done',
        result: { name: 'd', version: '1.0.0', rows: 15, isAnonymized: true, k: 5, isSigned: false },
      },
    ]);
  });

  it('makes no home where there is none, and is not kept from publishing by one that cannot be written', async () => {
    await using home = await createTestHome();
    const absent = { ...home, root: join(home.root, 'absent') };
    expect(await watchPublication(absent, what, async () => report)).toBe(report);
    expect(existsSync(absent.root)).toBe(false);
    writeFileSync(join(home.root, 'publications'), '');
    expect(await watchPublication(home, what, async () => report)).toBe(report);
    expect(await readPublications(home)).toEqual([]);
  });
});

describe('readPublications()', () => {
  it('says that one has failed whose process is gone, and takes no notice of other files', async () => {
    await using home = await createTestHome();
    await watchPublication(home, { dataset: 'a', target: '/a' }, async () => report);
    const folder = join(home.root, 'publications');
    const [done] = await readPublications(home);
    const crashed: LoggedPublication = {
      ...done!,
      id: 'b',
      startedMs: done!.startedMs + 1,
      state: 'running',
      startTicks: 1,
    };
    writeFileSync(join(folder, `${crashed.startedMs}-b.json`), JSON.stringify(crashed));
    writeFileSync(join(folder, '9999999999999-c.json'), '{"id":');
    writeFileSync(join(folder, '9999999999998-d.json'), 'null');
    writeFileSync(
      join(folder, '9999999999997-e.json'),
      JSON.stringify({ ...done, error: 'x'.repeat(100_000) }),
    );
    mkdirSync(join(folder, '9999999999996-f.json'));
    expect((await readPublications(home)).map(({ id, state, error }) => [id, state, error])).toEqual([
      ['b', 'failed', 'its process ended before it was done'],
      [done!.id, 'done', null],
    ]);
  });
});

describe('readExports()', () => {
  it('has exports of the daemon, of the command line and what failed, over restarts', async () => {
    await using home = await createTestHome();
    const job = { type: 'recent', hours: 1, path: 'a.csv', config: {} } as const;
    const result = {} as ExportResult;
    await watchExport(
      home,
      job,
      () => {},
      async () => result,
    );
    const failing = watchExport(
      home,
      { ...job, path: '-', config: { anonymize: false } },
      () => {},
      () => Promise.reject(new Error('no room')),
    );
    await expect(failing).rejects.toThrow('no room');
    expect(await readExports(home)).toMatchObject([
      { path: '-', isAnonymized: false, state: 'failed', error: 'no room' },
      { path: join(process.cwd(), 'a.csv'), isAnonymized: true, state: 'done', type: 'recent' },
    ]);
  });
});

describe('export', () => {
  it('of the command line is among the exports of the page', async () => {
    await using page = await openTestPage();
    await until(() => page.host.history.stats().kinds['memory']!.rows > 20, 'there is something to export');
    await page.host.history.flush();
    const { home } = page.host;
    const path = join(home.root, 'out.csv');
    const args = ['export', '--hours', '1', '--format', 'csv', '--output', path];
    expect(await runCommand(home, args)).toMatchObject({ code: 0 });
    const [noted] = await page.api<LoggedExport[]>('/api/exports');
    expect(noted).toMatchObject({ path, type: 'recent', isAnonymized: true, state: 'done', error: null });
    expect(noted!.pid).not.toBe(process.pid);
  });
});

describe('publish', () => {
  it('is among the publications of the page, with what was published', async () => {
    await using page = await openTestPage();
    await until(() => page.host.history.stats().kinds['memory']!.rows > 20, 'there is something to publish');
    await page.host.history.flush();
    const { home } = page.host;
    const target = join(home.root, 'public');
    const failed = await runCommand(home, ['publish', join(home.root, 'nothing'), '--target', target]);
    expect(failed.code).toBe(1);
    const [publication] = await page.api<LoggedPublication[]>('/api/publications');
    expect(publication).toMatchObject({ state: 'failed', target, error: expect.stringContaining('nothing') });
    // No secret of its own in what is kept: mode 0600.
    const [name] = readdirSync(join(home.root, 'publications'));
    expect(statSync(join(home.root, 'publications', name!)).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(home.root, 'publications', name!), 'utf8')).not.toContain(page.token);
  });
});
