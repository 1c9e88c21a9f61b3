import { expect, test } from 'vitest';
import { parseProblem } from '../../../src/train/find-python.ts';

test('parseProblem() is null when version and packages will do', () => {
  expect(parseProblem('True\n')).toBeNull();
});

test('parseProblem() names every package that is missing', () => {
  expect(parseProblem('True ruvector skl2onnx\n')).toBe('lacks ruvector, skl2onnx');
});

test('parseProblem() asks for a newer Python first', () => {
  expect(parseProblem('False ruvector\n')).toBe('is older than Python 3.10');
});
