// How far a subscriber has come: its position, by which a new connection continues, and the test that no
// record comes twice. Pure.
import type { RecordEvent, StreamEvent, StreamPosition, StreamTable } from '../stream-contract.ts';

/** The position of one subscriber. */
export interface StreamProgress {
  /** Undefined before the first hello. */
  readonly position: StreamPosition | undefined;
  /** Notes an event; false for a record that was seen before. */
  note(event: StreamEvent): boolean;
}

type Numbers = Partial<Record<StreamTable, number>>;

/** @param start position to continue from */
export function createStreamProgress(start?: StreamPosition): StreamProgress {
  let epoch = start?.epoch;
  let sequences: Numbers = { ...start?.sequences };
  let timestamps: Numbers = { ...start?.timestamps };
  let repeats: Numbers = { ...start?.repeats };

  const hello = (position: StreamPosition): void => {
    epoch = position.epoch;
    sequences = { ...position.sequences };
    timestamps = { ...timestamps, ...position.timestamps };
    // Without a count all records of that timestamp were seen: at a first hello they were published before.
    repeats = { ...position.repeats };
  };
  const record = ({ table, sequence, row }: RecordEvent): boolean => {
    if (sequence > 0 && sequence <= (sequences[table] ?? 0)) return false;
    sequences[table] = sequence;
    const timestamp = Number(row['timestamp']);
    if (timestamp !== timestamps[table]) repeats[table] = 1;
    else if (repeats[table] !== undefined) repeats[table]++;
    timestamps[table] = timestamp;
    return true;
  };
  return {
    get position() {
      return epoch === undefined ? undefined : { epoch, sequences, timestamps, repeats };
    },
    note(event) {
      if (event.type === 'hello') hello(event);
      else if (event.type === 'record') return record(event);
      else sequences[event.table] = Math.max(sequences[event.table] ?? 0, event.toSequence);
      return true;
    },
  };
}
