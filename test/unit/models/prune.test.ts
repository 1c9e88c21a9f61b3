import { describe, expect, it } from 'vitest';
import { choosePruned } from '../../../src/models/prune.ts';
import { buildVersion } from '../../../src/models/reference.ts';

const FIRST_MS = Date.UTC(2026, 0, 1);
/** A version added this many minutes after the first one. */
const added = (minutes: number): string => buildVersion(FIRST_MS + minutes * 60_000, 'ab'.repeat(32));
const noAliases = { live: null, previous: null, candidate: null };

describe('choosePruned()', () => {
  it('lets go what was never live before what was, and the older before the newer', () => {
    const versions = [0, 20, 40, 60, 80].map(added);
    const served = [versions[0]!, versions[3]!];
    const state = { aliases: noAliases, served };
    expect(choosePruned(versions, state, new Set(), 2)).toEqual([versions[1], versions[2], versions[0]]);
  });

  it('takes nothing that an alias names or somebody uses', () => {
    const versions = [0, 20, 40, 60].map(added);
    const state = { aliases: { ...noAliases, live: versions[0]! }, served: [versions[0]!] };
    expect(choosePruned(versions, state, new Set([versions[1]!]), 1)).toEqual([versions[2], versions[3]]);
  });

  it('keeps what another process has just added and not made live yet', () => {
    const versions = [0, 1, 2, 3, 4].map(added);
    const [, , , theirs, ours] = versions;
    const state = { aliases: { ...noAliases, live: ours! }, served: versions.filter((v) => v !== theirs) };
    expect(choosePruned(versions, state, new Set(), 3)).toEqual([versions[0], versions[1]]);
  });
});
