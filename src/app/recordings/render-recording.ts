// What a recording is, as text.
import type { ReadCounts } from '../../events/index.ts';
import { formatBytes, formatRows } from '../terminal.ts';
import type { RecordingFacts } from './measure-recording.ts';

const countNames: Readonly<Partial<Record<keyof ReadCounts, string>>> = {
  reservedWords: 'words of reserved types, passed over',
  eventsBeforeTime: 'events before the first time word, left out',
  triggersBeforeTime: 'triggers before the first time word, left out',
  eventsOutside: 'events outside the geometry',
  timeWraps: 'times the clock began again; the times go on',
  timeReversals: 'times the clock went back',
  truncatedBytes: 'bytes of a last word that is cut off',
};

/** What a user should know of how a recording was read; nothing where all was as it should be. */
export function describeCounts(counts: Readonly<ReadCounts>): string[] {
  return Object.entries(countNames).flatMap(([name, text]) => {
    const count = counts[name as keyof ReadCounts];
    return count > 0 ? [`${count.toLocaleString('en')} ${text}`] : [];
  });
}

/** Facts as text. */
export function renderRecording({ info, ...facts }: RecordingFacts): string {
  const { geometry, sizeBytes, header, counts, notes } = info;
  const size = geometry === null ? 'not said' : `${geometry.width} × ${geometry.height}`;
  const rows: [string, string][] = [
    ['format', info.format],
    ['size', sizeBytes === null ? 'not known: a pipe' : formatBytes(sizeBytes)],
    ['geometry', size],
  ];
  if (facts.isScanned) {
    rows.push(
      ['events', `${counts.events.toLocaleString('en')} (${facts.onEvents.toLocaleString('en')} on)`],
      ['triggers', counts.triggers.toLocaleString('en')],
    );
    if (facts.firstTime !== null) {
      rows.push(
        ['times', `${facts.firstTime} to ${facts.lastTime} ${info.timeUnit}`],
        ['duration', `${facts.durationSeconds.toFixed(6)} s`],
        ['rate', `${Math.round(facts.eventsPerSecond).toLocaleString('en')} events/s`],
      );
    }
  }
  rows.push(...Object.entries(header).map(([key, value]): [string, string] => [`% ${key}`, value]));
  return [formatRows(rows), ...describeCounts(counts), ...notes].join('\n');
}
