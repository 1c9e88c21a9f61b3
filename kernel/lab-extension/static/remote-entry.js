// An extension of JupyterLab 4 and Notebook 7: cells of this kernel that begin with `%%python` are coloured as Python. The
// front ends know one language a notebook. Written as the container that they load (module federation), so that it needs
// no build and no package of JupyterLab's: https://jupyterlab.readthedocs.io/en/stable/extension/extension_dev.html
(() => {
  const NAME = 'ruvector-python-cells';
  const IMPLEMENTATION = 'ruvector-memopt';
  const PYTHON = 'text/x-python';
  let shared = null;

  const isPython = (source) => /^\s*%%python\b/.test(source);

  /** Gives a cell the language of what it holds, now and whenever that changes. */
  function watchCell(cell, state) {
    if (state.cells.has(cell) || cell.type !== 'code') return;
    state.cells.add(cell);
    const update = () => {
      const usual = state.mimeType();
      if (!state.isOurs || usual === undefined) return;
      const wanted = isPython(cell.sharedModel.getSource()) ? PYTHON : usual;
      if (cell.mimeType !== wanted) cell.mimeType = wanted;
    };
    state.updates.add(update);
    cell.sharedModel.changed.connect(update);
    // The notebook sets its own language on every cell when a kernel tells it.
    cell.mimeTypeChanged.connect(update);
    update();
  }

  function watchCells(panel, state) {
    const cells = panel.content.model?.cells;
    if (!cells) return;
    const look = () => {
      for (const cell of cells) watchCell(cell, state);
    };
    cells.changed.connect(look);
    look();
  }

  function watchPanel(panel) {
    const state = {
      isOurs: false,
      cells: new WeakSet(),
      updates: new Set(),
      mimeType: () => panel.content.codeMimetype,
    };
    const { sessionContext } = panel;
    const readKernel = async () => {
      const info = await sessionContext.session?.kernel?.info;
      state.isOurs = info?.implementation === IMPLEMENTATION;
      for (const update of state.updates) update();
    };
    sessionContext.kernelChanged.connect(() => void readKernel());
    panel.content.modelContentChanged?.connect(() => watchCells(panel, state));
    void panel.context.ready.then(() => watchCells(panel, state));
    void sessionContext.ready.then(readKernel);
  }

  async function loadPlugin() {
    const [notebook] = Object.values(shared['@jupyterlab/notebook']);
    const { INotebookTracker } = (await notebook.get())();
    const plugin = {
      id: `${NAME}:plugin`,
      description: 'Colours %%python cells as Python.',
      autoStart: true,
      requires: [INotebookTracker],
      activate: (_app, tracker) => {
        tracker.forEach(watchPanel);
        tracker.widgetAdded.connect((_tracker, panel) => watchPanel(panel));
      },
    };
    return () => ({ __esModule: true, default: plugin });
  }

  window._JUPYTERLAB ??= {};
  window._JUPYTERLAB[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: () => loadPlugin(),
  };
})();
