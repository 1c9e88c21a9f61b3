// Peers that lie: what they propose is tried by the receiver's own policy, and costs next to nothing.
import { describe, expect, it } from 'vitest';
import { PatternIndex } from '../../../src/dag/index.ts';
import { createPolicyTrials } from '../../../src/steer/sync/index.ts';
import type { PeerPattern } from '../../../src/steer/sync/index.ts';
import { createPolicy } from '../../../src/steer/policy/steering-policy.ts';
import { createPrintedRandom, createRandom } from '../../support/random.ts';
import { DirectTransport, arms, createHost, pin, voteOn } from '../../support/steer/sync-fixtures.ts';
import type { TestHost } from '../../support/steer/sync-fixtures.ts';

const templates = Array.from({ length: 12 }, (_, i) => `t${i}`);
const PARAMETERS = 20;
const PASSES = 40;

/** Time of each arm against the default, by template: for a third of them one arm is faster, all others are slower, some 50 times. */
function createHardness(random: () => number): number[][] {
  return templates.map((_, template) =>
    arms.map((__, arm) => {
      if (arm === 0) return 1;
      return template % 3 === 0 && arm === 1 ? 0.5 : 1.2 + random() * (random() < 0.3 ? 50 : 2);
    }),
  );
}

/** Runs a workload with a policy; `host` may bring proposals. @returns milliseconds of all of it */
async function runWorkload(
  hardness: number[][],
  seed: number,
  host?: TestHost,
  afterPass: (pass: number) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const policy = createPolicy({ arms, defaultArm: 'default', seed: 1 });
  const trials = createPolicyTrials(policy);
  const noise = createRandom(seed);
  let totalMs = 0;
  let nowMs = 0;
  for (let pass = 0; pass < PASSES; pass++) {
    for (const [t, template] of templates.entries())
      for (let p = 0; p < PARAMETERS; p++) {
        const timeOf = (arm: string): number =>
          (10 + p) * hardness[t]![arms.indexOf(arm as 'default')]! * jitter;
        const jitter = 0.95 + 0.1 * noise();
        const choice = policy.choose({ template, parameters: `p${p}`, isReadOnly: true, nowMs: nowMs++ });
        let ms = timeOf(choice.arm);
        const timedOut = choice.timeoutMs !== null && ms > choice.timeoutMs;
        if (timedOut) ms = choice.timeoutMs!;
        policy.observe(choice, { ms, timedOut }, nowMs);
        totalMs += ms;
        if (!timedOut) continue;
        const again = policy.replay(choice);
        policy.observe(again, { ms: timeOf('default'), timedOut: false }, nowMs);
        totalMs += timeOf('default');
      }
    await host?.sync.validate(query, trials);
    await afterPass(pass);
  }
  return totalMs;
}

/** A receiver and its peers; each peer votes as it is told. */
async function surround(hosts: number): Promise<{
  readonly receiver: TestHost;
  readonly send: (favourite: (template: number, peer: number) => string) => Promise<void>;
  readonly peers: readonly TestHost[];
  readonly transport: DirectTransport;
  readonly ending: AsyncDisposable;
}> {
  await using stack = new AsyncDisposableStack();
  const receiver = stack.use(await createHost());
  const transport = new DirectTransport(receiver);
  const peers: TestHost[] = [];
  for (let i = 0; i < hosts; i++) {
    const peer = stack.use(await createHost({ privacy: 'off', resendMs: 0 }));
    await pin(peer, receiver, 'receiver');
    await pin(receiver, peer, `peer-${i}`);
    peers.push(peer);
  }
  const send = async (favourite: (template: number, peer: number) => string): Promise<void> => {
    for (const [i, { sync }] of peers.entries())
      await sync.runOnce(
        templates.map((template, t) => voteOn(template, favourite(t, i))),
        [transport],
      );
  };
  return { receiver, send, peers, transport, ending: stack.move() };
}

