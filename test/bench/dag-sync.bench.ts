// Pattern sync: a bundle of 100 patterns, its bytes and what each step takes, beside plain JavaScript (noble); and what is left
// of patterns and votes behind the noise, by epsilon and number of hosts.
import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js';
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js';
import { createHostKeys } from '../../src/steer/sync/host-keys.ts';
import { decryptBundle, verifyBundle } from '../../src/steer/sync/open-bundle.ts';
import { decodePayload, encodePayload } from '../../src/steer/sync/payload.ts';
import { privatise, resolvePrivacy } from '../../src/steer/sync/privacy.ts';
import type { PrivacyOptions } from '../../src/steer/sync/privacy.ts';
import { createRandomIntegers } from '../../src/steer/sync/random-bits.ts';
import { encryptBundle, signBundle } from '../../src/steer/sync/seal-bundle.ts';
import type { LocalPattern, SharedPattern } from '../../src/steer/sync/pattern.ts';
import { createNormal } from '../support/dag/plans.ts';
import { createRandom } from '../support/random.ts';
import type { BenchCase, BenchTopic } from './harness.ts';

const PATTERNS = 100;
const DIMS = 256;
const ARMS = ['default', 'no_nestloop', 'no_indexscan', 'no_hashjoin', 'no_bitmapscan', 'no_mergejoin'];
const REPEATS = 20;

const normal = createNormal(createRandom(1));
const random = createRandomIntegers();
const unitVector = (): number[] => {
  const values = Array.from({ length: DIMS }, normal);
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
};
const keyOf = (i: number): string => i.toString(16).padStart(32, '0');
const patternsOf: Record<string, () => LocalPattern[]> = {
  votes: () =>
    Array.from({ length: PATTERNS }, (_, i) => ({
      kind: 'vote',
      key: keyOf(i),
      arms: ARMS,
      arm: ARMS[i % 6]!,
    })),
  'vectors of 256': () =>
    Array.from({ length: PATTERNS }, (_, i) => ({ kind: 'vector', key: keyOf(i), values: unitVector() })),
};

/** Mean time of a call. */
function timeOf(act: () => unknown): Promise<number> {
  const started = performance.now();
  for (let i = 0; i < REPEATS; i++) act();
  return Promise.resolve((performance.now() - started) / REPEATS);
}

function* bundleCases(kind: string): Iterable<BenchCase> {
  const [sender, recipient] = [createHostKeys(), createHostKeys()];
  const local = patternsOf[kind]!();
  const settings = resolvePrivacy();
  const hide = (): SharedPattern[] => local.map((pattern) => privatise(pattern, settings, random));
  const payload = encodePayload({ privacy: { epsilonPerVote: 1, epsilonPerVector: 1 }, patterns: hide() });
  const content = { sender, recipient: recipient.card, sequence: 1, createdMs: 1, payload };
  const unsigned = encryptBundle(content);
  const bundle = signBundle(unsigned, sender);
  const [theirKem, theirDsa] = [ml_kem768.keygen(), ml_dsa65.keygen()];
  const { cipherText } = ml_kem768.encapsulate(theirKem.publicKey);
  const theirSignature = ml_dsa65.sign(unsigned, theirDsa.secretKey);
  const size: BenchCase = {
    bench: 'dag.sync',
    case: `${PATTERNS} ${kind}: bundle`,
    unit: 'bytes',
    better: 'lower',
    anchorName: 'none; 5849 of them are header, ciphertext of the key, tag and signature',
    ours: () => Promise.resolve(bundle.length),
    anchor: null,
    runs: 1,
    warmup: false,
  };
  const step = (
    name: string,
    ours: () => unknown,
    anchorName: string,
    anchor: (() => unknown) | null,
  ): BenchCase => ({
    bench: 'dag.sync',
    case: `${PATTERNS} ${kind}: ${name}`,
    unit: 'ms',
    better: 'lower',
    anchorName,
    ours: () => timeOf(ours),
    anchor: anchor && (() => timeOf(anchor)),
  });
  yield size;
  yield step('hide', hide, 'none', null);
  yield step(
    'sign',
    () => signBundle(unsigned, sender),
    'noble, ML-DSA-65',
    () => ml_dsa65.sign(unsigned, theirDsa.secretKey),
  );
  yield step(
    'seal',
    () => encryptBundle(content),
    'noble, ML-KEM-768 alone',
    () => ml_kem768.encapsulate(theirKem.publicKey),
  );
  yield step(
    'verify',
    () => verifyBundle(bundle, sender.card, recipient.card),
    'noble, ML-DSA-65',
    () => ml_dsa65.verify(theirSignature, unsigned, theirDsa.publicKey),
  );
  yield step(
    'open',
    () => decodePayload(decryptBundle(bundle, recipient), 'bench'),
    'noble, ML-KEM-768 alone',
    () => ml_kem768.decapsulate(cipherText, theirKem.secretKey),
  );
}

