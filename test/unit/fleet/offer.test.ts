// Offers of models: who is a canary, what their reports come to, and what is no offer.
import { describe, expect, it } from 'vitest';
import { isCanary, judgeCanaries, parseOffer, parseReport } from '../../../src/fleet/deploy/offer.ts';
import type { ModelOffer, ReportState } from '../../../src/fleet/deploy/offer.ts';

const offer: ModelOffer = {
  id: 'a1',
  name: 'memopt',
  version: '1',
  stage: 'canary',
  canaryShare: 0.1,
  files: [{ name: 'model.onnx', sha256: '0'.repeat(64), sizeBytes: 10 }],
};

describe('isCanary()', () => {
  it('draws about the share of the hosts, others for another offer, and always the same for one', () => {
    const hosts = Array.from({ length: 2000 }, (_, i) => `host-${i}`);
    const drawn = (id: string): string[] => hosts.filter((host) => isCanary({ id, canaryShare: 0.1 }, host));
    expect(drawn('one').length).toBeGreaterThan(140);
    expect(drawn('one').length).toBeLessThan(260);
    expect(drawn('one')).toEqual(drawn('one'));
    expect(drawn('one')).not.toEqual(drawn('two'));
    expect(hosts.every((host) => isCanary({ id: 'all', canaryShare: 1 }, host))).toBe(true);
  });
});

describe('judgeCanaries()', () => {
  const report = (state: ReportState, host = 'h') => ({ offer: 'a1', host, state, reason: 'why' });

  it('is good when nobody went back, and says how many run it', () => {
    expect(judgeCanaries([report('live'), report('candidate')])).toEqual({
      isGood: true,
      reason: '1 of 2 canaries run it, none went back',
    });
  });

  it.each(['refused', 'rolled-back'] as const)('is bad when one is %s, and says which and why', (state) => {
    expect(judgeCanaries([report('live'), report(state, 'sick')])).toEqual({
      isGood: false,
      reason: `1 of 2 canaries: sick ${state}: why`,
    });
  });

  it('is bad when nobody looked', () => {
    expect(judgeCanaries([])).toMatchObject({ isGood: false });
  });
});

describe('parseOffer()', () => {
  it('takes what an offer is', () => {
    expect(parseOffer(JSON.stringify(offer))).toEqual(offer);
  });

  it.each([
    ['no JSON', '{'],
    ['null', 'null'],
    ['a path as a name', JSON.stringify({ ...offer, name: '../memopt' })],
    ['a stage that is none', JSON.stringify({ ...offer, stage: 'now' })],
    ['a share above 1', JSON.stringify({ ...offer, canaryShare: 2 })],
    ['no files', JSON.stringify({ ...offer, files: {} })],
    ['another file', JSON.stringify({ ...offer, files: [{ ...offer.files[0], name: 'run.sh' }] })],
    ['a hash that is none', JSON.stringify({ ...offer, files: [{ ...offer.files[0], sha256: 'x' }] })],
    ['one file twice', JSON.stringify({ ...offer, files: [offer.files[0], offer.files[0]] })],
  ])('gives null for %s', (_, text) => {
    expect(parseOffer(text)).toBe(null);
  });
});

describe('parseReport()', () => {
  it('gives null for what is no report', () => {
    expect(parseReport('{}')).toBe(null);
    expect(parseReport('no')).toBe(null);
  });
});
