// `completion`: the script by which a shell completes commands, flags and their values; and `complete`, which that
// script asks. By @bomb.sh/tab, which knows the dialects of the shells and reads what there is from commander.
import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';
import { print } from '../terminal.ts';
import { choicesOf } from './table-options.ts';

const EXAMPLES = `
Examples:
  $ source <(ruvector-memopt completion bash)     # this shell; into ~/.bashrc for all
  $ ruvector-memopt completion zsh > "\${fpath[1]}/_ruvector-memopt"
  $ ruvector-memopt completion fish > ~/.config/fish/completions/ruvector-memopt.fish`;

/** What the script of bash takes from the package bash-completion, for shells without it. */
const BASH_WORDS = `if ! declare -F _get_comp_words_by_ref >/dev/null; then
    _get_comp_words_by_ref() {
        words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD
        cur="\${COMP_WORDS[COMP_CWORD]}"; prev="\${COMP_WORDS[COMP_CWORD-1]}"
    }
fi
`;

/** Adds both, once all other commands are there. */
export function addCompletion(program: Command): void {
  const find = (name: string): Command => program.commands.find((command) => command.name() === name)!;
  // For completions alone: in help the values stand in the text already.
  if (process.argv[2] === 'complete') tellChoices(program);
  const root = tab(program, { completionCommandName: 'completion' });
  find('completion')
    .description('print the script by which bash, zsh, fish or powershell completes commands and flags')
    .addHelpText('after', EXAMPLES)
    .action((shell: string) =>
      print(
        fitScript(
          shell,
          capture(() => root.setup(program.name(), program.name(), shell)),
        ),
      ),
    );
  find('complete').action((words: string[]) => {
    const answer = capture(() => root.parse(words));
    // Nothing of ours may be a path: 0 leaves it to the shell, 4 would keep it from that.
    print(answer.trim() === ':4' ? ':0' : answer);
  });
}

/** The values of options whose table checks them, all at once and not here. */
function tellChoices(command: Command): void {
  for (const option of command.options) {
    const known = option.argChoices ?? choicesOf(option);
    if (known) option.argChoices = [...known];
  }
  for (const one of command.commands) tellChoices(one);
}

/** The package prints what it makes. */
function capture(act: () => void): string {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...parts: unknown[]) => void lines.push(parts.join(' '));
  try {
    act();
  } finally {
    console.log = log;
  }
  return lines.join('\n');
}

/** For a shell of any configuration, more than once, and with paths where nothing else fits. */
function fitScript(shell: string, script: string): string {
  if (shell !== 'bash') return script;
  const lines = script.replaceAll(/^readonly /gm, '').replaceAll(/^complete -F/gm, 'complete -o default -F');
  return `${BASH_WORDS}${lines}`;
}
