// A model of this home as a part of pipeline files.
import type { Home } from '../../core/index.ts';
import { modelStage, openRegistry } from '../../models/index.ts';
import { defineTransform } from '../../pipeline/index.ts';
import type { TransformEntry } from '../../pipeline/index.ts';
import { makeHome } from '../home.ts';

export const onnxPart = (home: Home): TransformEntry =>
  defineTransform({
    name: 'onnx',
    about: 'what a model of this home answers to the columns that it names',
    options: {
      model: { type: 'text', about: '`name`, `name@version` or `name@candidate`', example: 'memopt@live' },
      label: { type: 'text', default: 'predicted', about: 'name of the new column', example: 'state' },
      probabilities: {
        type: 'boolean',
        default: false,
        about: 'add the probability of each label, as `<column>_<label>`',
        example: true,
      },
    },
    required: ['model'],
    create: async ({ model, ...options }) => {
      makeHome(home);
      return modelStage(await (await openRegistry(home.models)).show(model), options);
    },
  });
