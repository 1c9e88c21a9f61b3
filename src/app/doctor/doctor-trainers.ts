// What `doctor` says of trainers: which frameworks the Python that trains has. Looked for without importing them, which
// takes seconds.
import { checkPython, findPython } from '../../train/index.ts';
import type { Check } from './check.ts';

/** Packages of each extra of ruvector-memopt, as python/pyproject.toml has them. */
const extras: Readonly<Record<string, readonly string[]>> = {
  boosting: ['lightgbm', 'xgboost'],
  torch: ['torch', 'onnxscript'],
  keras: ['keras'],
  search: ['optuna'],
  skops: ['skops'],
  mlflow: ['mlflow'],
};

/** scikit-learn is always there; each other framework is an extra. */
export const trainersCheck: Check = {
  name: 'Trainers',
  severity: 'limited',
  costs: 'estimators of the missing frameworks cannot be trained; the others can',
  fix: "pip install 'ruvector-memopt[trainers]'   (or the missing extras alone)",
  look: async () => {
    const python = await findPython().catch(() => {
      throw new Error('not looked at: no Python can train');
    });
    const { missing } = await checkPython(python, { packages: Object.values(extras).flat() });
    const lacking = Object.entries(extras).filter(([, packages]) =>
      packages.some((name) => missing.includes(name)),
    );
    const there = [
      'scikit-learn',
      ...Object.keys(extras).filter((extra) => !lacking.some(([name]) => name === extra)),
    ];
    if (lacking.length === 0) return there.join(', ');
    throw new Error(
      `${there.join(', ')}; missing: ` +
        lacking
          .map(
            ([extra, packages]) =>
              `${extra} (${packages.filter((name) => missing.includes(name)).join(', ')})`,
          )
          .join(', '),
    );
  },
};
