// What retention holds back, as a row of `status`.
import type { HistoryStats } from '../../store/index.ts';
import type { HostStatus } from './status-types.ts';

/** No row while nothing waits. */
export function describeRetention({ history }: Pick<HostStatus, 'history'>): [string, string][] {
  const waiting = [describeLater(history), describeUnconfirmed(history)].filter((text) => text !== '');
  return waiting.length === 0 ? [] : [['retention', waiting.join('; ')]];
}

function describeLater({ later }: Pick<HistoryStats, 'later'>): string {
  return later.rows === 0 ? '' : `${later.rows} rows past the limits go a share at a time`;
}

function describeUnconfirmed({ unconfirmed }: Pick<HistoryStats, 'unconfirmed'>): string {
  return unconfirmed.rows === 0
    ? ''
    : `${unconfirmed.rows} rows are old by the wall clock alone and stay: check the clock`;
}
