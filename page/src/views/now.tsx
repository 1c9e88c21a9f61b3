// Now: what the host does this second, who holds the memory, what was decided and what it brought.
import { signal, useComputed } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Decision, Mark, Numbers, Status } from '../api.ts';
import { Chart } from '../charts/chart.tsx';
import type { ChartProps, Line } from '../charts/chart.tsx';
import { decision, hostNow, latest, liveFields, marks, points, status, top } from '../live.ts';
import type { LiveField, Point } from '../live.ts';
import { MarkTable } from '../marks.tsx';
import { ActionButton, Bar, Card, Label, Name, Probabilities, Table, Time } from '../parts.tsx';
import { goTo, linkTo } from '../route.ts';
import {
  sumOf,
  urgencyOf,
  writeBytes,
  writeDuration,
  writeKib,
  writeName,
  writePercent,
  writeRate,
} from '../text.ts';
import { stackProcesses } from './process-stack.ts';
import { useAnswer } from './use-answer.ts';

const spans = [
  [60_000, '1 min'],
  [300_000, '5 min'],
  [900_000, '15 min'],
] as const;
const spanMs = signal(300_000);

export function NowView(): JSX.Element {
  return (
    <>
      <h1 class="hidden">Now</h1>
      <Tiles />
      <SpanChoice />
      <LiveCharts />
      <div class="grid">
        <TopProcesses />
        <div>
          <LastActions />
          <Card title="What happened lately">
            <MarkTable
              marks={marks.value}
              most={8}
              linkOf={({ atMs }) => linkTo('then', around(atMs))}
              empty="Nothing in the last quarter of an hour."
            />
          </Card>
        </div>
      </div>
    </>
  );
}

function LiveCharts(): JSX.Element {
  const times = useComputed(() => points.value.map(({ atMs }) => atMs));
  const columns = useComputed(() => columnsOf(points.value));
  const stack = useComputed(() => stackProcesses(points.value));
  const toMs = points.value.at(-1)?.atMs ?? hostNow();
  const fromMs = toMs - spanMs.value;
  const totalKib = latest.value?.memory['mem_total_kib'] ?? 0;
  const shared = {
    times: times.value,
    fromMs,
    toMs,
    marks: marks.value,
    onMoment: (atMs: number) => goTo('then', around(atMs)),
  };
  const line = (label: string, colour: string, field: LiveField, isFilled = false): Line => ({
    label,
    colour,
    values: columns.value[field],
    isFilled,
  });
  const hasAny = (field: LiveField): boolean => columns.value[field].some((value) => (value ?? 0) > 0);
  return (
    <div class="grid">
      <Card
        title="Memory"
        note="Used is what cannot be given to a new program without taking it from another one."
      >
        <Chart
          {...shared}
          title="Memory"
          write={writeKib}
          isBinary
          atLeast={scaleOf(columns.value.mem_used_kib, totalKib)}
          lines={[
            line('used', 'used', 'mem_used_kib', true),
            line('cached', 'cached', 'cached_kib'),
            ...(hasAny('swap_used_kib') ? [line('swap', 'swap', 'swap_used_kib')] : []),
          ]}
        />
      </Card>
      <Card title="Who holds it" note="Resident memory of the largest processes, on top of each other.">
        {stack.value.length === 0 ? (
          <p class="note empty">The first look at all processes comes within seconds.</p>
        ) : (
          <Chart
            {...shared}
            title="Largest processes"
            write={writeBytes}
            isBinary
            isStacked
            lines={stack.value}
          />
        )}
      </Card>
      <CostCharts shared={shared} line={line} />
    </div>
  );
}

type Shared = Pick<ChartProps, 'times' | 'fromMs' | 'toMs' | 'marks' | 'onMoment'>;
type MakeLine = (label: string, colour: string, field: LiveField, isFilled?: boolean) => Line;

/** What too little memory costs. */
function CostCharts({ shared, line }: { readonly shared: Shared; readonly line: MakeLine }): JSX.Element {
  return (
    <>
      <Card
        title="Pressure"
        note="Share of each second in which some, or all, tasks waited for memory (PSI)."
      >
        <Chart
          {...shared}
          title="Memory pressure"
          write={writePercent}
          atLeast={5}
          lines={[
            line('some', 'some', 'psi_memory_some_percent', true),
            line('full', 'full', 'psi_memory_full_percent', true),
          ]}
        />
      </Card>
      <Card
        title="Refaults"
        note="Pages that were read back soon after they were taken: the cost of too little memory."
      >
        <Chart
          {...shared}
          title="Refaults"
          write={writeRate}
          atLeast={10}
          lines={[
            line('file pages', 'refaults', 'refault_file_per_s', true),
            line('anonymous pages', 'anon', 'refault_anon_per_s'),
          ]}
        />
      </Card>
    </>
  );
}