/** Cosine of the mean over hosts of a noisy unit vector with the vector. */
function measureCosine(hosts: number, options: PrivacyOptions): number {
  const settings = resolvePrivacy(options);
  const values = unitVector();
  const clip =
    options.vectorNoise === 'laplace' ? values.reduce((sum, value) => sum + Math.abs(value), 0) : 1;
  const sum = new Float64Array(DIMS);
  for (let host = 0; host < hosts; host++) {
    const shared = privatise({ kind: 'vector', key: 'v', values }, settings && { ...settings, clip }, random);
    if (shared.kind !== 'vector') throw new Error('a vote came of a vector');
    shared.values.forEach((value, i) => (sum[i]! += value * shared.step));
  }
  const product = sum.reduce((total, value, i) => total + value * values[i]!, 0);
  return product / Math.hypot(...sum);
}

function cosineCase(epsilon: number, hosts: number): BenchCase {
  const shared = { epsilonPerVector: epsilon, deltaPerVector: 1e-5 } as const;
  return {
    bench: 'dag.sync',
    case: `cosine of a vector of ${DIMS}, epsilon ${epsilon}, ${hosts} hosts`,
    unit: 'cosine',
    better: 'higher',
    anchorName: 'Laplace noise; ours is Gaussian, delta 1e-5',
    ours: () => Promise.resolve(measureCosine(hosts, shared)),
    anchor: () => Promise.resolve(measureCosine(hosts, { ...shared, vectorNoise: 'laplace' })),
    runs: hosts >= 1000 ? 1 : 5,
    warmup: false,
  };
}

/** Share of templates whose favourite is still found, where three of four hosts have it and the others have another one. */
function measureVotes(hosts: number, epsilon: number | null): number {
  const templates = 200;
  const settings = epsilon === null ? null : resolvePrivacy({ epsilonPerVote: epsilon });
  let found = 0;
  for (let t = 0; t < templates; t++) {
    const sums = ARMS.map(() => 0);
    for (let host = 0; host < hosts; host++) {
      const arm = ARMS[host % 4 === 3 ? (t + 1) % 6 : t % 6]!;
      const shared = privatise({ kind: 'vote', key: 'k', arms: ARMS, arm }, settings, random);
      if (shared.kind !== 'vote') throw new Error('a vector came of a vote');
      shared.counts.forEach((count, i) => (sums[i]! += count));
    }
    if (sums.indexOf(Math.max(...sums)) === t % 6) found++;
  }
  return found / templates;
}

function voteCase(epsilon: number, hosts: number): BenchCase {
  return {
    bench: 'dag.sync',
    case: `votes on 6 arms, epsilon ${epsilon}, ${hosts} hosts: favourite found`,
    unit: 'share',
    better: 'higher',
    anchorName: 'guessing',
    ours: () => Promise.resolve(measureVotes(hosts, epsilon)),
    anchor: () => Promise.resolve(1 / ARMS.length),
    runs: 1,
    warmup: false,
  };
}

async function* cases(): AsyncIterable<BenchCase> {
  for (const kind of Object.keys(patternsOf)) yield* bundleCases(kind);
  for (const epsilon of [0.1, 1, 8])
    for (const hosts of [1, 10, 100, 1000]) {
      yield cosineCase(epsilon, hosts);
      yield voteCase(epsilon, hosts);
    }
}

export const topics: readonly BenchTopic[] = [{ name: 'dag.sync', cases }];
