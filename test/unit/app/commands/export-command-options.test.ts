import { describe, expect, it } from 'vitest';
import { assertCombination, buildExportJob } from '../../../../src/app/commands/export-command-options.ts';

describe('assertCombination()', () => {
  it('takes the command lines of the export document', () => {
    const given = { anonymize: true };
    assertCombination({ ...given, format: 'csv', hours: 24, output: 'data.csv' });
    assertCombination({ ...given, training: true, split: 0.8, output: 'training/' });
    assertCombination({ ...given, stream: true, port: 9999, format: 'jsonlines' });
    assertCombination({ ...given, format: 'parquet', output: 'anon_data.parquet' });
  });

  it('names every option that does not belong together', () => {
    const check = (): unknown =>
      assertCombination({
        anonymize: true,
        hours: 1,
        from: '-2h',
        split: 0.8,
        includeProcesses: true,
        port: 1,
      });
    expect(check).toThrow(
      '--split needs --training; --port needs --stream; --output is missing; --hours excludes --from and --to',
    );
    expect(() => assertCombination({ anonymize: true, training: true, stream: true, k: 3 })).toThrow(
      /exclude each other.*--k is not for --training/,
    );
  });
});

describe('buildExportJob()', () => {
  it('keeps relative ranges as they were written', () => {
    const job = buildExportJob({ anonymize: true, output: 'a.csv', from: '-2h' });
    expect(job).toMatchObject({ type: 'range', start: '-2h', end: undefined, path: 'a.csv' });
    expect(buildExportJob({ anonymize: true, output: 'a.csv', hours: 3 })).toMatchObject({
      type: 'recent',
      hours: 3,
    });
  });

  it('takes all and document as words, everything else as names', () => {
    const columns = (names: string[]): unknown =>
      (buildExportJob({ anonymize: true, output: 'a.csv', columns: names }).config as { columns: unknown })
        .columns;
    expect(columns(['document'])).toBe('document');
    expect(columns(['timestamp', 'all'])).toEqual(['timestamp', 'all']);
  });
});
