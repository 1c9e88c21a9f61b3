// The notebooks, run from their first cell to their last by nbclient, a peer that knows nothing of this
// kernel, and judged by what their cells then hold.
import { afterAll, describe, expect, it } from 'vitest';
import { createNotebookRunner } from '../support/notebooks.ts';

const runner = createNotebookRunner();
afterAll(() => runner[Symbol.dispose]());

/** The one number that a pattern's group finds. */
function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`${pattern} is not in: ${text}`);
  return Number(found.replaceAll(',', ''));
}

describe('notebooks', () => {
  it('05 carries a DataFrame, arrays, a plot and an exception between TypeScript and Python', async () => {
    const run = await runner.run('05-typescript-and-python.ipynb');
    expect(run.shown('heap')[0]).toMatch(/^DataFrame: 400 rows × 3 columns\n +ms +heap_mb +rss_mb/);
    const collections = numberIn(run.stdout('drops-in-python'), /^(\d+) collections in/);
    expect(collections).toBeGreaterThan(0);
    expect(run.shown('drops')[0]).toContain(`DataFrame: ${collections} rows × 3 columns`);
    expect(run.shown('drops-in-python').join('\n')).toMatch(
      /→ Python: heap \(DataFrame → polars.DataFrame\) 400 rows.*← Python: drops \(polars.DataFrame → DataFrame\)/s,
    );
    const [plot] = run.shown('plot', 'image/png');
    expect(Buffer.from(String(plot), 'base64').subarray(1, 4).toString()).toBe('PNG');
    expect(run.shown('spectrum').join('\n')).toContain('numpy.ndarray float64 → Float64Array) 1000001');
    expect(run.stdout('periods')).toContain('strongest periods: 314.2 and 44.0 samples');
    const error = run.error('exception');
    expect(error).toMatchObject({ ename: 'ZeroDivisionError', evalue: 'division by zero' });
    expect(error.traceback).toContain('return part / whole');
    expect(run.stdout('kept')).toBe(
      'Python still knows drops, heap, power, share, signal\nTypeScript still knows 400 samples\n',
    );
    expect(run.stderr).toBe('');
  }, 90_000);

  it('06 shows in this kernel what it shows in tslab itself', async () => {
    const name = '06-tslab-notebook.ipynb';
    const [ours, theirs] = [await runner.run(name), await runner.run(name, 'tslab')];
    for (const cell of ['shapes', 'answer', 'answer-again']) {
      expect(ours.stdout(cell)).toBe(theirs.stdout(cell));
      expect(ours.stdout(cell)).not.toBe('');
    }
    const shown = {
      html: 'text/html',
      markdown: 'text/markdown',
      latex: 'text/latex',
      svg: 'image/svg+xml',
      png: 'image/png',
      progress: 'text/html',
    };
    for (const [cell, mime] of Object.entries(shown)) {
      expect(ours.shown(cell, mime)).toEqual(theirs.shown(cell, mime));
      expect(ours.shown(cell, mime)).toHaveLength(1);
    }
    // tslab prints the last value of a cell, here it is the cell's result.
    expect(ours.shown('squares')).toEqual([theirs.stdout('squares').trimEnd()]);
    expect(ours.stdout('versions')).toContain("tslab: '1.0.22'");
    expect(ours.stderr).toBe('');
  }, 90_000);
});
