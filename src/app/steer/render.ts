// What steering knows, as text for a terminal.
import type { QueryDag } from '../../dag/index.ts';
import type { TemplateExplanation, TemplateSummary } from '../../steer/index.ts';
import type { Comparison } from './compare.ts';

const ms = (value: number | null): string => (value === null ? '–' : value.toFixed(value < 10 ? 2 : 0));
const percent = (share: number | null): string => (share === null ? '–' : `${Math.round(share * 100)} %`);
const LONGEST = 64;

/** A row for each template. */
export function renderTemplates(templates: readonly TemplateSummary[]): string {
  const rows = templates.map(({ id, state, pass, runs, steered, defaultMs, arm, gain, text }) => [
    id,
    pass === null ? state : `passed: ${pass}`,
    String(runs),
    String(steered),
    ms(defaultMs),
    arm ?? '–',
    percent(gain),
    text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text,
  ]);
  return renderTable(
    ['template', 'state', 'runs', 'steered', 'default ms', 'arm', 'saves', 'statement'],
    rows,
  );
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((row) => row[i]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One sentence. */
export function renderComparison(comparison: Comparison, what: string): string {
  const { ratio, defaultMs, steeredMs, regressions, different } = comparison;
  const saved = ratio < 1 ? `${percent(1 - ratio)} less` : `${percent(ratio - 1)} more`;
  const answers = different === 0 ? 'the same rows' : `OTHER ROWS for ${different} of them`;
  return `${what}, interleaved: default ${ms(defaultMs)} ms, steered ${ms(steeredMs)} ms (${saved}), ${regressions} slower by over 20 % and 2 ms, ${answers}`;
}

/** Everything about one template. */
export function renderTemplate(found: TemplateExplanation): string {
  const { id, text, pass, policy, costs, tables, plan, cells } = found;
  const arms = (policy?.arms ?? []).map((arm) => [
    arm.arm,
    arm.status,
    String(arm.runs),
    ms(arm.medianMs),
    `${arm.wins} of ${arm.pairs}`,
    percent(arm.gain),
    costs[arm.arm] === undefined ? '–' : Math.round(costs[arm.arm]!).toString(),
    arm.reason,
  ]);
  return [
    `${id}  ${text}`,
    pass === null ? `gets ${found.arm ?? 'the default'}` : `is passed through: ${pass}`,
    ...(tables.length > 0 ? [`tables ${tables.join(', ')}`] : []),
    ...(policy?.invalidated ? [`last invalidated by ${policy.invalidated.why}`] : []),
    renderTable(['arm', 'status', 'runs', 'median ms', 'won', 'saves', 'cost', 'why'], arms),
    ...cells.map(
      ({ cell, probes, efSearch }) => `${cell}: hnsw.ef_search ${efSearch ?? 'open'} after ${probes} probes`,
    ),
    ...(plan ? ['default plan:', renderPlan(plan)] : []),
  ].join('\n');
}

/** Operators from the result down. */
function renderPlan(dag: QueryDag): string {
  const depths = dag.depths();
  const deepest = Math.max(...depths.values());
  return dag
    .topologicalOrder()
    .toReversed()
    .map((id) => {
      const { details, facts } = dag.node(id);
      const indent = '  '.repeat(1 + deepest - depths.get(id)!);
      const of = details['table'] ?? details['index'];
      return `${indent}${String(details['name'])}${of === undefined ? '' : ` ${String(of)}`}, about ${Math.round(facts.estimatedRows ?? 0)} rows`;
    })
    .join('\n');
}
