// Then: the whole history. A range is asked for with one value a pixel, whatever it spans; a moment says who held the
// memory.
import { useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { useLayoutEffect, useMemo } from 'preact/hooks';
import type { RangeAnswer } from '../api.ts';
import { Chart } from '../charts/chart.tsx';
import type { ChartProps, Line } from '../charts/chart.tsx';
import { hostNow, status } from '../live.ts';
import { MarkTable } from '../marks.tsx';
import { Card, Problem } from '../parts.tsx';
import { goTo, linkTo, route } from '../route.ts';
import { centreOn, moveBy, zoomBy } from '../span.ts';
import {
  writeBytes,
  writeCount,
  writeDuration,
  writeKib,
  writePercent,
  writeRate,
  writeTime,
  writeUtc,
} from '../text.ts';
import { changeSpan, drawn, isFollowing, problem, span, startHistory } from './history.ts';
import type { HistoryField } from './history.ts';
import { MomentPanel } from './moment.tsx';
import { stackProcesses } from './process-stack.ts';
import { useAnswer } from './use-answer.ts';

const MINUTE = 60_000;
const lengths = [
  [15 * MINUTE, '15 min'],
  [60 * MINUTE, '1 h'],
  [6 * 60 * MINUTE, '6 h'],
  [24 * 60 * MINUTE, '24 h'],
  [7 * 24 * 60 * MINUTE, '7 d'],
  [30 * 24 * 60 * MINUTE, '30 d'],
] as const;

export function ThenView(): JSX.Element {
  const { at } = route.value.params;
  useLayoutEffect(startHistory, []);
  const atMs = at === undefined ? null : Number(at);
  return (
    <>
      <h1 class="hidden">Then</h1>
      <Toolbar />
      {problem.value !== null && <Problem error={problem.value} />}
      <div class={atMs === null ? 'then' : 'then has-moment'}>
        <div class="then-charts">
          <Overview />
          <Charts atMs={atMs} />
          <Happened />
        </div>
        {atMs !== null && <MomentPanel atMs={atMs} />}
      </div>
    </>
  );
}

const openMoment = (atMs: number): void => {
  const { fromMs, toMs } = span.peek();
  goTo('then', { from: fromMs, to: toMs, at: Math.round(atMs) });
};

/** An hour when the address says nothing. */
const lastOf = (last: string | undefined): number => Number(last ?? 60 * MINUTE);

function Toolbar(): JSX.Element {
  const { fromMs, toMs } = span.value;
  const length = toMs - fromMs;
  const move = (share: number) => () => changeSpan(moveBy(share));
  const zoom = (factor: number) => () => changeSpan(zoomBy(factor));
  return (
    <div class="toolbar">
      <div class="buttons" role="group" aria-label="Length of the range">
        {lengths.map(([ms, name]) => (
          <button
            type="button"
            key={ms}
            aria-pressed={isFollowing() && lastOf(route.value.params['last']) === ms}
            onClick={() => goTo('then', { last: ms })}
          >
            {name}
          </button>
        ))}
        <button
          type="button"
          aria-pressed={route.value.params['last'] === 'all'}
          onClick={() => goTo('then', { last: 'all' })}
        >
          All
        </button>
      </div>
      <div class="buttons" role="group" aria-label="Move and zoom">
        <button type="button" aria-label="Earlier" onClick={move(-0.5)}>
          ←
        </button>
        <button type="button" aria-label="Later" onClick={move(0.5)}>
          →
        </button>
        <button type="button" aria-label="Zoom in" onClick={zoom(0.5)}>
          +
        </button>
        <button type="button" aria-label="Zoom out" onClick={zoom(2)}>
          −
        </button>
      </div>
      <p class="range" title={`${writeUtc(fromMs)} to ${writeUtc(toMs)}`}>
        {writeTime(fromMs)} – {writeTime(toMs)} <small>({writeDuration(length)})</small>
      </p>
    </div>
  );
}

const nothingRead: Pick<RangeAnswer, 'times' | 'fields'> = { times: [], fields: {} };

/** All there is, and which part of it is shown. */
function Overview(): JSX.Element | null {
  const { firstMs } = status.value?.history ?? {};
  const toMs = Math.ceil(hostNow() / MINUTE) * MINUTE;
  const params = firstMs == null ? null : { from: firstMs, to: toMs, pixels: 600, fields: 'mem_used_kib' };
  const { value } = useAnswer<RangeAnswer>(params && '/api/range', params ?? {});
  // Its place is kept while it is read, so that nothing below moves under a hand.
  const range = value ?? nothingRead;
  const lines = useMemo(
    () => [lineOf(range, 'used, all of the history', 'used', 'mem_used_kib', true)],
    [range],
  );
  if (firstMs == null || toMs - firstMs < 10 * MINUTE) return null;
  return (
    <Chart
      title="The whole history, memory used"
      class="overview"
      times={range.times}
      lines={lines}
      write={writeKib}
      isBinary
      fromMs={firstMs}
      toMs={toMs}
      height={96}
      window={span.value}
      onRange={changeSpan}
      onMoment={(atMs) => changeSpan(centreOn(atMs))}
    />
  );
}

function lineOf(
  range: Pick<RangeAnswer, 'times' | 'fields'>,
  label: string,
  colour: string,
  field: HistoryField,
  isFilled = false,
): Line {
  const column = range.fields[field];
  const none = range.times.map(() => null);
  return {
    label,
    colour,
    values: column?.mean ?? none,
    min: column?.min ?? none,
    max: column?.max ?? none,
    isFilled,
  };
}

function Charts({ atMs }: { readonly atMs: number | null }): JSX.Element {
  const lines = useComputed(() => (drawn.value === null ? null : linesOf(drawn.value.range)));
  const processes = useComputed(() => processesOf());
  const { fromMs, toMs } = span.value;
  const known = drawn.value;
  if (known === null || lines.value === null) return <p class="note reading">Reading the history …</p>;
  if (known.range.times.length === 0) return <p class="note">Nothing was recorded in this range.</p>;
  const shared = {
    times: known.range.times,
    fromMs,
    toMs,
    marks: known.marks,
    atMs,
    onRange: changeSpan,
    onMoment: openMoment,
  };
  return (
    <>
      <p class="note">
        Drag to zoom, double-click to zoom out, Ctrl + wheel to zoom, Shift + wheel to move; a click or Enter
        shows who held the memory then. One point is {writeDuration(known.range.stepMs)}; the shade is its
        least and greatest value.
      </p>
      <Card title="Memory">
        <Chart {...shared} title="Memory" write={writeKib} isBinary lines={lines.value.memory} />
      </Card>
      {processes.value !== null && (
        <Card title="Who held it">
          <Chart
            {...shared}
            {...processes.value}
            title="Largest processes"
            write={writeBytes}
            isBinary
            isStacked
          />
        </Card>
      )}
      <Card title="Pressure">
        <Chart
          {...shared}
          title="Memory pressure"
          write={writePercent}
          atLeast={5}
          lines={lines.value.pressure}
        />
      </Card>
      <Card title="Refaults">
        <Chart
          {...shared}
          title="Refaults"
          write={writeRate}
          atLeast={10}
          height={130}
          lines={lines.value.refaults}
        />
      </Card>
    </>
  );
}

function linesOf(range: RangeAnswer): Readonly<Record<'memory' | 'pressure' | 'refaults', Line[]>> {
  const hasAny = (field: HistoryField): boolean =>
    range.fields[field]?.max.some((value) => (value ?? 0) > 0) ?? false;
  return {
    memory: [
      lineOf(range, 'used', 'used', 'mem_used_kib', true),
      lineOf(range, 'cached', 'cached', 'cached_kib'),
      ...(hasAny('swap_used_kib') ? [lineOf(range, 'swap', 'swap', 'swap_used_kib')] : []),
    ],
    pressure: [
      lineOf(range, 'some', 'some', 'psi_memory_some_percent'),
      lineOf(range, 'full', 'full', 'psi_memory_full_percent'),
    ],
    refaults: [
      lineOf(range, 'file pages', 'refaults', 'refault_file_per_s'),
      lineOf(range, 'anonymous pages', 'anon', 'refault_anon_per_s'),
    ],
  };
}

function processesOf(): Pick<ChartProps, 'times' | 'lines'> | null {
  const held = drawn.value?.processes;
  if (!held || held.processes.length === 0) return null;
  const moments = held.times.map((_, at) => {
    const top = held.processes.flatMap(({ pid, name, rssBytes }) =>
      typeof rssBytes[at] === 'number' ? [{ pid, name, rssBytes: rssBytes[at] }] : [],
    );
    return { top: top.length > 0 ? top : null };
  });
  return { times: held.times, lines: stackProcesses(moments) };
}

const LISTED = 200;

/** Everything that is marked in the charts, in words. */
function Happened(): JSX.Element | null {
  if (drawn.value === null) return null;
  const { marks } = drawn.value;
  const { fromMs, toMs } = span.value;
  const note =
    marks.length > LISTED
      ? `The newest ${LISTED} of ${writeCount(marks.length)}; zoom in for others.`
      : undefined;
  return (
    <Card title="What happened" note={note}>
      <MarkTable
        marks={marks}
        most={LISTED}
        linkOf={({ atMs }) => linkTo('then', { from: fromMs, to: toMs, at: atMs })}
        empty="No change of models, no action, no alert and no gap in this range."
      />
    </Card>
  );
}
