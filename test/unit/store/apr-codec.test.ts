import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRuvectorError } from '../../../src/core/index.ts';
import { decodeApr, encodeApr } from '../../../src/store/apr/apr-file.ts';
import {
  JOURNAL_HEAD_BYTES,
  decodeJournal,
  encodeJournalHead,
  encodeSampleFrames,
  encodeTrainedFrame,
} from '../../../src/store/apr/apr-journal.ts';
import { float32Text } from '../../../src/store/apr/float32-text.ts';
import { fitJournal } from '../../../src/store/apr/read-samples.ts';
import { checkSample, parseSamples } from '../../../src/store/apr/sample-json.ts';
import type { TrainingSample } from '../../../src/core/index.ts';
import { arbitrarySample, numberedSample, numbersOf } from '../../support/store/samples.ts';

const golden = join(import.meta.dirname, '../../golden/apr2');
const bytesOf = (samples: Iterable<TrainingSample>): Buffer => Buffer.concat(encodeApr(samples).pieces);
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'no error';
  } catch (error) {
    return isRuvectorError(error) ? error.code : String(error);
  }
};

describe('float32Text()', () => {
  it('writes numbers as serde_json does for f32', () => {
    const texts: [number, string][] = [
      [12, '12.0'],
      [0.1, '0.1'],
      [-0, '-0.0'],
      [1e-5, '0.00001'],
      [1e-6, '0.000001'],
      [1e-7, '1e-7'],
      [5e12, '5000000000000.0'],
      [1e13, '1e13'],
      [2 ** -12, '0.00024414062'],
      [2 ** -149, '1e-45'],
    ];
    for (const [value, text] of texts) expect(float32Text(value)).toBe(text);
  });

  it('writes at most nine digits that read back as the same float32 for any float32', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const text = float32Text(value);
        expect(Math.fround(Number(text))).toBe(value);
        expect(
          text
            .split('e')[0]!
            .replace(/\D/g, '')
            .replace(/^0+|0+$/g, '').length,
        ).toBeLessThanOrEqual(9);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('golden APR2 files', () => {
  for (const name of readdirSync(golden).filter((file) => file.endsWith('.apr'))) {
    it(`encodeApr() gives the bytes of ${name} and decodeApr() its samples`, () => {
      const bytes = readFileSync(join(golden, name));
      const samples = parseSamples(readFileSync(join(golden, name.replace('.apr', '.json')), 'utf8'));
      expect(bytesOf(samples).equals(bytes)).toBe(true);
      expect(decodeApr(bytes).samples).toEqual(samples);
    });
  }
});

describe('decodeApr()', () => {
  const whole = bytesOf([0, 1, 2].map(numberedSample));
  const withJson = (json: string): Buffer => {
    const body = Buffer.from(json);
    const file = Buffer.concat([Buffer.from('APR2'), Buffer.alloc(4), body, Buffer.alloc(4)]);
    file.writeUInt32LE(body.length, 4);
    file.writeUInt32LE(crc32(body), 8 + body.length);
    return file;
  };

  it('gives back any samples that were encoded', () => {
    fc.assert(
      fc.property(fc.array(arbitrarySample, { maxLength: 20 }), (samples) => {
        expect(decodeApr(bytesOf(samples)).samples).toEqual(samples);
      }),
    );
  });

  it('encodes more samples than one piece holds', () => {
    const many = Array.from({ length: 2500 }, (_, i) => numberedSample(i));
    expect(numbersOf(decodeApr(bytesOf(many)).samples)).toEqual(numbersOf(many));
  });

  it('says corrupt when the file is cut anywhere', () => {
    for (let length = 0; length < whole.length; length++) {
      expect(codeOf(() => decodeApr(whole.subarray(0, length)))).toBe('ERR_STORE_APR_CORRUPT');
    }
  });

  it('never takes a file with a changed byte for whole', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const mutated = Buffer.from(whole);
        mutated[at]! ^= change;
        const code = codeOf(() => decodeApr(mutated));
        expect(['ERR_STORE_APR_CORRUPT', 'ERR_STORE_APR_VERSION']).toContain(code);
      }),
      { numRuns: 10_000 },
    );
  });

  it('says corrupt when bytes follow the checksum', () => {
    expect(codeOf(() => decodeApr(Buffer.concat([whole, Buffer.alloc(1)])))).toBe('ERR_STORE_APR_CORRUPT');
  });

  it('leaves files of another version to the release that wrote them', () => {
    const next = Buffer.from(whole);
    next.write('APR3');
    expect(codeOf(() => decodeApr(next))).toBe('ERR_STORE_APR_VERSION');
  });

  it('refuses fields it does not know instead of dropping them', () => {
    const sample = { ...numberedSample(1), weight: 2 };
    const inFeatures = { ...numberedSample(1), features: { ...numberedSample(1).features, gpu: 1 } };
    for (const odd of [sample, inFeatures]) {
      expect(codeOf(() => decodeApr(withJson(JSON.stringify([odd]))))).toBe('ERR_STORE_APR_SAMPLE');
    }
    expect(() => checkSample(sample, 7)).toThrow(/sample 7: "weight" is a field this release does not know/);
  });

  it('names the field that a sample lacks or that is out of range', () => {
    const odd = (change: object): unknown => ({
      ...numberedSample(1),
      features: { ...numberedSample(1).features, ...change },
    });
    expect(() => checkSample(odd({ usage_trend: null }))).toThrow(/"usage_trend" is null, wanted a number/);
    expect(() => checkSample(odd({ time_of_day: 256 }))).toThrow(/"time_of_day" is 256/);
    expect(() => checkSample(odd({ usage_percent: 1e39 }))).toThrow(/finite 32-bit float/);
    expect(() => checkSample({ ...numberedSample(1), label: 'Maybe' })).toThrow(/"label" is "Maybe"/);
    expect(codeOf(() => decodeApr(withJson('{}')))).toBe('ERR_STORE_APR_JSON');
  });
});

