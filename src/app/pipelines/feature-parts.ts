// Features and labels of memory snapshots as parts of pipeline files, as this home computes them.
import type { Home } from '../../core/index.ts';
import { defineTransform } from '../../pipeline/index.ts';
import type { TransformEntry } from '../../pipeline/index.ts';
import { featureStage, labelStage } from '../../prepare/stages/index.ts';
import { readFeatureSettings } from './feature-settings.ts';
import type { HistoryLink } from './history-link.ts';

/** Features in place of the columns they are computed of. */
export const featuresPart = (home: Home, history: HistoryLink): TransformEntry =>
  defineTransform({
    name: 'features',
    about: 'the features of training and live decisions, of memory snapshots in time order',
    options: {
      actions: {
        type: 'boolean',
        default: false,
        about: "know when the optimizer acted, from this host's history; else no action is known",
        example: true,
      },
    },
    create: ({ actions }) => {
      const { spec } = readFeatureSettings(home);
      return featureStage(spec, actions ? { actionTimes: () => readActionTimes(history) } : {});
    },
  });

/** Times of real actions, in order. */
async function readActionTimes(link: HistoryLink): Promise<number[]> {
  const history = await link.open();
  const events = await history.rows('optimization');
  return events.filter(({ mode }) => mode === 'act').map(({ timestamp }) => timestamp);
}

/** A column `label` by what happened next. */
export const labelPart = (home: Home): TransformEntry =>
  defineTransform({
    name: 'label',
    about:
      'a column `label` by what happened within the horizon, for memory snapshots in time order; put it before `features`',
    options: {
      horizonMs: {
        type: 'integer',
        unit: 'ms',
        range: { min: 1 },
        wanted: 'a time above 0',
        defaultText: 'that of the host, `60s` unless it was configured',
        about: 'how far a label looks ahead',
        example: 60_000,
      },
    },
    create: ({ horizonMs = readFeatureSettings(home).horizonMs }) => labelStage({ horizonMs }),
  });
