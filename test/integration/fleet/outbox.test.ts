// An outbox on a real disk: what was put in is there at the next opening, under numbers that are never used twice.
import { appendFile, cp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openOutbox } from '../../../src/fleet/publish/outbox.ts';
import type { RowOutbox, WaitingBatch } from '../../../src/fleet/publish/outbox.ts';
import { createFolder } from '../../support/fleet/fleet-hosts.ts';

const budgetBytes = 2 ** 20;

async function put(outbox: RowOutbox, ...texts: readonly string[]): Promise<void> {
  for (const [i, text] of texts.entries()) {
    await outbox.append({ kind: 'memory', rows: 1, lastMs: 1000 + i }, Buffer.from(text));
  }
}

/** Everything that waits, as `sequence text`. */
async function takeAll(outbox: RowOutbox): Promise<{ batches: WaitingBatch[]; texts: string[] }> {
  const [batches, texts]: [WaitingBatch[], string[]] = [[], []];
  for (let batch = outbox.take(); batch; batch = outbox.take()) {
    batches.push(batch);
    texts.push(`${batch.sequence} ${Buffer.from((await outbox.read(batch))!).toString()}`);
  }
  return { batches, texts };
}

const segmentsIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.endsWith('.outbox')).sort();

describe('openOutbox()', () => {
  it('has what was not acknowledged, in order, and goes on numbering where it was', async () => {
    await using folder = await createFolder();
    {
      await using outbox = await openOutbox(folder.path, { budgetBytes });
      await put(outbox, 'a', 'b', 'c');
      outbox.acknowledge(outbox.take()!);
    }
    await using again = await openOutbox(folder.path, { budgetBytes });
    await put(again, 'd');
    const { batches, texts } = await takeAll(again);
    // Acknowledgements are not written: the server knows what it has.
    expect(texts).toEqual(['1 a', '2 b', '3 c', '4 d']);
    expect(new Set(batches.map(({ epoch }) => epoch)).size).toBe(1);
    expect(again.lastMs('memory')).toBe(1002);
    for (const batch of batches) again.acknowledge(batch);
    expect(again.stats.waiting).toEqual({ batches: 0, rows: 0 });
  });

  it('is empty after everything was acknowledged, and still goes on numbering', async () => {
    await using folder = await createFolder();
    {
      await using outbox = await openOutbox(folder.path, { budgetBytes });
      await put(outbox, 'a', 'b');
      for (const batch of (await takeAll(outbox)).batches) outbox.acknowledge(batch);
    }
    expect(await segmentsIn(folder.path)).toHaveLength(1);
    await using again = await openOutbox(folder.path, { budgetBytes });
    await put(again, 'c');
    expect((await takeAll(again)).texts).toEqual(['3 c']);
  });

  it('gives what was taken once more after it was put back, but not what was acknowledged meanwhile', async () => {
    await using folder = await createFolder();
    await using outbox = await openOutbox(folder.path, { budgetBytes });
    await put(outbox, 'a', 'b', 'c');
    const { batches } = await takeAll(outbox);
    outbox.putBack();
    outbox.acknowledge(batches[1]!);
    expect((await takeAll(outbox)).texts).toEqual(['1 a', '3 c']);
  });

  it.each([
    ['a torn tail', (path: string) => appendFile(path, Buffer.alloc(20, 7))],
    ['a head that does not hold', (path: string) => writeFile(path, 'damaged')],
  ])('begins another epoch behind %s, whose numbers may have been used', async (_, damage) => {
    await using folder = await createFolder();
    let epoch: string;
    {
      await using outbox = await openOutbox(folder.path, { budgetBytes });
      await put(outbox, 'a');
      ({ epoch } = outbox.take()!);
    }
    await damage(join(folder.path, (await segmentsIn(folder.path)).at(-1)!));
    await using again = await openOutbox(folder.path, { budgetBytes });
    await put(again, 'b');
    const last = (await takeAll(again)).batches.at(-1)!;
    expect(last.sequence).toBe(1);
    expect(last.epoch).not.toBe(epoch);
  });

  it('begins another epoch in a copy of its folder, whose numbers the first one goes on to use', async () => {
    await using folder = await createFolder();
    const [own, copy] = [join(folder.path, 'own'), join(folder.path, 'copy')];
    {
      await using outbox = await openOutbox(own, { budgetBytes });
      await put(outbox, 'a');
    }
    await cp(own, copy, { recursive: true });
    const newest: WaitingBatch[] = [];
    for (const path of [own, copy]) {
      await using outbox = await openOutbox(path, { budgetBytes });
      await put(outbox, 'b');
      const { batches, texts } = await takeAll(outbox);
      // What waited is the same batch in both: a server and a lake take it once.
      expect(texts[0]).toBe('1 a');
      newest.push(...batches.slice(1));
    }
    expect(newest.map(({ sequence }) => sequence)).toEqual([2, 1]);
    expect(newest[0]!.epoch).not.toBe(newest[1]!.epoch);
  });

  it('stays within its budget, gives up the oldest first, and counts them', async () => {
    await using folder = await createFolder();
    await using outbox = await openOutbox(folder.path, { budgetBytes: 20_000 });
    const texts = Array.from({ length: 60 }, (_, i) => String(i).padEnd(1000, '.'));
    await put(outbox, ...texts);
    const { sizeBytes, waiting, dropped } = outbox.stats;
    expect(sizeBytes).toBeLessThanOrEqual(20_000);
    expect(dropped.batches).toBeGreaterThan(30);
    expect(waiting.batches + dropped.batches).toBe(60);
    expect((await takeAll(outbox)).batches[0]!.sequence).toBe(dropped.batches + 1);
  });
});
