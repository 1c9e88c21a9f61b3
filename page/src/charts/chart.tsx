// A chart over time: uPlot on a canvas, with what a canvas lacks. The keyboard moves through it, zooms and opens a
// moment; a screen reader hears the values; the figures also stand in a table.
import type { JSX } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type uPlot from 'uplot';
import type { Mark } from '../api.ts';
import { Folded, Table, Time } from '../parts.tsx';
import { moveBy, zoomBy } from '../span.ts';
import type { Span, SpanChange } from '../span.ts';
import { writeTime } from '../text.ts';
import { buildPlot, buildPlotData } from './build-plot.ts';
import { followTouch } from './touch.ts';

export type Values = readonly (number | null | undefined)[];

/** One line. `min` and `max` are drawn as a shade around it. */
export interface Line {
  readonly label: string;
  /** A colour of the style sheet: `--c-NAME`. */
  readonly colour: string;
  readonly values: Values;
  readonly min?: Values;
  readonly max?: Values;
  readonly isFilled?: boolean;
}

export interface ChartProps {
  readonly title: string;
  readonly times: readonly number[];
  readonly lines: readonly Line[];
  readonly write: (value: number | null | undefined) => string;
  /** What the horizontal axis shows, ms since epoch. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Axis in binary steps. */
  readonly isBinary?: boolean;
  /** Lines lie on top of each other. */
  readonly isStacked?: boolean;
  /** The vertical axis reaches at least this far. */
  readonly atLeast?: number;
  readonly marks?: readonly Mark[];
  /** The moment that is looked at. */
  readonly atMs?: number | null;
  readonly height?: number;
  /** The part that other charts show. */
  readonly window?: Span;
  readonly class?: string;
  readonly onRange?: (change: SpanChange) => void;
  readonly onMoment?: (atMs: number) => void;
}

const TABLE_ROWS = 40;

/** Draws it; redraws when the props change, without ever building it anew for new data. */
export function Chart(props: ChartProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const now = useRef(props);
  now.current = props;
  const [cursor, setCursor] = useState<number | null>(null);
  const shape = props.lines
    .map(({ label, colour, min }) => `${label} ${colour} ${min !== undefined}`)
    .join('|');

  // Built before the browser paints, so that the page is drawn once.
  useLayoutEffect(() => {
    const at = place.current!;
    const built = buildPlot(now, at, setCursor);
    plot.current = built;
    const resize = new ResizeObserver(() => {
      if (at.clientWidth > 0) built.setSize({ width: at.clientWidth, height: props.height ?? 180 });
    });
    resize.observe(at);
    const stopTouch = followTouch(built, now);
    const theme = matchMedia('(prefers-color-scheme: dark)');
    const repaint = (): void => built.redraw(false, true);
    theme.addEventListener('change', repaint);
    return () => {
      theme.removeEventListener('change', repaint);
      stopTouch();
      resize.disconnect();
      built.destroy();
      plot.current = null;
    };
  }, [shape, props.isStacked, props.isBinary, props.height]);

  useEffect(() => {
    plot.current?.batch(() => {
      plot.current!.setData(buildPlotData(now.current), false);
      plot.current!.setScale('x', { min: now.current.fromMs, max: now.current.toMs });
    });
  }, [
    props.times,
    props.lines,
    props.fromMs,
    props.toMs,
    props.atLeast,
    props.marks,
    props.atMs,
    props.window,
  ]);

  const shownAt = cursor !== null && cursor < props.times.length ? cursor : null;
  return (
    <figure class={`chart ${props.class ?? ''}`}>
      <Legend {...props} at={shownAt} />
      <div
        class="plot"
        ref={place}
        tabIndex={0}
        role="group"
        aria-roledescription="chart"
        aria-label={`${props.title}. ${describe(props)}`}
        aria-keyshortcuts="ArrowLeft ArrowRight Enter + -"
        onKeyDown={(event) => plot.current && handleKey(event, plot.current, now.current)}
      />
      <output class="hidden">{shownAt === null ? '' : describeAt(props, shownAt)}</output>
      <Folded title="As a table">{() => <ChartTable {...props} />}</Folded>
    </figure>
  );
}

