// Pictures of decisions, of what they were made from, and of what became of actions.
import { escapeHtml } from './html-text.ts';
import { renderBars, renderFacts, renderRows } from './product-parts.ts';
import type { Fact, Picture } from './product-parts.ts';
import {
  fieldsOf,
  numberOf,
  recordsOf,
  wordsOf,
  writeBytes,
  writeCount,
  writeMs,
  writePercent,
  writeTime,
} from './product-values.ts';
import type { Fields } from './product-values.ts';
import { Array, ArrayBuffer, Object, String } from '../primordials.ts';

/** Labels in the order of a model's probabilities, where a result holds the numbers only. */
const LABELS = ['NoActionNeeded', 'ShouldOptimize', 'ShouldOptimizeAggressive', 'Critical'];

const modes: Readonly<Record<string, string>> = {
  act: 'acting',
  dry_run: 'dry run, nothing is done',
  none: 'nothing to do',
};

const goals: Readonly<Record<string, string>> = {
  relieve: 'relieve: acts only while somebody is short whom it can help',
  save: 'save: acts within the stall budget, though nobody is short',
};

/** One decision: what, why, how sure, who is short, and what is planned on what evidence. */
export function drawDecision(decision: Fields): Picture {
  const { plan, refusals, action } = decision;
  const decisionUs = fieldsOf(decision['latency'])['decisionUs'];
  const advised = fieldsOf(action)['advisedBytes'];
  const shortages = recordsOf(decision['shortages']);
  const goal = decision['goal'];
  return {
    title: `Decision: ${wordsOf(decision['label'])}`,
    facts: [
      ['why', wordsOf(decision['reason'])],
      ['mode', describeMode(decision)],
      ...(goal === undefined ? [] : [['goal', goals[wordsOf(goal)] ?? wordsOf(goal)] as const]),
      ...(Array.isArray(decision['shortages']) && shortages.length === 0
        ? [['short', 'nobody whom a target could help'] as const]
        : []),
      ['budget', writeBytes(decision['budgetBytes'])],
      ...(advised === undefined ? [] : [['advised', writeBytes(advised)] as const]),
      ['decided in', writeMs(typeof decisionUs === 'number' ? decisionUs / 1000 : undefined)],
      ['at', writeTime(decision['timestamp'])],
    ],
    parts: [
      renderBars('Probability', sharesOf(decision['probabilities']), writePercent),
      renderRows(
        'Short of memory',
        ['who', 'how badly', 'evidence', 'missing'],
        shortages.map(describeShortage),
      ),
      renderRows(
        'Plan',
        ['target', 'actuator', 'budget', 'planned', 'regions', 'would free', 'may cost'],
        recordsOf(plan).map(describePlan),
      ),
      ...recordsOf(plan).map(renderEvidence),
      renderRows('Refused', ['rule', 'target', 'reason'], recordsOf(refusals)),
    ],
  };
}

/** A label that asks for action, and none: what keeps it back, for there is something to do. */
function describeMode({ mode, label, shortages, refusals }: Fields): string {
  const words = wordsOf(mode);
  if (words !== 'none' || label === 'NoActionNeeded') return modes[words] ?? words;
  const [refusal] = recordsOf(refusals);
  if (refusal !== undefined) return `nothing is done: ${wordsOf(refusal['reason'])}`;
  return Array.isArray(shortages) && shortages.length === 0
    ? 'nothing is done: nobody is short whom a target could help'
    : 'nothing is done: nothing can be taken';
}

const describeShortage = ({ who, label, evidence, missingBytes }: Fields): Fields => ({
  who,
  'how badly': label,
  evidence,
  missing: writeBytes(missingBytes),
});

/** A plan beside its evidence. A dry run watches nothing, so all it can say is what it would look at. */
function describePlan({ budgetBytes, bytes, watchBytes, evidence, ...rest }: Fields): Fields {
  const { freesBytes, mayCostUs } = fieldsOf(evidence);
  const mustWatch = bytes === 0 && numberOf(watchBytes) > 0;
  return {
    ...rest,
    budget: writeBytes(budgetBytes),
    planned: mustWatch ? `first watch ${writeBytes(watchBytes)}` : writeBytes(bytes),
    'would free': writeBytes(freesBytes),
    'may cost': writeMs(typeof mayCostUs === 'number' ? mayCostUs / 1000 : undefined),
  };
}

/** Why this target, in full: a cell of a table would cut it short. */
function renderEvidence({ target, evidence }: Fields): string {
  const { reason } = fieldsOf(evidence);
  if (typeof reason !== 'string') return '';
  return `<p style="margin:.2em 0">${escapeHtml(`${wordsOf(target)}: ${reason}`)}</p>`;
}

/** Gain and cost of all actions together. */
export function factsOfOutcomes(outcomes: Fields): readonly Fact[] {
  const { actions, unknown, takenKib, freedKib, returnedKib, majorFaults, stallUs } = outcomes;
  if (typeof actions !== 'number') return [];
  if (actions === 0) return [['given back', 'nothing was taken yet']];
  const isUnknown = unknown === actions;
  const counted = numberOf(unknown) > 0 && !isUnknown ? `, unknown for ${writeCount(unknown)} of them` : '';
  return [
    [
      'given back',
      `${isUnknown ? 'unknown' : writeKib(freedKib)} of ${writeKib(takenKib)} taken in ${writeCount(actions)} actions${counted}`,
    ],
    [
      'cost',
      `${writeKib(returnedKib)} came back within the windows, ${writeCount(majorFaults)} major faults, ` +
        `${writeMs(numberOf(stallUs) / 1000)} waited`,
    ],
  ];
}

const writeKib = (kib: unknown): string => writeBytes(typeof kib === 'number' ? kib * 1024 : undefined);

function sharesOf(probabilities: unknown): Fields {
  if (!ArrayBuffer.isView(probabilities)) return fieldsOf(probabilities);
  return Object.fromEntries(
    [...(probabilities as Float32Array)].map((share, at) => [LABELS[at] ?? String(at), share]),
  );
}

/** A decision with its features, its safeguards and what page-out can free. */
export function drawExplanation(explanation: Fields): Picture {
  const { title, facts, parts = [] } = drawDecision(fieldsOf(explanation['decision']));
  const safeguards = recordsOf(explanation['safeguards']).map(({ rule, protects, reason }) => ({
    rule,
    says: reason ?? 'yes',
    'protects from': protects,
  }));
  const features = recordsOf(explanation['features']).map(
    ({ name, value }) => [wordsOf(name), value] as const,
  );
  return {
    title,
    facts: [...facts, ['page-out', wordsOf(explanation['backend'])]],
    parts: [
      ...parts,
      renderRows('Safeguards', ['rule', 'says', 'protects from'], safeguards),
      `<p style="margin:.8em 0 .2em"><b>Features</b></p>${renderFacts(features)}`,
    ],
  };
}
