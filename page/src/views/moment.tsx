// One moment: who held the memory, what was decided and why, and the same as a line of code for a notebook.
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Decision, Moment, ProcessUse } from '../api.ts';
import {
  Bar,
  Card,
  Facts,
  Folded,
  Label,
  Name,
  Probabilities,
  Problem,
  Snippet,
  Table,
  Time,
} from '../parts.tsx';
import { goTo, route } from '../route.ts';
import { sumOf, writeBytes, writeKib, writeName, writePercent, writeRate } from '../text.ts';
import { span } from './history.ts';
import { useAnswer } from './use-answer.ts';

export function MomentPanel({ atMs }: { readonly atMs: number }): JSX.Element {
  const { value, error } = useAnswer<Moment>('/api/moment', { at: atMs });
  const panel = useRef<HTMLElement>(null);
  // Who opened it with the keyboard goes on in it.
  useEffect(() => panel.current?.focus({ preventScroll: innerWidth > 900 }), []);
  const go = (next: number | null): void =>
    goTo('then', { from: span.peek().fromMs, to: span.peek().toMs, at: next }, true);
  // From the address, which is newer than what is drawn.
  const step = (byMs: number): void => go(Number(route.peek().params['at'] ?? atMs) + byMs);
  return (
    <aside
      class="moment"
      ref={panel}
      tabIndex={-1}
      aria-label="The moment"
      onKeyDown={({ key }) => key === 'Escape' && go(null)}
    >
      <header class="card-head">
        <h2>
          At <Time ms={value?.atMs ?? atMs} />
        </h2>
        <div class="buttons">
          <button type="button" aria-label="One second earlier" onClick={() => step(-1000)}>
            ←
          </button>
          <button type="button" aria-label="One second later" onClick={() => step(1000)}>
            →
          </button>
          <button type="button" aria-label="Close the moment" onClick={() => go(null)}>
            ✕
          </button>
        </div>
      </header>
      {error !== null && <Problem error={error} />}
      {value !== null && <MomentContent moment={value} />}
    </aside>
  );
}

function MomentContent({ moment }: { readonly moment: Moment }): JSX.Element {
  const { memory, processes, decision, snippet } = moment;
  return (
    <>
      {memory !== null && (
        <Facts
          facts={[
            ['used', writeKib(memory['mem_used_kib'])],
            ['available', writeKib(memory['mem_available_kib'])],
            ['cached', writeKib(memory['cached_kib'])],
            ['swap', writeKib(memory['swap_used_kib'])],
            ['pressure some', writePercent(memory['psi_memory_some_percent'])],
            ['full', writePercent(memory['psi_memory_full_percent'])],
            ['refaults', writeRate(sumOf(memory['refault_file_per_s'], memory['refault_anon_per_s']))],
          ]}
        />
      )}
      <Card title="Who held the memory" note={describeLook(moment)}>
        <Processes processes={processes} />
      </Card>
      {decision === null ? (
        <p class="note">No decision is kept of this moment.</p>
      ) : (
        <Decided decision={decision} />
      )}
      {snippet !== null && (
        <Card title="In a notebook" note="The same moment as data.">
          <Snippet code={snippet.typescript} language="TypeScript" />
          <Snippet code={snippet.python} language="Python" />
        </Card>
      )}
    </>
  );
}

/** The look at the processes that is nearest, when it was not at this moment. */
function describeLook({ atMs, processesAtMs }: Moment): JSX.Element | undefined {
  if (processesAtMs == null || Math.abs(processesAtMs - atMs) < 1500) return undefined;
  return (
    <>
      Processes as of <Time ms={processesAtMs} />, the look nearest to this moment.
    </>
  );
}

function Processes({ processes }: { readonly processes: readonly ProcessUse[] }): JSX.Element {
  const most = processes[0]?.rssBytes ?? 1;
  return (
    <Table
      caption="Processes by resident memory at this moment"
      heads={['process', 'pid', 'resident', '~beside the largest']}
      numeric={[1, 2]}
      rows={processes
        .slice(0, 12)
        .map(({ pid, name, rssBytes }) => [
          <Name text={name} />,
          pid,
          writeBytes(rssBytes),
          <Bar share={rssBytes / most} />,
        ])}
      empty="No process was recorded then."
      class="with-bars"
    />
  );
}

const modeWords: Readonly<Record<string, string>> = {
  act: 'acted',
  dry_run: 'dry run: nothing was touched',
  none: 'no target to act on',
};

function Decided({ decision }: { readonly decision: Decision }): JSX.Element {
  const { label, probabilities, reason, source, modelVersion, mode, features } = decision;
  const facts: (readonly [string, JSX.Element | string])[] = [
    ['by', modelVersion ? <Name text={modelVersion} /> : (source ?? '–')],
    ['mode', modeWords[mode ?? ''] ?? '–'],
    ...(reason ? [['because', writeName(reason)] as const] : []),
  ];
  return (
    <Card title={decision.isRecomputed ? 'What would be decided' : 'What was decided'}>
      <p>
        <Label label={label} />
      </p>
      <Probabilities of={probabilities} />
      <Facts facts={facts} />
      {features && Object.keys(features).length > 0 && (
        <Folded title={`Its ${Object.keys(features).length} features`}>
          {() => (
            <Table
              caption="Features of the decision"
              heads={['feature', 'value']}
              numeric={[1]}
              rows={Object.entries(features).map(([name, value]) => [
                writeName(name),
                value == null ? '–' : value.toLocaleString('en', { maximumSignificantDigits: 5 }),
              ])}
              class="tall"
            />
          )}
        </Folded>
      )}
    </Card>
  );
}