describe('encodeApr()', () => {
  it('refuses more JSON than the length can express before anything is written', () => {
    const samples = [1, 2, 3].map(numberedSample);
    expect(() => encodeApr(samples, 300)).toThrow(/Cannot hold \d+ bytes of JSON in one APR2 file/);
    expect(codeOf(() => encodeApr(samples, 300))).toBe('ERR_STORE_APR_TOO_LARGE');
  });
});

describe('decodeJournal()', () => {
  const samples = [0, 1, 2, 3, 4].map(numberedSample);
  const head = { baseCount: 3, baseCrc: 0xdeadbeef, sinceTrained: 2 };
  const journal = Buffer.concat([encodeJournalHead(head), encodeSampleFrames(samples)]);

  it('gives head, samples and the count since the last training', () => {
    expect(decodeJournal(journal)).toEqual({
      head,
      samples,
      sinceTrained: 7,
      goodEnd: journal.length,
      isDamaged: false,
    });
    const trained = Buffer.concat([journal, encodeTrainedFrame(), encodeSampleFrames(samples.slice(0, 1))]);
    expect(decodeJournal(trained).sinceTrained).toBe(1);
  });

  it('keeps whole frames and reports no damage when it is cut anywhere behind its head', () => {
    for (let length = JOURNAL_HEAD_BYTES; length < journal.length; length++) {
      const decoded = decodeJournal(journal.subarray(0, length));
      expect(decoded.isDamaged).toBe(false);
      expect(numbersOf(decoded.samples)).toEqual(numbersOf(samples).slice(0, decoded.samples.length));
      expect(decoded.goodEnd).toBeLessThanOrEqual(length);
    }
  });

  it('loses at most the hit sample, and never says nothing, when a byte of the frames is changed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: JOURNAL_HEAD_BYTES, max: journal.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, change) => {
          const mutated = Buffer.from(journal);
          mutated[at]! ^= change;
          const decoded = decodeJournal(mutated);
          const kept = numbersOf(decoded.samples);
          expect(kept.length).toBeGreaterThanOrEqual(samples.length - 1);
          expect(decoded.isDamaged || decoded.goodEnd < journal.length).toBe(true);
        },
      ),
      { numRuns: 3000 },
    );
  });

  it('takes zeros at the end for a torn tail', () => {
    const decoded = decodeJournal(Buffer.concat([journal, Buffer.alloc(500)]));
    expect(decoded).toMatchObject({ goodEnd: journal.length, isDamaged: false });
  });
});

describe('fitJournal()', () => {
  const file = (numbers: number[]): { samples: TrainingSample[]; crc: number } => {
    const samples = numbers.map(numberedSample);
    return { samples, crc: encodeApr(samples).crc };
  };
  const journalOf = (base: ReturnType<typeof file>, numbers: number[]): ReturnType<typeof decodeJournal> =>
    decodeJournal(
      Buffer.concat([
        encodeJournalHead({ baseCount: base.samples.length, baseCrc: base.crc, sinceTrained: 0 }),
        encodeSampleFrames(numbers.map(numberedSample)),
      ]),
    );

  it('tells a journal that goes on from one that was folded and from one of another file', () => {
    const base = file([1, 2]);
    const journal = journalOf(base, [3, 4]);
    expect(fitJournal(base, journal)).toBe('continues');
    expect(fitJournal(file([1, 2, 3, 4]), journal)).toBe('folded');
    expect(fitJournal(file([3, 4]), journal)).toBe('folded');
    expect(fitJournal(file([4]), journal)).toBe('folded');
    expect(fitJournal(file([8, 9]), journal)).toBe('foreign');
    expect(fitJournal(file([]), journal)).toBe('foreign');
  });
});