/** A moment with what was before and after it. */
const around = (atMs: number): Record<string, number> => ({
  from: atMs - 150_000,
  to: atMs + 150_000,
  at: Math.round(atMs),
});

type Columns = Readonly<Record<LiveField, (number | null)[]>>;

const columnsOf = (held: readonly Point[]): Columns =>
  Object.fromEntries(
    liveFields.map((field) => [field, held.map(({ values }) => values[field] ?? null)]),
  ) as unknown as Columns;

/** A host that is far from full would have a flat line at the foot of its whole memory. */
const scaleOf = (used: readonly (number | null)[], totalKib: number): number =>
  used.some((value) => (value ?? 0) > totalKib * 0.5) ? totalKib : 0;

function SpanChoice(): JSX.Element {
  return (
    <fieldset class="choice">
      <legend class="hidden">How far back the charts reach</legend>
      {spans.map(([ms, name]) => (
        <label key={ms}>
          <input
            type="radio"
            name="span"
            checked={spanMs.value === ms}
            onChange={() => (spanMs.value = ms)}
          />
          <span>{name}</span>
        </label>
      ))}
      <a href="#/then" class="quiet-link">
        The whole history →
      </a>
    </fieldset>
  );
}

/** The first sample has no rates, for they take two; the history has those of the last moment. */
function newestMemory(): Numbers {
  const known = Object.entries(latest.value?.memory ?? {}).filter(([, value]) => value !== null);
  return { ...points.value.at(-1)?.values, ...Object.fromEntries(known) };
}

function Tiles(): JSX.Element {
  const memory = newestMemory();
  const totalKib = memory['mem_total_kib'];
  const usedShare = totalKib ? (memory['mem_used_kib'] ?? 0) / totalKib : 0;
  const swapTotal = memory['swap_total_kib'] ?? 0;
  const refaults = sumOf(memory['refault_file_per_s'], memory['refault_anon_per_s']);
  return (
    <div class="tiles">
      <DecisionTile />
      <Tile
        name="Memory used"
        value={writeKib(memory['mem_used_kib'])}
        note={`of ${writeKib(totalKib)}, ${writeKib(memory['mem_available_kib'])} available`}
        share={usedShare}
        kind={usedShare > 0.9 ? 'bad' : usedShare > 0.75 ? 'warn' : 'main'}
      />
      <Tile
        name="Memory pressure"
        value={writePercent(memory['psi_memory_some_percent'])}
        note={`some; all at once ${writePercent(memory['psi_memory_full_percent'])}`}
        share={(memory['psi_memory_some_percent'] ?? 0) / 100}
        kind={(memory['psi_memory_some_percent'] ?? 0) > 10 ? 'bad' : 'main'}
      />
      <Tile name="Refaults" value={writeRate(refaults)} note={`cached ${writeKib(memory['cached_kib'])}`} />
      <Tile
        name="Swap"
        value={swapTotal > 0 ? writeKib(memory['swap_used_kib']) : 'none'}
        note={[swapTotal > 0 && `of ${writeKib(swapTotal)}`, describeZram(status.value?.zram)]
          .filter(Boolean)
          .join('; ')}
        share={swapTotal > 0 ? (memory['swap_used_kib'] ?? 0) / swapTotal : undefined}
      />
    </div>
  );
}

/** What compressed memory holds, and what it takes for that. */
function describeZram(zram: Status['zram']): string {
  if (!zram || zram.kind === 'none') return 'no zram';
  const { originalBytes, usedBytes } = zram;
  return `zram: ${writeBytes(originalBytes)} in ${writeBytes(usedBytes)}`;
}

function Tile(props: {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  readonly share?: number | undefined;
  readonly kind?: string;
}): JSX.Element {
  return (
    <section class="tile" aria-label={props.name}>
      <h2>{props.name}</h2>
      <p>
        <b>{props.value}</b>
        <small>{props.note}</small>
      </p>
      {props.share !== undefined && <Bar share={props.share} kind={props.kind ?? 'main'} />}
    </section>
  );
}

