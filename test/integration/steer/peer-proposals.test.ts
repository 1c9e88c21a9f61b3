// What a peer found faster, on the way into the steering of this host: sent, tried with its own queries, and settled.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { skewTables, skewTemplates } from '../../../src/app/steer/skewed-shop.ts';
import { steerWorkload } from '../../../src/app/steer/steer-workload.ts';
import { postgresArms, readSteeringState } from '../../../src/steer/index.ts';
import type { TemplateExplanation } from '../../../src/steer/index.ts';
import { templateKey } from '../../../src/steer/sync/index.ts';
import { DirectTransport, createHost, pinEachOther } from '../../support/steer/sync-fixtures.ts';

const names = postgresArms.map(({ name }) => name);

it('openPeerProposals() has an arm tried that a peer proposes, and settles the proposal', async () => {
  await using here = await createHost();
  await using there = await createHost({ privacy: 'off', maturityMs: 0 });
  here.nowMs = there.nowMs = Date.now();
  await pinEachOther(here, there);
  const workload = join(here.folder, 'workload.sql');
  const topK = skewTemplates.find(({ name }) => name === 'dearest of a customer')!.statements;
  writeFileSync(workload, [skewTables(60_000), ...topK].join(';\n'));
  const run = async (
    passes: number,
    syncFolder: string | null,
    stateFile: string,
  ): Promise<TemplateExplanation> => {
    const path = join(here.folder, stateFile);
    const { comparison, status } = await steerWorkload({
      url: null,
      workload,
      passes,
      repetitions: 1,
      stateFile: path,
      syncFolder,
      seed: 1,
      onPass: () => {},
      signal: new AbortController().signal,
    });
    expect(comparison.different).toBe(0);
    return (await readSteeringState(path))!.explain(status.templates[0]!.id);
  };
  const alone = await run(1, null, 'alone.json');
  const arm = Object.keys(alone.costs).find((name) => name !== names[0])!;
  const vote = { kind: 'vote', key: templateKey(alone.id), arms: names, arm, sinceMs: 0 } as const;
  await there.sync.runOnce([vote], [new DirectTransport(here)]);
  const query = { templates: [alone.id], arms: names, defaultArm: names[0]! };
  expect(here.sync.candidates(query).map((candidate) => candidate.arm)).toEqual([arm]);
  const tried = await run(12, here.folder, 'tried.json');
  // Steering has decided on it, with runs of its own, and the proposal is settled.
  const { status, pairs } = tried.policy!.arms.find((each) => each.arm === arm)!;
  expect([status, pairs > 0]).toEqual([expect.stringMatching(/^(?:verified|rejected)$/), true]);
  expect(here.sync.candidates(query)).toEqual([]);
}, 60_000);
