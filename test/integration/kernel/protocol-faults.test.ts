// What no client should send: bad signatures, truncated frames, mutated bytes. The notebook kernel drops it
// without an answer and goes on.
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resultOf, startKernel } from '../../support/kernel/kernel-client.ts';
import type { KernelClient } from '../../support/kernel/kernel-client.ts';
import { breakOff, openPeer } from '../../support/app/doors/attack.ts';
import { buildMany } from '../../support/app/doors/zmtp.ts';
import { createRandom } from '../../support/random.ts';

let kernel: KernelClient;
beforeAll(async () => {
  kernel = await startKernel();
  // What the start itself publishes must have arrived before silence is listened for.
  await kernel.execute('0');
  await delay(200);
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
});

/** Sends frames on shell and control and expects silence, then life. */
async function expectSilence(frames: readonly Uint8Array[]): Promise<void> {
  const before = kernel.received.length;
  for (const channel of ['shell', 'control', 'stdin'] as const) await kernel.sendFrames(channel, frames);
  await delay(30);
  expect(kernel.received.slice(before)).toEqual([]);
  expect(resultOf(await kernel.execute('6 * 7'))).toBe('42');
}

const signed = (parts: readonly string[]): Buffer[] => {
  const frames = parts.map((part) => Buffer.from(part));
  return [Buffer.from('<IDS|MSG>'), Buffer.from(kernel.sign(frames)), ...frames];
};

describe('createMessageCodec() at frames that are no message', () => {
  it.each(['', 'f'.repeat(64), 'F'.repeat(64), 'short', 'x'.repeat(1000)])(
    'gives no answer to signature "%s"',
    async (bad) => {
      const { frames } = kernel.encode('kernel_info_request', {});
      await expectSilence([frames[0]!, Buffer.from(bad), ...frames.slice(2)]);
    },
  );

  it('gives no answer to a message signed with another key', async () => {
    const { frames } = kernel.encode('kernel_info_request', {});
    const hmac = createHmac('sha256', 'another key');
    frames.slice(2).forEach((frame) => hmac.update(frame));
    await expectSilence([frames[0]!, Buffer.from(hmac.digest('hex')), ...frames.slice(2)]);
  });

  it('gives no answer to a content that was changed after signing', async () => {
    const { frames } = kernel.encode('execute_request', { code: '1' });
    await expectSilence([...frames.slice(0, 5), Buffer.from('{"code":"process.exit()"}')]);
  });

  it('gives no answer to frames without the delimiter', async () => {
    await expectSilence(kernel.encode('kernel_info_request', {}).frames.slice(1));
  });

  it.each([1, 2, 3, 4, 5])('gives no answer to a message cut after %i frames', async (count) => {
    await expectSilence(kernel.encode('kernel_info_request', {}).frames.slice(0, count));
  });

  it.each([
    ['no JSON', ['{', '{}', '{}', '{}']],
    ['an array for a header', ['[]', '{}', '{}', '{}']],
    [
      'null for a content',
      ['{"msg_id":"1","msg_type":"kernel_info_request","session":"s"}', '{}', '{}', 'null'],
    ],
    ['an empty frame', ['', '', '', '']],
    ['a header without msg_type', ['{"msg_id":"1","session":"s"}', '{}', '{}', '{}']],
    ['a msg_type that is no text', ['{"msg_id":"1","msg_type":5,"session":"s"}', '{}', '{}', '{}']],
  ])('gives no answer to correctly signed %s', async (_what, parts) => {
    await expectSilence(signed(parts));
  });

  it('gives no answer to correctly signed bytes that are no UTF-8', async () => {
    const parts = [Buffer.from([0xff, 0xfe]), ...['{}', '{}', '{}'].map((text) => Buffer.from(text))];
    await expectSilence([Buffer.from('<IDS|MSG>'), Buffer.from(kernel.sign(parts)), ...parts]);
  });
});

describe('createMessageCodec() at mutated messages', () => {
  it('gives no answer to 10,000 mutated messages, which do no harm', async () => {
    const random = createRandom(20_261_121);
    const pick = <T>(values: readonly T[]): T => values[Math.floor(random() * values.length)]!;
    const before = kernel.received.length;
    const types = [
      'execute_request',
      'complete_request',
      'shutdown_request',
      'interrupt_request',
      'comm_open',
    ];
    for (let i = 0; i < 10_000; i++) {
      const { frames } = kernel.encode(pick(types), { code: 'process.exit()', comm_id: 'x', restart: false });
      const mutated = mutate(frames, random);
      await kernel.sendFrames(pick(['shell', 'control', 'stdin'] as const), mutated);
    }
    await delay(200);
    expect(kernel.received.slice(before)).toEqual([]);
    expect(resultOf(await kernel.execute('6 * 7'))).toBe('42');
    expect(kernel.process.exitCode).toBeNull();
  }, 60_000);
});

describe('bindSockets() in a kernel over TCP', () => {
  it.each([
    ['shell', 'DEALER'],
    ['control', 'DEALER'],
    ['stdin', 'DEALER'],
    ['hb', 'DEALER'],
    ['iopub', 'SUB'],
  ] as const)(
    'outlives strangers at %s that send more than is read, heartbeats too, and go',
    async (channel, type) => {
      await using other = await startKernel({ transport: 'tcp' });
      const strangers = await Promise.all(
        Array.from({ length: 8 }, () => openPeer(other.address(channel), type)),
      );
      for (const stranger of strangers) stranger.write(buildMany(20_000, 1));
      await delay(5);
      for (const stranger of strangers) breakOff(stranger);
      expect(resultOf(await other.execute('6 * 7'))).toBe('42');
      expect(other.process.exitCode ?? other.process.signalCode).toBeNull();
    },
  );
});

/** Changes at least one signed byte, or drops or repeats a signed frame. */
function mutate(frames: readonly Uint8Array[], random: () => number): Uint8Array[] {
  const at = 1 + Math.floor(random() * 5);
  const how = random();
  if (how < 0.15) return frames.filter((_, i) => i !== at);
  if (how < 0.3) return frames.slice(0, at);
  const changed = Buffer.from(frames[at]!);
  if (how < 0.4 && changed.length > 2)
    return frames.with(at, changed.subarray(0, Math.floor(changed.length / 2)));
  const byte = Math.floor(random() * changed.length);
  changed[byte] = changed[byte]! ^ (1 << Math.floor(random() * 8));
  return frames.with(at, changed);
}
