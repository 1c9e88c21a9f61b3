// Pictures of decisions and of what they were made from.
import { renderBars, renderFacts, renderRows } from './product-parts.ts';
import type { Picture } from './product-parts.ts';
import { fieldsOf, rowsOf, wordsOf, writeBytes, writeMs, writePercent, writeTime } from './product-values.ts';
import type { Fields } from './product-values.ts';

/** Labels in the order of a model's probabilities, where a result holds the numbers only. */
const LABELS = ['NoActionNeeded', 'ShouldOptimize', 'ShouldOptimizeAggressive', 'Critical'];

const modes: Readonly<Record<string, string>> = {
  act: 'acting',
  dry_run: 'dry run, nothing is done',
  none: 'nothing to do',
};

/** One decision: what, why, how sure, and what is planned. */
export function renderDecision(decision: Fields): Picture {
  const { mode, plan, refusals, action } = decision;
  const decisionUs = fieldsOf(decision['latency'])['decisionUs'];
  const advised = fieldsOf(action)['advisedBytes'];
  const planned = rowsOf(plan).map(({ budgetBytes, bytes, ...rest }) => ({
    ...rest,
    budget: writeBytes(budgetBytes),
    planned: writeBytes(bytes),
  }));
  return {
    title: `Decision: ${wordsOf(decision['label'])}`,
    facts: [
      ['why', wordsOf(decision['reason'])],
      ['mode', modes[wordsOf(mode)] ?? wordsOf(mode)],
      ['budget', writeBytes(decision['budgetBytes'])],
      ...(advised === undefined ? [] : [['advised', writeBytes(advised)] as const]),
      ['decided in', writeMs(typeof decisionUs === 'number' ? decisionUs / 1000 : undefined)],
      ['at', writeTime(decision['timestamp'])],
    ],
    parts: [
      renderBars('Probability', sharesOf(decision['probabilities']), writePercent),
      renderRows('Plan', ['target', 'actuator', 'budget', 'planned', 'regions'], planned),
      renderRows('Refused', ['rule', 'target', 'reason'], rowsOf(refusals)),
    ],
  };
}

function sharesOf(probabilities: unknown): Fields {
  if (!ArrayBuffer.isView(probabilities)) return fieldsOf(probabilities);
  return Object.fromEntries(
    [...(probabilities as Float32Array)].map((share, at) => [LABELS[at] ?? String(at), share]),
  );
}

/** A decision with its features, its safeguards and what page-out can free. */
export function renderExplanation(explanation: Fields): Picture {
  const { title, facts, parts = [] } = renderDecision(fieldsOf(explanation['decision']));
  const safeguards = rowsOf(explanation['safeguards']).map(({ rule, protects, reason }) => ({
    rule,
    says: reason ?? 'yes',
    'protects from': protects,
  }));
  const features = rowsOf(explanation['features']).map(({ name, value }) => [wordsOf(name), value] as const);
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
