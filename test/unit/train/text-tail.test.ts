import { expect, it } from 'vitest';
import { TextTail } from '../../../src/train/text-tail.ts';

it('TextTail keeps everything while it fits', () => {
  const tail = new TextTail(10);
  tail.write('abc');
  tail.write('def');
  expect(String(tail)).toBe('abcdef');
});

it('TextTail keeps the end and says that something was dropped', () => {
  const tail = new TextTail(4);
  tail.write('abcdef');
  tail.write('g');
  expect(String(tail)).toBe('…defg');
});
