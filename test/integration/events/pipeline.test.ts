// Recordings at both ends of a pipeline.
import { expect, it } from 'vitest';
import { loadEvents, openRecordingSink, openRecordingSource } from '../../../src/events/index.ts';
import {
  buildBlockBatch,
  createArraySource,
  createMemoryBudget,
  runStages,
} from '../../../src/pipeline/index.ts';
import { bytesOf, makeFolder, writeRecording } from '../../support/events/write-recording.ts';

it('openRecordingSource() gives the rows of a recording to a pipeline, and openRecordingSink() writes them', async () => {
  await using folder = await makeFolder();
  const [from, to] = [folder.at('from.raw'), folder.at('to.dat')];
  await writeRecording(from, { events: 5000 }, 'evt3');
  const geometry = { width: 1280, height: 720 };
  await runStages({
    source: await openRecordingSource(from),
    transforms: [],
    budget: createMemoryBudget(64 * 2 ** 20),
    sink: await openRecordingSink(to, { geometry }),
  });
  const [before, after] = [await loadEvents(from), await loadEvents(to)];
  expect(bytesOf(after.columns)).toEqual(bytesOf(before.columns));
});

it('openRecordingSource() goes on behind rows that were read', async () => {
  await using folder = await makeFolder();
  await writeRecording(folder.at('a.raw'), { events: 1000 });
  const source = await openRecordingSource(folder.at('a.raw'));
  await source.seek!(990);
  const batch = await source.nextBatch(100, new AbortController().signal);
  await source.close!();
  const { columns } = await loadEvents(folder.at('a.raw'));
  expect([...(batch!.getChild('x')!.toArray() as Uint16Array)]).toEqual([...columns.x.subarray(990)]);
});

it('openRecordingSink() refuses rows that are no events, and leaves nothing', async () => {
  await using folder = await makeFolder();
  const batch = buildBlockBatch({ t: new BigInt64Array(2), x: new Uint16Array(2), p: new Int8Array(2) });
  const run = runStages({
    source: createArraySource([batch]),
    transforms: [],
    budget: createMemoryBudget(64 * 2 ** 20),
    sink: await openRecordingSink(folder.at('a.csv')),
  });
  await expect(run).rejects.toMatchObject({ code: 'ERR_EVENTS_COLUMN' });
  await expect(loadEvents(folder.at('a.csv'))).rejects.toMatchObject({ code: 'ERR_EVENTS_READ' });
});
