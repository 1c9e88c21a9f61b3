// Style of a report: light and dark, from a phone to a wide screen. A notebook's own theme goes before that of the
// system. The contrast of every text is at least 4.5 : 1.

const light =
  '--rv-text:#212529;--rv-quiet:#5c636a;--rv-page:#f8f9fa;--rv-card:#fff;--rv-edge:#dee2e6;' +
  '--rv-main:#1971c2;--rv-other:#868e96;--rv-second:#c2410c;--rv-good:#2b8a3e;--rv-warn:#a15c00;' +
  '--rv-bad:#c92a2a;--rv-shade:25,113,194';
const dark =
  '--rv-text:#e9ecef;--rv-quiet:#a5adb5;--rv-page:#16191d;--rv-card:#1f2328;--rv-edge:#3b4148;' +
  '--rv-main:#74c0fc;--rv-other:#909aa3;--rv-second:#ffa94d;--rv-good:#69db7c;--rv-warn:#ffc078;' +
  '--rv-bad:#ff8787;--rv-shade:77,171,247';

/** Cells of a confusion matrix, by the tenths of their row. */
const shades = Array.from(
  { length: 11 },
  (_, tenths) =>
    `.rv-report .rv-s${tenths}{background:rgba(var(--rv-shade),${(0.06 + 0.05 * tenths).toFixed(2)})}`,
).join('\n');

/** Style sheet of `.rv-report`. */
export const reportStyle = `
.rv-report{${light}}
@media (prefers-color-scheme:dark){.rv-report{${dark}}}
[data-jp-theme-light="true"] .rv-report{${light}}
[data-jp-theme-light="false"] .rv-report,.vscode-dark .rv-report{${dark}}
.rv-report{box-sizing:border-box;font:15px/1.5 system-ui,sans-serif;color:var(--rv-text);background:var(--rv-page);max-width:1060px;margin:0 auto;padding:24px;overflow-wrap:anywhere}
.rv-report *{box-sizing:border-box}
.rv-report h1{font-size:20px;line-height:1.35;margin:0 0 6px;font-weight:600}
.rv-report h2{font-size:16px;margin:0 0 2px;font-weight:600}
.rv-report p{margin:2px 0 10px;color:var(--rv-quiet)}
.rv-report .rv-verdict{border-left:4px solid var(--rv-warn);padding-left:14px}
.rv-report .rv-better{border-color:var(--rv-good)}.rv-report .rv-worse{border-color:var(--rv-bad)}
.rv-report .rv-cards{columns:340px 2;column-gap:14px;margin-top:18px}
.rv-report .rv-card{background:var(--rv-card);border:1px solid var(--rv-edge);border-radius:8px;padding:14px;margin:0 0 14px;break-inside:avoid}
.rv-report .rv-wide{column-span:all}
.rv-report svg{display:block;width:100%;max-width:460px;height:auto;margin:4px 0;color:var(--rv-text)}
.rv-report svg text{fill:currentColor}.rv-report svg .quiet{fill:var(--rv-quiet)}
.rv-report .grid{stroke:var(--rv-edge)}.rv-report .dash{stroke:var(--rv-other);stroke-dasharray:4 3}
.rv-report .main{fill:var(--rv-main)}.rv-report .other{fill:var(--rv-other)}.rv-report .second{fill:var(--rv-second)}
.rv-report .soft{fill:var(--rv-main);fill-opacity:.28}.rv-report .softer{fill:var(--rv-second);fill-opacity:.28}
.rv-report .main-line{stroke:var(--rv-main);stroke-width:1.8}.rv-report .other-line{stroke:var(--rv-other);stroke-width:1.8}.rv-report .second-line{stroke:var(--rv-second);stroke-width:1.8}
.rv-report .text-line{stroke:var(--rv-text);stroke-width:1.2}
.rv-report table{border-collapse:collapse;width:100%;font-size:13.5px;color:inherit;background:none;margin:0}
.rv-report caption{text-align:left;color:var(--rv-quiet);padding:0 0 4px}
.rv-report tr,.rv-report tbody tr:nth-child(odd){background:none}
.rv-report th,.rv-report td{border:0;border-bottom:1px solid var(--rv-edge);padding:5px 8px 5px 0;vertical-align:top;font-weight:400;white-space:normal}
.rv-report.rv-report th,.rv-report.rv-report td{text-align:left}
.rv-report thead th{color:var(--rv-quiet);vertical-align:bottom}
.rv-report.rv-report .n{text-align:right;font-variant-numeric:tabular-nums;padding-right:0;padding-left:8px}
.rv-report .n,.rv-report .rv-facts th{overflow-wrap:normal}.rv-report td.n{white-space:nowrap}
.rv-report .rv-facts th{width:9.5em;padding-right:12px;color:var(--rv-quiet)}
.rv-report .own th,.rv-report .own td{font-weight:600}.rv-report .own small{font-weight:400}
.rv-report small{display:block;color:var(--rv-quiet);font-size:12px}
.rv-report .rv-matrix td{text-align:center;font-variant-numeric:tabular-nums;border:2px solid var(--rv-card);padding:7px 4px;border-radius:5px;min-width:36px;white-space:nowrap;overflow-wrap:normal}
.rv-report .rv-matrix thead th{text-align:center;border:0}.rv-report .rv-matrix tbody th{border:0;white-space:nowrap;overflow-wrap:normal;vertical-align:middle}.rv-report .rv-matrix thead th:first-child{text-align:left}
${shades}
.rv-report details{margin-top:8px}.rv-report summary{cursor:pointer;color:var(--rv-quiet);font-size:13px}
.rv-report .rv-scroll{overflow-x:auto}
.rv-report code{font-size:12.5px;background:none;color:inherit}
.rv-report abbr{text-decoration:none}
@media (max-width:480px){.rv-report{padding:14px 10px}.rv-report .rv-card{padding:12px}.rv-report h1{font-size:18px}.rv-report .rv-matrix{font-size:12.5px}}
`;
