// The product's results as a daemon gave them, as notebooks show them.
import { describe, expect, it } from 'vitest';
import { buildTrainingReport } from '../../../src/pictures/index.ts';
import { buildMimeBundle } from '../../../kernel/runtime/display/mime-bundle.ts';
import {
  explanation,
  exportReport,
  models,
  swapReport,
  trainingCard,
  trainingExport,
  modelPackage,
  trainingReport,
  verification,
} from '../../support/kernel/product-results.ts';

const show = async (value: unknown): Promise<Record<string, string>> =>
  (await buildMimeBundle(value)).data as Record<string, string>;

/** What a reader sees of HTML, in one line. */
const read = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();

describe('showProduct()', () => {
  it('shows a training report: scores beside the baselines, the confusion matrix with its labels, rows by label', async () => {
    const data = await show(trainingReport);
    const html = data['text/html']!;
    expect(read(html)).toContain(`Model ${trainingReport.model} is live`);
    expect(read(html)).toContain(`gate ${trainingReport.verdict}`);
    expect(html.match(/<svg/g)).toHaveLength(3);
    for (const label of Object.keys(trainingReport.classCounts)) expect(html).toContain(`>${label}<`);
    for (const score of [trainingReport.macroF1, ...Object.values(trainingReport.baseline)])
      expect(html).toContain(`>${score.toFixed(3)}<`);
    for (const count of trainingReport.confusionMatrix.flat()) expect(html).toContain(`>${count}<`);
    expect(data['text/plain']).toMatch(/^Model memopt@.* is live\n {2}estimator +sklearn\.ensemble\./);
  });

  it('shows whether a model is better than the best rule, what matters to it and how it is calibrated', async () => {
    const data = await show(trainingReport);
    const html = data['text/html']!;
    expect(data['text/plain']).toContain('better: +0.282 over usageThreshold (95 %: +0.210 to +0.341)');
    expect(read(html)).toContain(trainingReport.comparison!.sentence);
    expect(read(html)).toContain(
      'How much worse macro-F1 gets on 388 held-out rows when the blocks of one feature are shuffled',
    );
    expect(read(html)).toContain('usage_percent +0.312 usage_trend −0.004');
    expect(read(html)).toContain('Expected calibration error (ECE): 0.082.');
    const comparison = { ...trainingReport.comparison!, better: null };
    const unsure = (await show({ ...trainingReport, comparison }))['text/plain']!;
    expect(unsure).toContain('not shown to be better: +0.282 over usageThreshold');
  });

  it('shows a training report of an older Python, which compared and calibrated nothing', async () => {
    const html = (await show({ ...trainingReport, comparison: null, calibration: null, importance: null }))[
      'text/html'
    ]!;
    expect(html.match(/<svg/g)).toHaveLength(1);
    expect(read(html)).toContain('It was held against no rule.');
  });

  it('shows a training report as the live page and Python do', async () => {
    const html = (await show(modelPackage))['text/html']!;
    const drawn = buildTrainingReport(modelPackage.manifest);
    for (const card of drawn.match(/<section class="rv-card"><h2>(?!Data)[\s\S]*?<\/section>/g)!)
      expect(html).toContain(card);
  });

  it('shows text where a training report has fields that cannot be drawn', async () => {
    const broken = { ...trainingReport, calibration: { ece: 1, bins: 7 }, confusionMatrix: 'none' };
    const data = await show(broken);
    expect(data).not.toHaveProperty('text/html');
    expect(data['text/plain']).toContain('training-report');
  });

  it('shows a package of the registry as it shows its training: scores, matrix, parameters, features', async () => {
    const html = (await show(modelPackage))['text/html']!;
    expect(read(html)).toContain(`Model ${trainingReport.model} `);
    for (const score of [trainingReport.macroF1, ...Object.values(trainingReport.baseline)])
      expect(html).toContain(`>${score.toFixed(3)}<`);
    for (const count of trainingReport.confusionMatrix.flat()) expect(html).toContain(`>${count}<`);
    for (const word of ['max_depth', 'usage_trend']) expect(html).toContain(word);
  });

  it('shows a decision and its explanation: why, how sure, safeguards, features', async () => {
    const decision = await show(explanation.decision);
    expect(decision['text/plain']).toContain(`why         ${explanation.decision.reason}`);
    for (const share of Object.values(explanation.decision.probabilities!))
      expect(read(decision['text/html']!)).toContain(`${(share * 100).toFixed(1)} %`);
    const html = read((await show(explanation))['text/html']!);
    expect(html).toContain(explanation.safeguards[0]!.protects);
    expect(html).toContain(explanation.features[0]!.name);
    expect(html).toContain(explanation.backend);
  });

  it('shows the plan and the refusals of a decision as the library gives it', async () => {
    const decision = {
      ...explanation.decision,
      mode: 'dry_run',
      probabilities: Float32Array.of(0.1, 0.2, 0.6, 0.1),
      goal: 'relieve',
      shortages: [
        {
          who: '/sys/fs/cgroup/a',
          label: 'ShouldOptimize',
          evidence: '14.6 % of its limit available',
          missingBytes: null,
        },
      ],
      plan: [
        {
          target: 'pid:4',
          actuator: 'madvise',
          budgetBytes: 2 ** 20,
          regions: 2,
          bytes: 2 ** 19,
          watchBytes: 0,
          evidence: {
            reason: `because it was not used ${'x'.repeat(300)} for 6 s`,
            freesBytes: 2 ** 18,
            mayCostUs: 1500,
          },
        },
      ],
      refusals: [{ rule: 'byte-limit', target: null, reason: 'x < y' }],
    };
    const html = (await show(decision))['text/html']!;
    expect(read(html)).toContain(
      'pid:4 madvise 1 MiB 512 KiB 2 256 KiB 1.5 ms pid:4: because it was not used',
    );
    expect(read(html)).toContain('x for 6 s');
    expect(read(html)).toContain('/sys/fs/cgroup/a ShouldOptimize 14.6 % of its limit available -');
    expect(read(html)).toContain('relieve: acts only while somebody is short');
    expect(read(html)).toContain('ShouldOptimizeAggressive 60.0 %');
    expect(html).toContain('x &lt; y');
  });

  it('says that nobody is short, and what would have to be watched before anything is planned', async () => {
    const { decision } = explanation;
    expect((await show(decision))['text/plain']).toMatch(/short +nobody whom a target could help\n/);
    const plan = [{ target: 'pid:4', budgetBytes: 2 ** 20, bytes: 0, watchBytes: 2 ** 22, evidence: {} }];
    expect(read((await show({ ...decision, plan }))['text/html']!)).toContain('1 MiB first watch 4 MiB');
  });

  it('shows of a daemon what was given back, what it cost and what it takes itself; unknown stays unknown', async () => {
    const outcomes = {
      actions: 2,
      unknown: 1,
      takenKib: 4096,
      freedKib: 2048,
      returnedKib: 512,
      majorFaults: 9,
    };
    const status = (more: object) => ({
      pid: 7,
      home: '/h',
      history: {},
      model: { live: null },
      memory: { own: { rssKib: 92_160 }, paysOff: { pays: false, reason: 'it does not pay here' } },
      decisions: { outcomes: { ...outcomes, stallUs: 2500, ...more } },
    });
    const text = (await show(status({})))['text/plain'];
    expect(text).toContain('2 MiB of 4 MiB taken in 2 actions, unknown for 1 of them');
    expect(text).toContain('512 KiB came back within the windows, 9 major faults, 2.5 ms waited');
    expect(text).toMatch(/takes itself +90 MiB\n/);
    expect(text).toContain('it does not pay here');
    expect((await show(status({ unknown: 2 })))['text/plain']).toContain('unknown of 4 MiB taken');
    expect((await show(status({ actions: 0 })))['text/plain']).toContain('nothing was taken yet');
  });

  it('shows exports: files, splits and privacy with what it does not protect', async () => {
    const training = read((await show(trainingExport))['text/html']!);
    expect(training).toContain(`Training set ${trainingExport.datasetId}`);
    for (const path of trainingExport.paths) expect(training).toContain(path);
    const html = read((await show(exportReport))['text/html']!);
    expect(html).toContain('Privacy of memory');
    expect(html).toContain('k reached');
    expect(html).toContain('Not protected');
  });

  it('shows the card of a training set', async () => {
    const data = await show(trainingCard);
    expect(data['text/plain']).toContain(trainingCard.sha256);
    expect(read(data['text/html']!)).toContain(trainingCard.features[0]!.how);
    expect(data['text/html']!.match(/<svg/g)).toHaveLength(3);
  });

  it('shows models, a swap with its steps, and a verification', async () => {
    expect((await show(models))['text/plain']).toMatch(/^Models\n {2}memopt@\S+ {2}live$/);
    expect((await show(swapReport))['text/plain']).toMatch(/answers lost +0\n/);
    expect(read((await show(swapReport))['text/html']!)).toContain('Steps verify');
    expect((await show(verification))['text/plain']).toMatch(/golden rows +256\n/);
  });

  it('leaves objects alone that only share a name with a result', async () => {
    for (const value of [
      { kind: 'decision' },
      { kind: 'training-report', manifest: {} },
      [],
      [{ name: 'x' }],
    ])
      expect(await show(value)).not.toHaveProperty('text/html');
  });
});
