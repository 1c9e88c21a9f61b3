// Questions for help in the text of a cell, pure: `name?`, `name??`, `?name`, `%magic?`, as in IPython.
import { RegExp, String } from '../primordials.ts';

/** What a cell asks about. */
export interface HelpQuestion {
  /** A path of names, or a magic as it is written. */
  readonly subject: string;
  /** `??`: the source too. */
  readonly wantsSource: boolean;
}

const SUBJECT =
  /%{1,2}[A-Za-z_]\w*|[\p{ID_Start}$_][\p{ID_Continue}$]*(?:\.[\p{ID_Start}$_#][\p{ID_Continue}$]*|\[(?:\d+|"[^"\n]*"|'[^'\n]*')\])*/u;
const QUESTION = new RegExp(
  String.raw`^\s*(?:(\?{1,2})\s*(${SUBJECT.source})|(${SUBJECT.source})\s*(\?{1,2}))\s*;?\s*$`,
  'u',
);

/** Reads the question of a cell; null when it asks none. */
export function parseHelp(code: string): HelpQuestion | null {
  const [, before, subject, other, behind] = QUESTION.exec(code) ?? [];
  const found = subject ?? other;
  return found === undefined ? null : { subject: found, wantsSource: (before ?? behind) === '??' };
}
