// The step debugger judged by others: jupyter_client drives it, ipykernel computes the paths of cells.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashMurmur2 } from '../../../kernel/debugger/murmur2.ts';
import { createJupyter } from '../../support/kernel/jupyter.ts';
import type { TestJupyter } from '../../support/kernel/jupyter.ts';
import { python } from '../../support/python.ts';
import { createPrintedRandom } from '../../support/random.ts';

const support = (name: string): string =>
  fileURLToPath(new URL(`../../support/kernel/${name}`, import.meta.url));
let jupyter: TestJupyter;

beforeAll(async () => {
  jupyter = await createJupyter();
});
afterAll(() => jupyter[Symbol.dispose]());

describe('hashMurmur2()', () => {
  it('gives the hash that ipykernel gives when a text has any length and any characters', () => {
    const random = createPrintedRandom('texts to hash');
    const alphabet = ['a', ' ', '\n', '=', 'ß', 'ж', '€', '😀', '\u0000'];
    const texts = Array.from({ length: 300 }, (_, length) =>
      Array.from({ length: length % 70 }, () => alphabet[Math.floor(random() * alphabet.length)]).join(''),
    );
    const asked = texts.map((text, at) => [
      text,
      at % 3 === 0 ? 0xc7_0f_69_07 : Math.floor(random() * 2 ** 32),
    ]);
    const input = JSON.stringify(asked);
    const answer = execFileSync(python, [support('murmur2-peer.py')], { input, encoding: 'utf8' });
    expect(asked.map(([text, seed]) => hashMurmur2(text as string, seed as number))).toEqual(
      JSON.parse(answer),
    );
  }, 60_000);
});

describe('debug_request', () => {
  it('is answered to jupyter_client as JupyterLab asks', async () => {
    const { code, stdout, stderr } = await jupyter.run([support('kernel-debug.py'), 'ruvector']);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      features: expect.arrayContaining(['debugger']),
      info: {
        isStarted: false,
        hashMethod: 'Murmur2',
        hashSeed: 0xc7_0f_69_07,
        tmpFilePrefix: expect.stringMatching(/\/$/),
        tmpFileSuffix: '.ts',
        breakpoints: [],
        stoppedThreads: [],
        richRendering: true,
        exceptionPaths: ['JavaScript Exceptions'],
        copyToGlobals: true,
      },
      isSamePath: true,
      breakpoints: [expect.objectContaining({ line: 4, verified: true })],
      reason: 'breakpoint',
      line: 4,
      isCell: true,
      variables: { a: '20', größe: '"ä€😀"', b: '21' },
      lineAfter: 5,
      evaluated: '22',
      isChild: true,
      result: expect.stringContaining('22'),
    });
  }, 120_000);
});