/** Names, colours and the values under the cursor; the newest ones without a cursor. */
function Legend(props: ChartProps & { readonly at: number | null }): JSX.Element {
  const at = props.at ?? lastKnown(props);
  return (
    <ul class="legend" aria-hidden="true">
      {props.lines.map(({ label, colour, values }) => (
        <li key={label}>
          <i class={`swatch swatch-${colour}`} />
          <bdi>{label}</bdi> <b>{props.write(values[at])}</b>
        </li>
      ))}
      {props.at !== null && <li class="legend-time">{writeTime(props.times[props.at])}</li>}
    </ul>
  );
}

/** The newest place with a value. */
const lastKnown = ({ times, lines }: ChartProps): number => {
  for (let at = times.length - 1; at >= 0; at -= 1)
    if (lines.some(({ values }) => typeof values[at] === 'number')) return at;
  return times.length - 1;
};

/** The chart in a sentence. */
function describe(props: ChartProps): string {
  const { lines, write, fromMs, toMs } = props;
  const said = lines.map(({ label, values }) => {
    const known = values.filter((value) => typeof value === 'number');
    if (known.length === 0) return `${label}: unknown`;
    const low = known.reduce((least, value) => Math.min(least, value), Infinity);
    const high = known.reduce((most, value) => Math.max(most, value), -Infinity);
    return `${label}: ${write(low)} to ${write(high)}, last ${write(known.at(-1))}`;
  });
  return `From ${writeTime(fromMs)} to ${writeTime(toMs)}. ${said.join('; ')}.`;
}

const describeAt = ({ times, lines, write }: ChartProps, at: number): string =>
  `${writeTime(times[at])}: ${lines.map(({ label, values }) => `${label} ${write(values[at])}`).join(', ')}`;

function ChartTable(props: ChartProps): JSX.Element {
  const { times, lines, write } = props;
  const step = Math.max(1, Math.ceil(times.length / TABLE_ROWS));
  const rows = useMemo(
    () => times.flatMap((_, at) => ((times.length - 1 - at) % step === 0 ? [at] : [])).reverse(),
    [times, step],
  );
  return (
    <Table
      caption={`${props.title}: values over time`}
      heads={['time', ...lines.map(({ label }) => label)]}
      numeric={lines.map((_, at) => at + 1)}
      rows={rows.map((at) => [<Time ms={times[at]} />, ...lines.map(({ values }) => write(values[at]))])}
      class="tall"
    />
  );
}

/** Arrows move the cursor, with Shift the range; plus and minus zoom; Enter opens the moment. */
function handleKey(event: KeyboardEvent, plot: uPlot, props: ChartProps): void {
  const { toMs, onRange, onMoment, times } = props;
  const at = plot.cursor.idx ?? lastKnown(props);
  const zoom = (factor: number): void =>
    onRange?.(zoomBy(factor, plot.cursor.idx === null ? undefined : times[at]));
  const pan = (share: number): void => onRange?.(moveBy(share));
  const move = (by: number): void => {
    const next = Math.max(0, Math.min(times.length - 1, at + by));
    plot.setCursor({ left: plot.valToPos(times[next] ?? toMs, 'x'), top: plot.over.clientHeight / 2 });
  };
  const stride = Math.max(1, Math.round(times.length / 100));
  const keys: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => (event.shiftKey ? pan(-0.25) : move(-stride)),
    ArrowRight: () => (event.shiftKey ? pan(0.25) : move(stride)),
    Home: () => move(-times.length),
    End: () => move(times.length),
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    Enter: () => times[at] !== undefined && onMoment?.(times[at]),
    Escape: () => plot.setCursor({ left: -10, top: -10 }),
  };
  const run = keys[event.key];
  if (run === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  run();
}
