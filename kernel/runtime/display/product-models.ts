// Pictures of the registry and of the daemon: models, swaps, verifications, status.
import { factsOfOutcomes } from './product-decision.ts';
import { renderBars, renderRows } from './product-parts.ts';
import type { Fact, Picture } from './product-parts.ts';
import {
  fieldsOf,
  namesOf,
  recordsOf,
  wordsOf,
  writeBytes,
  writeCount,
  writeMs,
  writeTime,
} from './product-values.ts';
import type { Fields } from './product-values.ts';
import { Array, Math, Number, Object } from '../primordials.ts';

/** The models of a registry. Takes the list. */
export function drawModels(models: unknown): Picture {
  const facts = recordsOf(models).flatMap(({ name, aliases, versions, damaged }) => [
    ...namesOf(versions).map((version): Fact => [`${wordsOf(name)}@${version}`, aliasesOf(aliases, version)]),
    ...(Array.isArray(damaged) ? damaged : []).map((held: unknown): Fact => [
      `${wordsOf(name)}@${wordsOf(typeof held === 'string' ? held : fieldsOf(held)['version'])}`,
      'damaged',
    ]),
  ]);
  return { title: 'Models', facts };
}

const aliasesOf = (aliases: unknown, version: string): string =>
  Object.entries(fieldsOf(aliases))
    .filter(([, held]) => held === version)
    .map(([alias]) => alias)
    .join(', ');

/** How a change of the live model went. */
export function drawSwap(swap: Fields): Picture {
  const { verifyMs, loadMs, warmupMs, probeMs, drainMs } = fieldsOf(swap['steps']);
  const { swapUs } = swap;
  return {
    title: `Live: ${wordsOf(swap['reference'])}`,
    facts: [
      ['before', wordsOf(swap['previous'] ?? 'the rule')],
      ['in all', writeMs(swap['ms'])],
      ['the change itself', writeMs(typeof swapUs === 'number' ? swapUs / 1000 : undefined)],
      ['decisions meanwhile', writeCount(swap['decisionsMeanwhile'])],
      ['answers lost', writeCount(swap['answersLost'])],
      ['answers late', writeCount(swap['answersLate'])],
    ],
    parts: [
      renderBars(
        'Steps',
        { verify: verifyMs, load: loadMs, 'warm up': warmupMs, probe: probeMs, drain: drainMs },
        writeMs,
      ),
    ],
  };
}

/** A package against its golden rows. */
export function drawVerification(report: Fields): Picture {
  return {
    title: `Verified: ${wordsOf(report['name'])}@${wordsOf(report['version'] ?? '')}`,
    facts: [
      ['golden rows', writeCount(report['goldenRows'])],
      ['other labels', writeCount(report['labelMismatches'])],
      ['largest difference', Number(report['maxAbsDiff']).toPrecision(3)],
      ['verified in', writeMs(report['verifyMs'])],
      ['loaded in', writeMs(report['loadMs'])],
      ['warmed up in', writeMs(report['warmupMs'])],
    ],
  };
}

/** What the daemon takes itself, and whether it gives back more. */
function ownMemory(memory: Fields): readonly Fact[] {
  const { rssKib } = fieldsOf(memory['own']);
  const { reason } = fieldsOf(memory['paysOff']);
  return [
    ...(typeof rssKib === 'number' ? [['takes itself', writeBytes(rssKib * 1024)] as const] : []),
    ...(typeof reason === 'string' ? [['pays off', reason] as const] : []),
  ];
}

/** A running daemon. */
export function drawStatus(status: Fields): Picture {
  const config = fieldsOf(status['config']);
  const decisions = fieldsOf(status['decisions']);
  const memory = fieldsOf(status['memory']);
  const { totalKib, availableKib } = memory as { totalKib?: number; availableKib?: number };
  const kinds = Object.entries(fieldsOf(fieldsOf(status['history'])['kinds'])).map(([table, held]) => {
    const { rows, firstMs, lastMs } = fieldsOf(held);
    return { table, rows: writeCount(rows), from: writeTime(firstMs), to: writeTime(lastMs) };
  });
  return {
    title: `Daemon ${wordsOf(status['pid'])} ${status['acting'] === true ? 'acts' : 'looks on (dry run)'}`,
    facts: [
      ['home', wordsOf(status['home'])],
      ['up', `${writeCount(Math.round(Number(status['uptimeSeconds'])))} s`],
      ['rate', `${wordsOf(config['hz'])} Hz`],
      ['live model', wordsOf(fieldsOf(status['model'])['live'] ?? 'none: the rule decides')],
      ...(totalKib && availableKib
        ? [
            [
              'memory',
              `${writeBytes(availableKib * 1024)} of ${writeBytes(totalKib * 1024)} available`,
            ] as const,
          ]
        : []),
      ['decisions', writeCount(decisions['decisions'])],
      ['failed', writeCount(decisions['failures'])],
      ...factsOfOutcomes(fieldsOf(decisions['outcomes'])),
      ...ownMemory(memory),
    ],
    parts: [
      renderBars('Decisions by label', fieldsOf(decisions['byLabel'])),
      renderRows('History', ['table', 'rows', 'from', 'to'], kinds),
    ],
  };
}
