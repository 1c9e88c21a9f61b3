import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeJob, parseTrainerMessage } from '../../../src/train/trainer-messages.ts';

it('parseTrainerMessage() reads a progress line', () => {
  const line = '{"type":"progress","stage":"fit","fraction":0.2,"message":"fitting"}';
  expect(parseTrainerMessage(line)).toEqual({
    type: 'progress',
    stage: 'fit',
    fraction: 0.2,
    message: 'fitting',
  });
});

it('parseTrainerMessage() gives null for empty, cut, foreign and unknown lines', () => {
  for (const line of ['', '{"type":"resu', 'null', '3', '"ready"', '{"type":"sing"}', '{}', 'Warning: x']) {
    expect(parseTrainerMessage(line)).toBeNull();
  }
});

it('parseTrainerMessage() never throws, whatever a process writes', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
      parseTrainerMessage(line);
    }),
  );
});

it('encodeJob() is one line of JSON that leaves out what is not given', () => {
  const line = encodeJob({ name: 'm', estimator: 'a\nb', sampleWeight: null }, '/run/bridge.json');
  expect(line.trimEnd()).not.toContain('\n');
  expect(JSON.parse(line)).toEqual({
    name: 'm',
    estimator: 'a\nb',
    sampleWeight: null,
    bridgeFile: '/run/bridge.json',
  });
});
