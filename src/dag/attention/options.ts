// Numbers that mechanisms take as options, refused where softmax would lose them.
import { attentionOptionError } from './errors.ts';

/** @throws RuvectorError `ERR_DAG_ATTENTION_OPTION` */
export function takeNumber(option: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw attentionOptionError(option, value, `give a number from ${least} to ${most}`);
}

/** @throws RuvectorError `ERR_DAG_ATTENTION_OPTION` */
export function takeWhole(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw attentionOptionError(option, value, `give a whole number from ${least} on`);
}
