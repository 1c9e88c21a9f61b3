// What happened, in words: a table beside the charts in which it is marked.
import type { JSX } from 'preact';
import type { Mark } from './api.ts';
import { signOf } from './charts/draw-marks.ts';
import { Table, Time } from './parts.tsx';
import { writeDuration, writeLabel, writeName } from './text.ts';

const kindWords: Readonly<Record<Mark['kind'], string>> = {
  swap: 'model',
  action: 'action',
  alert: 'alert',
  gap: 'gap',
  label: 'label',
};

/** The newest first; each is a link to its moment. */
export function MarkTable(props: {
  readonly marks: readonly Mark[];
  readonly most: number;
  readonly linkOf: (mark: Mark) => string;
  readonly empty: string;
}): JSX.Element {
  return (
    <Table
      caption="What happened, the newest first"
      heads={['at', 'kind', 'what', 'until']}
      rows={props.marks
        .toReversed()
        .slice(0, props.most)
        .map((mark) => [
          <a href={props.linkOf(mark)}>
            <Time ms={mark.atMs} />
          </a>,
          <span class={`kind kind-${mark.kind}`}>
            {signOf(mark.kind)} {kindWords[mark.kind] ?? mark.kind}
          </span>,
          mark.kind === 'label' ? writeLabel(mark.text) : writeName(mark.text),
          describeEnd(mark),
        ])}
      empty={props.empty}
      class="tall"
    />
  );
}

/** An alert also says when it was over. */
function describeEnd({ kind, atMs, untilMs }: Mark): JSX.Element | string {
  if (untilMs === null) return kind === 'alert' ? 'still on' : '';
  if (untilMs <= atMs) return '';
  return (
    <>
      <Time ms={untilMs} /> <small>after {writeDuration(untilMs - atMs)}</small>
    </>
  );
}
