// How the demo's page looks: one column on a phone, the reader's light or dark theme. Colours are variables, which the
// charts read as well (report-charts.ts).

/** The style sheet. */
export const pageStyle = `
:root{color-scheme:light dark;--page:#f8f9fa;--card:#fff;--ink:#212529;--quiet:#5c636a;--line:#dee2e6;--grid:#e9ecef;
--blue:#1971c2;--orange:#d9480f;--gray:#868e96;--teal:#0b7285;--green:#5c940d;--violet:#9c36b5;--red:#c92a2a;--ink2:#343a40}
@media (prefers-color-scheme:dark){:root{--page:#15181b;--card:#1e2226;--ink:#e9ecef;--quiet:#a5adb5;--line:#3a4046;--grid:#2b3035;
--blue:#5aa9f0;--orange:#ff922b;--gray:#9aa2aa;--teal:#3bc9db;--green:#a9e34b;--violet:#da77f2;--red:#ff8787;--ink2:#ced4da}}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--page);margin:0 auto;max-width:1060px;padding:24px}
h1{font-size:24px;line-height:1.25;margin:0 0 4px}h2{font-size:17px;margin:28px 0 0}p{margin:2px 0 8px;color:var(--quiet)}
p.conclusion{color:var(--ink);font-size:18px;margin:14px 0}
code{font-size:13px;overflow-wrap:anywhere}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:18px 0}
.tile,.chart,.story{background:var(--card);border:1px solid var(--line)}
.tile{border-radius:8px;padding:12px 14px}.tile b{display:block;font-size:24px;white-space:nowrap}.tile small{display:block;color:var(--quiet)}
.chart{border-radius:8px;padding:8px;overflow:hidden}
table.story{border-collapse:collapse;font-size:14px}
.story :is(th,td){border:1px solid var(--line);padding:5px 10px;text-align:left;vertical-align:top;font-weight:400}.story th{color:var(--quiet)}
table.story{width:100%}.story td:last-child{overflow-wrap:anywhere}.story th,.story td:not(:last-child){white-space:nowrap}
.u-legend{color:var(--ink)}.u-legend .u-marker{border-radius:2px}
@media (max-width:600px){body{padding:14px}.tiles{grid-template-columns:1fr 1fr}.tile b{font-size:20px}
table.story,.story tbody,.story tr{display:block}.story tr :is(th,td){display:block;border:0;padding:0}.story tr{border-bottom:1px solid var(--line);padding:6px 10px}
.story th{font-size:12px}.story td[data-name]::before{content:attr(data-name) ' ';color:var(--quiet)}.story tr.heads{display:none}}`;
