import * as fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { findNearNames } from '../../../src/optimize/near-names.ts';
import { createTargetResolver } from '../../../src/optimize/target-resolver.ts';
import type { TargetSpec } from '../../../src/optimize/index.ts';
import { buildStat } from '../../support/optimize/optimize-host.ts';

/** Resolves on a host with processes of these names, from pid 10 on. */
async function resolveOn(
  names: readonly string[],
  spec: TargetSpec,
  nowMs: () => number = () => 0,
  comms: Readonly<Record<string, { comm: string }>> = {},
) {
  const listPids = vi.fn(() => Promise.resolve([1, ...names.map((_, i) => 10 + i)]));
  const readers = {
    listPids,
    readStat: (pid: number) =>
      Promise.resolve(
        pid === 1
          ? buildStat(1, { name: 'init' })
          : pid - 10 < names.length
            ? { ...buildStat(pid, { name: names[pid - 10]! }), ...comms[names[pid - 10]!] }
            : null,
      ),
    readUid: () => Promise.resolve(1000),
    readCgroup: (path: string) =>
      Promise.resolve(/\/(gone|v1|empty)$/.test(path) ? null : { currentBytes: 1, psiSomeUs: 0 }),
    listMembers: (path: string) =>
      Promise.resolve(path.endsWith('/v1') ? [10, 11, 999, 77] : path.endsWith('/empty') ? [] : null),
  };
  const resolver = await createTargetResolver({ spec, readers, nowMs, ownPid: 999, ownUid: 1000 });
  return { listPids, resolver, ...(await resolver.resolve()) };
}

describe('createTargetResolver().resolve()', () => {
  it('says that a name matches nothing and suggests near ones', async () => {
    const { targets, refusals } = await resolveOn(['redis-server', 'postgres', 'node'], {
      names: ['redis-servr'],
    });
    expect(targets).toEqual([]);
    expect(refusals).toEqual([
      {
        rule: 'no-target',
        target: 'redis-servr',
        reason: 'no process has this name; did you mean "redis-server"?',
      },
    ]);
  });

  it('says that the kernel cuts names to 15 bytes', async () => {
    const { refusals } = await resolveOn(['chromium-browse'], { names: ['chromium-browser'] });
    expect(refusals[0]!.reason).toBe(
      'no process has this name, and the kernel cuts names to 15 bytes; did you mean "chromium-browse"?',
    );
  });

  it('says where names come from when nothing is near', async () => {
    const { refusals } = await resolveOn(['postgres'], { names: ['zzzzzz'] });
    expect(refusals[0]!.reason).toContain('`ps -o comm`');
  });

  it.each(['node', 'MainThread'])(
    'finds a process that is known as node and MainThread as %s',
    async (name) => {
      const given = await resolveOn(['node', 'redis'], { names: [name] }, () => 0, {
        node: { comm: 'MainThread' },
      });
      expect(given.refusals).toEqual([]);
      expect(given.targets.map(({ target }) => target)).toMatchObject([{ pid: 10, name: 'node' }]);
    },
  );

  it('takes the processes of a cgroup that is none of v2, each once, and never itself', async () => {
    const { targets, refusals } = await resolveOn(['redis', 'node'], {
      names: ['node'],
      cgroups: ['/c/v1', '/c/v2'],
    });
    const seen = targets.map(({ target }) => (target.kind === 'process' ? target.name : target));
    expect(seen).toEqual(['node', 'redis', { kind: 'cgroup', path: '/c/v2' }]);
    expect(refusals).toEqual([]);
  });

  it.each([
    ['/c/empty', 'no process is in it'],
    ['/c/gone', 'there is no cgroup in this folder; `systemd-cgls` lists them'],
  ])('says of the cgroup %s that %s', async (path, reason) => {
    const { targets, refusals } = await resolveOn(['redis'], { cgroups: [path] });
    expect(targets).toEqual([]);
    expect(refusals).toEqual([{ rule: 'no-target', target: `cgroup ${path}`, reason }]);
  });

  it('names the one that is missing beside one that is there', async () => {
    const { targets, refusals } = await resolveOn(['node', 'redis'], { names: ['node', 'nod'] });
    expect(targets.map(({ target }) => target.kind === 'process' && target.name)).toEqual(['node']);
    expect(refusals.map(({ target }) => target)).toEqual(['nod']);
  });

  it('takes every process of a name, and no other', async () => {
    const { targets } = await resolveOn(['a', 'node', 'b', 'node'], { names: ['node'] });
    expect(targets.map(({ target }) => target.kind === 'process' && target.pid)).toEqual([11, 13]);
  });

  it('never searches processes when none is named, and names nobody then', async () => {
    const { listPids, targets, refusals } = await resolveOn(['node'], {});
    expect([targets, refusals]).toEqual([[], []]);
    expect(listPids).not.toHaveBeenCalled();
  });

  it('searches again only after a while', async () => {
    let nowMs = 0;
    const { listPids, resolver } = await resolveOn(['node'], { names: ['node'] }, () => nowMs);
    await resolver.resolve();
    expect(listPids).toHaveBeenCalledTimes(1);
    nowMs = 5000;
    await resolver.resolve();
    expect(listPids).toHaveBeenCalledTimes(2);
  });
});

describe('findNearNames()', () => {
  const names = [
    'redis-server',
    'redis-sentinel',
    'postgres',
    'python3',
    'node',
    'nginx',
    'java',
    'MainThread',
  ];

  it.each([
    ['another case', 'PostgreS', ['postgres']],
    ['a missing letter', 'postgre', ['postgres']],
    ['two letters swapped', 'pyhton3', ['python3']],
    ['its path', '/usr/bin/python3', ['python3']],
    ['the beginning alone', 'redis', ['redis-sentinel', 'redis-server']],
    ['more behind it', 'node-24', ['node']],
    ['a version in front', 'python', ['python3']],
    ['nothing near', 'qqqqqqqq', []],
    ['nothing', '', []],
  ])('finds %s', (_what, name, expected) => {
    expect(findNearNames(name, names)).toEqual(expected);
  });

  it('gives three at most, each of them a name that there is', () => {
    const word = fc.string({ minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(word, fc.array(word, { maxLength: 30 }), (name, others) => {
        const near = findNearNames(name, others);
        return near.length <= 3 && near.every((other) => others.includes(other));
      }),
    );
  });
});
