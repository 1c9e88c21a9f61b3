// What representations do at the edges; that they equal their peers is tested in test/conformance/events.
import { describe, expect, it } from 'vitest';
import {
  buildCountFrames,
  buildHistogram,
  buildTimeSurfaces,
  buildVoxelGrid,
  sliceEvents,
} from '../../../../src/events/represent/index.ts';
import { createEventSlot } from '../../../../src/events/model/index.ts';
import { drawEvents } from '../../../support/events/random-events.ts';
import { createRandom } from '../../../support/random.ts';

const size = { width: 4, height: 3 };
const events = drawEvents(createRandom(1), { count: 100, ...size });
const none = createEventSlot(1);

describe('sliceEvents()', () => {
  it('cuts by number of events, with what is left when it is asked for', () => {
    expect(sliceEvents(events, { eventCount: 40 })).toEqual([
      { start: 0, end: 40 },
      { start: 40, end: 80 },
    ]);
    const slices = sliceEvents(events, { eventCount: 40, overlap: 10, includeIncomplete: true });
    expect(slices).toEqual([
      { start: 0, end: 40 },
      { start: 30, end: 70 },
      { start: 60, end: 100 },
    ]);
    expect(sliceEvents(events, { eventCount: 1000 })).toEqual([{ start: 0, end: 100 }]);
  });

  it('cuts into equal parts', () => {
    expect(sliceEvents(events, { eventBins: 3 }).map(({ end }) => end)).toEqual([33, 66, 99]);
    const bins = sliceEvents(events, { timeBins: 4 });
    expect(bins).toHaveLength(4);
    for (let i = 1; i < bins.length; i++) expect(bins[i]!.start).toBe(bins[i - 1]!.end);
  });

  it('wants exactly one way to cut, which moves on', () => {
    const wrong = expect.objectContaining({ code: 'ERR_EVENTS_OPTIONS' });
    expect(() => sliceEvents(events, {})).toThrow(wrong);
    expect(() => sliceEvents(events, { eventCount: 1, timeBins: 2 })).toThrow(wrong);
    expect(() => sliceEvents(events, { timeWindow: 5, overlap: 5 })).toThrow(wrong);
    expect(() => sliceEvents(events, { timeWindow: 0 })).toThrow(wrong);
  });
});

describe('representations', () => {
  it('buildCountFrames() leaves out what is outside of the geometry', () => {
    const { data } = buildCountFrames(events, { width: 2, height: 3 }, { eventBins: 1 });
    const inside = events.x.filter((x) => x < 2).length;
    expect(data.reduce((sum, count) => sum + count, 0)).toBe(inside);
  });

  it('buildVoxelGrid() puts events of one moment into the first bin', () => {
    const moment = createEventSlot(2);
    moment.t.fill(5n);
    moment.p.set([1, 1]);
    moment.length = 2;
    expect([...buildVoxelGrid(moment, { width: 1, height: 1 }, 2).data]).toEqual([2, 0]);
  });

  it('buildTimeSurfaces() and others give empty tensors for no events', () => {
    expect(buildTimeSurfaces(none, size, { interval: 10, tau: 5 }).shape).toEqual([0, 2, 3, 4]);
    expect(buildCountFrames(none, size, { timeWindow: 10 }).shape).toEqual([0, 2, 3, 4]);
    expect(Math.max(...buildVoxelGrid(none, size).data)).toBe(0);
  });

  it('buildHistogram() says what it cannot use', () => {
    const wrong = expect.objectContaining({ code: 'ERR_EVENTS_OPTIONS' });
    expect(() => buildHistogram(events, { width: 0, height: 3 })).toThrow(wrong);
    expect(() => buildHistogram(events, size, { maxPerPixel: 0 })).toThrow(wrong);
  });
});
