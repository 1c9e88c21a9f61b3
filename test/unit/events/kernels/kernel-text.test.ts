// Text decoded with the kernel's help against text decoded without: the same events, counts and errors, any cut.
import { expect, it } from 'vitest';
import { createPlainLines } from '../../../../src/events/kernels/kernel-text.ts';
import { createEventSlot } from '../../../../src/events/model/index.ts';
import { TextEventDecoder } from '../../../../src/events/text/index.ts';
import type { TextReadOptions } from '../../../../src/events/text/index.ts';
import { listEvents } from '../../../support/events/random-events.ts';
import { createRandom } from '../../../support/random.ts';

type Draw = () => number;
const below = (draw: Draw, limit: number): number => Math.floor(draw() * limit);
const pick = <T>(draw: Draw, values: readonly T[]): T => values[below(draw, values.length)]!;

/** A number as careful and careless writers write it. */
function drawNumber(draw: Draw, limit: number): string {
  const value = below(draw, limit);
  const dice = draw();
  if (dice < 0.96) return String(value);
  return pick(draw, [
    `${value}.0`,
    `+${value}`,
    `0${value}`,
    `${value}e0`,
    `-${value}`,
    `${value}`,
    `00000000${value}`,
  ]);
}

function drawTime(draw: Draw, at: number, digits: number): string {
  if (digits === 0)
    return draw() < 0.98 ? String(at) : pick(draw, [`-${at}`, `${at}.4`, `9007199254740993`, `${at}e1`]);
  const text = (at / 10 ** digits).toFixed(draw() < 0.9 ? digits : digits + below(draw, 3));
  return draw() < 0.98 ? text : pick(draw, [`-${text}`, `${at}`, `${at}.`, `.5`]);
}

function drawText(draw: Draw, digits: number): string {
  const between = pick(draw, [' ', ',', '\t', ';', '  ', ', ']);
  const end = pick(draw, ['\n', '\r\n']);
  let at = below(draw, 2) * 4_294_960_000;
  const lines = Array.from({ length: 20 + below(draw, 300) }, () => {
    at += below(draw, 50);
    if (draw() < 0.01) return pick(draw, ['# a remark', '', '   ']);
    const values = [
      drawTime(draw, at, digits),
      drawNumber(draw, 700),
      drawNumber(draw, 500),
      pick(draw, ['0', '1', '-1']),
    ];
    return values.join(draw() < 0.99 ? between : ' ') + (draw() < 0.01 ? ' ' : '');
  });
  return lines.join(end) + (draw() < 0.5 ? end : '');
}

function decode(text: string, options: TextReadOptions, cut: number, capacity: number): unknown {
  const decoder = new TextEventDecoder(options);
  const slot = createEventSlot(capacity);
  const events: unknown[] = [];
  const empty = (): void => {
    events.push(...listEvents(slot));
    slot.length = 0;
  };
  const bytes = new TextEncoder().encode(text);
  try {
    for (let at = 0; at < bytes.length; at += cut) {
      let piece = bytes.subarray(at, at + cut);
      while (piece.length > 0) {
        piece = piece.subarray(decoder.decode(piece, slot));
        empty();
      }
    }
    while (!decoder.end(slot)) empty();
    empty();
    return { events, counts: decoder.finish() };
  } catch (error) {
    empty();
    return { events, error: (error as Error).message };
  }
}

it('createPlainLines() changes nothing but the speed, for lines of any kind and any cut', () => {
  const draw = createRandom(21);
  let plain = 0;
  for (let round = 0; round < 200; round++) {
    const timeUnit = pick(draw, ['us', 's', 'ms', 'ns'] as const);
    const text = drawText(draw, { us: 0, s: 6, ms: 3, ns: 0 }[timeUnit]);
    const options: TextReadOptions = {
      timeUnit,
      polarity: pick(draw, ['signed', 'unsigned', 'native'] as const),
      geometry: draw() < 0.5 ? { width: 640, height: 480 } : undefined,
      dropOutside: draw() < 0.5,
    };
    const cut = pick(draw, [1, 7, 100, 1e6]);
    const capacity = pick(draw, [1, 5, 1000]);
    const wanted = decode(text, options, 1e6, 1000) as { events: unknown[] };
    const got = decode(text, { ...options, plainLines: createPlainLines() }, cut, capacity);
    expect(got, `round ${String(round)}: ${text.slice(0, 200)}`).toEqual(wanted);
    plain += wanted.events.length;
  }
  expect(plain).toBeGreaterThan(10_000);
});

it('createPlainLines() decodes nearly every plain line', () => {
  const lines = createPlainLines()!;
  lines.begin({
    order: Uint8Array.of(1, 2, 3, 0),
    shift: 0,
    geometry: null,
    dropOutside: false,
    polarity: 'unsigned',
  });
  const bytes = new TextEncoder().encode('12,7,1,1000001\n1279,719,0,1000002\n5,6,1,x\n');
  const slot = createEventSlot(10);
  const counts = new TextEventDecoder({ timeUnit: 'us' }).counts;
  expect(lines.decode(bytes, slot, -Infinity, counts)).toEqual({ bytes: 34, lines: 2, lastTime: 1_000_002 });
  expect(listEvents(slot)).toEqual([
    [1_000_001n, 12, 7, 1],
    [1_000_002n, 1279, 719, 0],
  ]);
});
