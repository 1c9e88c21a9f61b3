// Which calls of the command line get a daemon's heap.
import { describe, expect, it } from 'vitest';
import { missingDaemonFlags } from '../../../../bin/daemon-flags.mjs';

describe('missingDaemonFlags()', () => {
  it.each([
    [['serve']],
    [['--home', '/x', 'serve', '--act']],
    [['--home=/x', 'serve']],
    [['--home', 'train', 'serve']],
  ])('gives flags when %j serves', (args) => expect(missingDaemonFlags(args, []).length).toBeGreaterThan(0));

  it.each([
    [[]],
    [['status']],
    [['train', 'serve']],
    [['--home', 'serve', 'status']],
    [['serve', '--help']],
    [['serve', '--print-unit']],
  ])('gives none when %j does not stay', (args) => expect(missingDaemonFlags(args, [])).toEqual([]));

  it('gives none when the process has them, whatever their value', () => {
    const given = missingDaemonFlags(['serve'], []).map((flag: string) =>
      flag.replace('=1', '=16').replaceAll('-', '_').replace('__', '--'),
    );
    expect(missingDaemonFlags(['serve'], given)).toEqual([]);
  });
});