/** The newest label, how sure its model is, and which model that is. */
function DecisionTile(): JSX.Element {
  const { value } = status;
  const { label, probabilities } = decision.value ?? {};
  return (
    <section class={`tile decision urgency-edge-${urgencyOf(label)}`} aria-label="Decision">
      <h2>Decision</h2>
      <b>
        <Label label={label} />
      </b>
      <small>{describeDecider(value, decision.value)}</small>
      <Probabilities of={probabilities} />
    </section>
  );
}

function describeDecider(held: Status | null, decided: Decision | null): JSX.Element {
  const { live = null, isBaseline } = held?.live ?? {};
  const mode = held?.acting ? 'Acts on the targets.' : 'Watches only; nothing is touched.';
  if (live === null) return <>By the rule, no model is live. {mode}</>;
  return (
    <>
      {decided?.source === 'rule' ? 'By the rule; live is ' : 'By '}
      <Name text={live} />
      {isBaseline && ', which came with the product'}. {mode}
    </>
  );
}

function TopProcesses(): JSX.Element {
  const most = top.value[0]?.rssBytes ?? 1;
  return (
    <Card title="Largest processes" note="By resident memory, now.">
      <Table
        caption="Largest processes by resident memory"
        heads={['process', 'pid', 'resident', '~beside the largest']}
        numeric={[1, 2]}
        rows={top.value.map(({ pid, name, rssBytes }) => [
          <Name text={name} />,
          pid,
          writeBytes(rssBytes),
          <Bar share={rssBytes / most} />,
        ])}
        empty="No sample yet."
        class="with-bars"
      />
    </Card>
  );
}

const DAY_MS = 86_400_000;
const SHOWN_ACTIONS = 12;

/** What the daemon did in the last day, the newest first. */
function LastActions(): JSX.Element {
  const sinceMs = useMemo(() => hostNow() - DAY_MS, []);
  // Another one is told as a mark.
  const count = marks.value.filter(({ kind }) => kind === 'action').length;
  const { value } = useAnswer<Mark[]>(
    '/api/marks',
    { from: sinceMs, to: sinceMs + 2 * DAY_MS, count },
    60_000,
  );
  const actions = (value ?? []).filter(({ kind }) => kind === 'action').toReversed();
  const { mayAct, acting } = status.value ?? {};
  return (
    <Card
      title="Actions"
      note="What each freed, and what its target paid for it; of the last day."
      aside={
        mayAct === true && (
          <ActionButton
            action={acting === true ? 'pause' : 'resume'}
            title={acting === true ? 'Pause' : 'Resume'}
            question={
              acting === true
                ? 'It goes on to sample and to decide, but touches nothing until somebody resumes.'
                : 'It acts on its targets again.'
            }
            isGrave={acting === true}
          />
        )
      }
    >
      <Table
        caption="Actions with their gain and cost, the newest first"
        heads={['at', 'what', 'taken', 'freed', 'came back', 'waited']}
        numeric={[2, 3, 4, 5]}
        rows={actions.slice(0, SHOWN_ACTIONS).map(cellsOf)}
        empty={
          mayAct === true
            ? 'No action yet.'
            : 'None: this daemon only watches (start it with --act to let it act).'
        }
        class="tall"
        stacks
      />
    </Card>
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function cellsOf({ atMs, text, detail = {} }: Mark): (JSX.Element | string)[] {
  const kib = (name: string): string => writeKib(detail[name] as number | null | undefined);
  const stallUs = detail['target_stall_us'];
  const isReal = detail['mode'] === 'act';
  return [
    <Time ms={atMs} />,
    <span>
      {writeName(textOf(detail['actuator']))}
      <small>{isReal ? writeName(textOf(detail['scarce'])) : 'dry run'}</small>
      {typeof detail['error'] === 'string' && <small class="problem">{writeName(detail['error'])}</small>}
      {!isReal && <span class="hidden">{writeName(text)}</span>}
    </span>,
    isReal ? kib('taken_kib') : '–',
    isReal && detail['freed_kib'] == null ? 'unknown' : kib('freed_kib'),
    kib('returned_kib'),
    writeDuration(typeof stallUs === 'number' ? stallUs / 1000 : null),
  ];
}
