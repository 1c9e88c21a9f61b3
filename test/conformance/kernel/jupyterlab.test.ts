// A real JupyterLab in a headless browser works with our kernel: typing, completion, output, the stop button
// and a widget. One notebook for all cases, in order, as a person would go on.
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
  });
});