const query = { templates, arms, defaultArm: 'default' };

describe('PatternSync.validate()', () => {
  it.each([
    ['one peer', 1, 0],
    ['all of five peers', 5, 0],
    ['five peers that propose other arms again and again', 5, 1],
  ] as const)(
    'lets poisoned proposals of %s slow a workload by less than a twentieth, and mutes who sent them',
    async (who, hosts, turning) => {
      const seed = Math.floor(createPrintedRandom(`poison of ${who}`)() * 1e6);
      const hardness = createHardness(createRandom(seed));
      const alone = await runWorkload(hardness, seed);
      const { receiver, send, ending } = await surround(hosts);
      await using _ = ending;
      // The slowest arms there are; the same ones for all peers, so that none of them is outvoted.
      const slowest = hardness.map((row) =>
        arms.toSorted((x, y) => row[arms.indexOf(y)]! - row[arms.indexOf(x)]!),
      );
      await send((t) => slowest[t]![0]!);
      const poisoned = await runWorkload(hardness, seed, receiver, (pass) =>
        turning > 0 && pass % 8 === 0 ? send((t) => slowest[t]![(pass / 8) % 3]!) : Promise.resolve(),
      );
      process.stdout.write(`${who}: poisoned / alone ${(poisoned / alone).toFixed(4)}\n`);
      expect(poisoned / alone).toBeLessThan(1.05);
      expect(receiver.sync.candidates(query)).toEqual([]);
    },
  );

  it('is not moved by a minority of peers', async () => {
    const { receiver, send, ending } = await surround(5);
    await using _ = ending;
    await send((_t, peer) => (peer < 2 ? arms[3] : arms[1]));
    expect(new Set(receiver.sync.candidates({ ...query, limit: 100 }).map(({ arm }) => arm))).toEqual(
      new Set([arms[1]]),
    );
  });

  it('takes over what honest peers found, once it is verified here', async () => {
    const hardness = createHardness(createRandom(5));
    const { receiver, send, ending } = await surround(1);
    await using _ = ending;
    await send((t) => (t % 3 === 0 ? arms[1] : 'default'));
    expect(receiver.sync.candidates(query)).toHaveLength(4);
    const helped = await runWorkload(hardness, 5, receiver);
    expect(helped).toBeLessThan((await runWorkload(hardness, 5)) * 1.02);
    expect(receiver.sync.candidates(query)).toEqual([]);
  });
});

describe('PatternSync.validatePatterns()', () => {
  it('gives out the trimmed mean of the peers to an index once it was tried, and tries what changes again', async () => {
    const { receiver, peers, transport, ending } = await surround(5);
    await using _ = ending;
    const send = async (liar: readonly number[]): Promise<void> => {
      for (const [i, { sync }] of peers.entries())
        await sync.runOnce(
          [{ kind: 'vector', key: 'sig', values: i === 4 ? liar : [1, i / 10], sinceMs: 0 }],
          [transport],
        );
    };
    await send([1e6, -1e6]);
    const index = new PatternIndex({ dims: 2 });
    let trials = 0;
    const validate = ({ values }: PeerPattern) => {
      trials++;
      return Promise.resolve(Math.abs(values[0]! - 1) < 0.01 ? ('accepted' as const) : ('rejected' as const));
    };
    for (let round = 0; round < 2; round++)
      for (const { key, values } of await receiver.sync.validatePatterns(2, validate)) index.add(key, values);
    // One liar of five is cut off; what is left of the others is the mean of the three in the middle.
    expect(index.search([1, 0.1], 1)).toEqual([{ key: 'sig', distance: expect.closeTo(0, 3) }]);
    expect(trials).toBe(1);
    expect(await receiver.sync.validatePatterns(3, validate)).toEqual([]);
    await send([1e6, 1e6]);
    await receiver.sync.validatePatterns(2, validate);
    expect(trials).toBe(2);
  });
});
