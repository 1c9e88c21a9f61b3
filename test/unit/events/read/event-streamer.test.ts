// The streamer of the source document.
import { describe, expect, it } from 'vitest';
import { createEventSlot, createSynth, EventStreamer, viewEvents } from '../../../../src/events/index.ts';
import type { EventColumns, SingleEvent } from '../../../../src/events/index.ts';

function makeEvents(count: number): EventColumns {
  const slot = createEventSlot(count);
  createSynth({ events: count, width: 64, height: 48 }).fill(slot);
  return viewEvents(slot);
}

const rowsOf = ({ t, x, y, p, length }: EventColumns): SingleEvent[] =>
  Array.from({ length }, (_, i) => ({ t: t[i]!, x: x[i]!, y: y[i]!, p: p[i]! }));

describe('EventStreamer', () => {
  it.each([7, 100, 1000, 5000])(
    'streamToPolars() gives what one chunk gives when chunks are of %d',
    async (size) => {
      const events = makeEvents(1000);
      const direct = new EventStreamer(1000, 'evt2').buildChunk(events);
      const streamer = new EventStreamer(size, 'evt2');
      expect((await streamer.streamToPolars([events])).toRecords()).toEqual(direct.toRecords());
      expect((await streamer.streamToPolars(rowsOf(events))).toRecords()).toEqual(direct.toRecords());
      expect(direct.columns).toEqual(['t', 'x', 'y', 'p']);
      expect(direct.dtypes.map(String)).toEqual([
        'DataType(Int64)',
        'DataType(UInt16)',
        'DataType(UInt16)',
        'DataType(Int8)',
      ]);
    },
  );

  it('buildChunk() gives the polarity of its format: −1/1 for EVT2, 0/1 for HDF5 and text', () => {
    const events = [
      { t: 1, x: 2, y: 3, p: 0 },
      { t: 2, x: 2, y: 3, p: -1 },
      { t: 3, x: 2, y: 3, p: true },
    ];
    const polarities = (format: 'evt2' | 'hdf5' | 'text'): unknown[] =>
      new EventStreamer(10, format).buildChunk(events).getColumn('p').toArray();
    expect(polarities('evt2')).toEqual([-1, -1, 1]);
    expect(polarities('hdf5')).toEqual([0, 0, 1]);
    expect(polarities('text')).toEqual([0, 0, 1]);
  });

  it('streamToPolars() gives a frame without rows for no events', async () => {
    const frame = await new EventStreamer(10, 'text').streamToPolars([]);
    expect(frame.height).toBe(0);
    expect(frame.columns).toEqual(['t', 'x', 'y', 'p']);
  });
});
