// A real JupyterLab in a headless browser works with our kernel: typing, completion, output, the stop button,
// a widget and the debugger. One notebook for all cases, in order, as a person would go on.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLab } from '../../support/kernel/jupyter-lab.ts';
import type { LabNotebook } from '../../support/kernel/jupyter-lab.ts';
import { createJupyter } from '../../support/kernel/jupyter.ts';
import type { TestJupyter } from '../../support/kernel/jupyter.ts';

const TIMEOUT_MS = 300_000;
let jupyter: TestJupyter;
let lab: LabNotebook;

beforeAll(async () => {
  jupyter = await createJupyter();
  lab = await openLab(jupyter);
}, TIMEOUT_MS);
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  jupyter[Symbol.dispose]();
}, TIMEOUT_MS);

describe('execute_request from JupyterLab', { timeout: TIMEOUT_MS }, () => {
  it('shows the value of a cell when it is run', async () => {
    await lab.run("const people = [{ firstName: 'Ada', age: 36 }]; people.length + 41");
    await lab.seeOutput('42');
  });

  it('completes the members of a value when Tab is pressed', async () => {
    await lab.type('people[0].');
    await lab.page.keyboard.press('Tab');
    await lab.see('.jp-Completer');
    const names = await lab.page.$$eval('.jp-Completer-match', (found) => found.map((e) => e.textContent));
    expect(names).toEqual(expect.arrayContaining(['age', 'firstName']));
    await lab.page.keyboard.type('fir');
    await lab.page.waitForFunction("document.querySelectorAll('.jp-Completer-item').length === 1");
    await lab.page.keyboard.press('Enter');
    await lab.page.waitForFunction("document.activeElement.textContent === 'people[0].firstName'");
    await lab.run();
    await lab.seeOutput("'Ada'");
  });

  it('stops an endless loop by its button and keeps the state', async () => {
    await lab.run('let turns = 0; for (;;) turns++;');
    await lab.seeKernel('busy');
    await lab.page.click('[data-jp-item-name="interrupt"] jp-button');
    await lab.seeKernel('idle');
    await lab.seeOutput('KeyboardInterrupt');
    await lab.run('`kept ${people[0].firstName} ${turns > 0}`');
    await lab.seeOutput('kept Ada true');
  });

  it('runs the handler of a slider when it is moved', async () => {
    await lab.run(
      "const slider = widgets.slider({ min: 0, max: 10, value: 3 }); slider.onChange((at) => console.log('moved to', at)); slider",
    );
    await lab.see('.widget-slider .noUi-handle');
    await lab.page.focus('.widget-slider .noUi-handle');
    await lab.page.keyboard.press('ArrowRight');
    await lab.seeOutput('moved to 4');
    await lab.run('`now ${slider.value}`');
    await lab.seeOutput('now 4');
  });

  it('colours a cell as Python as long as it begins with %%python', async () => {
    const mimeType = 'window.jupyterapp.shell.currentWidget.content.activeCell.model.mimeType';
    const usual = await lab.page.evaluate(mimeType);
    await lab.type('%%python');
    await lab.page.keyboard.press('Enter');
    await lab.page.keyboard.type('pass');
    await lab.page.waitForFunction(`${mimeType} === 'text/x-python'`);
    // A keyword of Python and a name in TypeScript.
    await lab.page.waitForFunction(
      "[...document.querySelectorAll('.jp-Notebook .jp-Cell:last-child .cm-line span')].some((e) => e.textContent === 'pass' && getComputedStyle(e).fontWeight >= 700)",
    );
    await lab.page.keyboard.down('Control');
    await lab.page.keyboard.press('Home');
    await lab.page.keyboard.up('Control');
    await lab.page.keyboard.press('Delete');
    await lab.page.waitForFunction(`${mimeType} === ${JSON.stringify(usual)}`);
    // What comes next begins in an empty cell.
    await lab.page.keyboard.down('Control');
    await lab.page.keyboard.press('a');
    await lab.page.keyboard.up('Control');
    await lab.page.keyboard.press('Delete');
  });
});

describe('debug_request from JupyterLab', { timeout: TIMEOUT_MS }, () => {
  const lines = [
    'let total = 0;',
    'const parts: number[] = [20, 22];',
    'total += parts[0];',
    'total += parts[1];',
    '`total ${total}`',
  ];
  /** The cell that is debugged. */
  const CELL = '.jp-Notebook .jp-Cell:nth-last-child(1 of .jp-CodeCell:has(.cm-line:nth-child(5)))';

  it('lists the variables of the notebook when the debugger is turned on', async () => {
    await lab.page.click('.jp-DebuggerBugButton');
    await lab.see('.jp-DebuggerBugButton[aria-pressed="true"]');
    await seeIn('.jp-DebuggerVariables', ['people', 'turns', 'slider']);
  });

  it('stops at a breakpoint that is set by a click beside a line', async () => {
    await lab.type('');
    await lab.page.keyboard.sendCharacter(lines.join('\n'));
    await lab.see(`${CELL} .cm-breakpoint-gutter`);
    await clickGutter(3);
    await lab.see(`${CELL} .cm-gutterElement:not([style*="hidden"]) .cm-breakpoint-icon`);
    // The kernel has it, too.
    await lab.see('.jp-DebuggerBreakpoints .jp-DebuggerBreakpoint');
    await lab.run();
    await lab.see(`${CELL} .jp-DebuggerEditor-highlight`);
    expect(await highlighted()).toBe(lines[2]);
    await seeIn('.jp-DebuggerCallstack', ['cell', '3']);
    await seeIn('.jp-DebuggerVariables', ['total0', 'partsArray(2) [20, 22]']);
  });

  it('steps to the next line and shows what has changed', async () => {
    await lab.page.click('[data-command="debugger:next"]');
    await lab.page.waitForFunction(
      `(${highlightOf})(${JSON.stringify(CELL)}) === ${JSON.stringify(lines[3])}`,
    );
    await seeIn('.jp-DebuggerVariables', ['total20']);
  });

  it('goes on to the end of the cell', async () => {
    await lab.page.click('[data-command="debugger:continue"]');
    await lab.seeOutput('total 42');
    await lab.page.click('.jp-DebuggerBugButton');
    await lab.see('.jp-DebuggerBugButton[aria-pressed="false"]');
    await lab.run('`after ${total}`');
    await lab.seeOutput('after 42');
  });

  const highlightOf = '(cell) => document.querySelector(`${cell} .jp-DebuggerEditor-highlight`)?.textContent';
  const highlighted = (): Promise<unknown> => lab.page.evaluate(`(${highlightOf})(${JSON.stringify(CELL)})`);

  async function seeIn(selector: string, texts: readonly string[]): Promise<void> {
    const all = JSON.stringify(texts);
    await lab.page.waitForFunction(
      `${all}.every((text) => document.querySelector('${selector}')?.textContent.includes(text))`,
    );
  }

  async function clickGutter(line: number): Promise<void> {
    const at = (await lab.page.evaluate(`(() => {
      const cell = document.querySelector(${JSON.stringify(CELL)});
      const row = cell.querySelector('.cm-line:nth-child(${line})').getBoundingClientRect();
      const gutter = cell.querySelector('.cm-breakpoint-gutter').getBoundingClientRect();
      return { x: gutter.left + gutter.width / 2, y: row.top + row.height / 2 };
    })()`)) as { x: number; y: number };
    await lab.page.mouse.click(at.x, at.y);
  }
});
