// The product in a cell: `rv` and imports through the kernel, against a real daemon that a cell starts.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openHistory } from '../../../src/store/index.ts';
import { createTestHome, poll } from '../../support/daemon.ts';
import { isChildOf, resultOf, startKernel, streamOf } from '../../support/kernel/kernel-client.ts';
import type { Exchange, KernelClient, Received } from '../../support/kernel/kernel-client.ts';
import { pressuredSnapshots } from '../../support/memory-rows.ts';
import { python } from '../../support/python.ts';
import { isRunning } from '../../support/is-running.ts';
import { until } from '../../support/until.ts';

let home: Awaited<ReturnType<typeof createTestHome>>;
let kernel: KernelClient;
/** A notebook's folder without any package. */
let folder: string;

beforeAll(async () => {
  home = await createTestHome();
  folder = mkdtempSync(join(tmpdir(), 'rvn-'));
  await using history = await openHistory(home.history);
  const rows = pressuredSnapshots(1200, 120, 50);
  const shiftMs = Date.now() - 60_000 - rows.at(-1)!.timestamp;
  history.append(
    'memory',
    rows.map((row) => ({ ...row, timestamp: row.timestamp + shiftMs })),
  );
  kernel = await startKernel({ env: { RUVECTOR_HOME: home.root, RUVECTOR_PYTHON: python } });
  await kernel.execute(`process.chdir(${JSON.stringify(folder)})`);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a cell for its result; its error is the test's. */
async function run(code: string): Promise<Exchange> {
  return answered(await kernel.sendCell(code));
}

async function answered(id: string): Promise<Exchange> {
  const exchange = await kernel.exchange(id, 60_000);
  expect(exchange.reply.content).toMatchObject({ status: 'ok' });
  return exchange;
}

/** Texts of what the cell displayed, in order. */
const displayed = ({ iopub }: Exchange): string[] =>
  iopub
    .filter(({ header }) => /^(update_)?display_data$/.test(header.msg_type))
    .map(({ content }) => (content['data'] as Record<string, string>)['text/plain']!);

it('execute_request loads nothing of the product before a cell says rv', async () => {
  const loaded = `process.report.getReport().sharedObjects.filter((path) => /polars/.test(path)).length`;
  expect(
    resultOf(await run(`[Object.getOwnPropertyDescriptor(globalThis, 'rv').get !== undefined, ${loaded}]`)),
  ).toBe('[ true, 0 ]');
});

it('execute_request imports the product and what it works with, the instance of rv, in a folder without packages', async () => {
  const result = await run(`
    import * as product from "ruvector-memopt";
    import pl from "nodejs-polars";
    import { Table } from "apache-arrow";
    [product.rv === rv, product.collector === rv.collector, typeof pl.DataFrame, typeof Table]`);
  expect(resultOf(result)).toBe("[ true, true, 'function', 'function' ]");
  const missing = await kernel.execute('import { no } from "no-such-package"');
  expect(missing.reply.content['evalue']).toContain(`imported from ${join(folder, 'cell.ts')}`);
});

it('rv.collector starts a daemon at its first call, says so once, and shows progress and a DataFrame', async () => {
  const started = await run('await rv.start({ hz: 20, horizonMs: 1000 }); (await rv.status())!.startedHere');
  expect(resultOf(started)).toBe('true');
  expect(streamOf(started, 'stderr')).toBe('');
  expect(streamOf(started, 'stdout')).toMatch(/^ruvector: started a daemon on .*at 20 Hz.*\n$/);
  const collected = await run('const memory = await rv.collector.collect({ seconds: 1 }); memory');
  const texts = displayed(collected);
  expect(texts[0]).toBe('collecting memory: 0 %');
  expect(texts.length).toBeGreaterThan(2);
  expect(texts.at(-1)).toMatch(/^collecting memory: 100 %, [1-9]\d* rows in \d+\.\d s$/);
  const data = collected.iopub.find(({ header }) => header.msg_type === 'execute_result')!.content['data'];
  expect((data as Record<string, string>)['text/html']).toContain('used_percent');
  expect(streamOf(collected, 'stderr')).toBe('');
});

it('rv.collector keeps its rows when it is interrupted, and the cell goes on', async () => {
  const id = await kernel.sendCell(
    'const kept = await rv.collector.collect({ seconds: 600 }); console.log("went on"); kept.height',
  );
  const hasRows = (message: Received): boolean =>
    isChildOf(message, id) && / [1-9]\d* rows$/.test(textOf(message));
  await kernel.wait(hasRows, 20_000, 'a row');
  await kernel.interrupt();
  const kept = await answered(id);
  expect(Number(resultOf(kept))).toBeGreaterThan(0);
  expect(streamOf(kept)).toBe('went on\n');
  expect(displayed(kept).at(-1)).toMatch(/stopped after \d+\.\d s: [1-9]\d* rows kept$/);
});

const textOf = ({ content }: Received): string =>
  (content['data'] as Record<string, string> | undefined)?.['text/plain'] ?? '';

it('rv.trainer shows its progress, then a report as a picture, and the next decision is the model’s', async () => {
  const trained = await run(`
    await rv.trainer.train({
      estimator: "sklearn.RandomForestClassifier",
      parameters: { n_estimators: 5 },
      dataset: { to: Date.now() - 30_000, blocks: 4 },
      activate: true,
    })`);
  expect(displayed(trained).at(-1)).toMatch(/^training: 100 %, .*live: memopt@/);
  expect(displayed(trained).length).toBeGreaterThan(2);
  const data = trained.iopub.find(({ header }) => header.msg_type === 'execute_result')!.content['data'];
  expect((data as Record<string, string>)['text/html']).toContain('<svg');
  const decided = await run(
    'const { source, modelVersion } = await rv.optimizer.decide(); [source, modelVersion]',
  );
  expect(resultOf(decided)).toMatch(/\[ 'model', 'memopt@/);
});

it('execute_request fails with code and sentence of an error of the daemon', async () => {
  const failed = await kernel.execute('await rv.models.show("memopt@nothing")');
  expect(failed.reply.content).toMatchObject({
    status: 'error',
    evalue: expect.stringContaining('memopt@nothing'),
  });
});

it('rv.trainer cancels a training on the daemon when it is interrupted', async () => {
  const id = await kernel.sendCell('await rv.trainer.train({ parameters: { n_estimators: 20000 } })');
  await kernel.wait((message) => isChildOf(message, id) && message.header.msg_type === 'display_data');
  await sleep(200);
  await kernel.interrupt();
  const { reply } = await kernel.exchange(id, 60_000);
  expect(reply.content).toMatchObject({ status: 'error', evalue: expect.stringContaining('interrupted') });
  await poll(
    async () => resultOf(await kernel.execute('(await rv.status()).training.running')),
    (running) => running === 'false',
  );
});

it('rv.collector leaves no daemon when its kernel is killed', async () => {
  const pid = Number(resultOf(await run('(await rv.status()).pid')));
  kernel.process.kill('SIGKILL');
  await until(() => !isRunning(pid), 'the daemon has ended');
});
