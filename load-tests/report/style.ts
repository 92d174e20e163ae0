import { trusted } from "./html.ts";

/** One colour to each series, in all charts; dashes tell them apart without it. */
const colours = {
  light: `--ink:#1b1f24;--soft:#59636e;--faint:#d8dee4;--ground:#fff;--raised:#f6f8fa;--band:#f1f4f7;--link:#0b5cad;
--offered:#7d8791;--good:#0a7f62;--shed:#b35900;--failed:#c02b3c;--p50:#4a8fd6;--p99:#1f4fa8;--limit:#7a3fb8;--in-flight:#0a7f62;--queued:#b35900;
--passed:#0a6b4f;--passed-ground:#dcf3ea;--missed:#a8202f;--missed-ground:#fde4e6;--invalid:#8a4b00;--invalid-ground:#fdf0d5;
--subject-1:#b35900;--subject-2:#1f4fa8;--subject-3:#7a3fb8;--subject-4:#c02b3c;--subject-5:#6b7280;--subject-6:#3d8fb5;`,
  dark: `--ink:#e6eaee;--soft:#9aa5b1;--faint:#343b44;--ground:#11151a;--raised:#1a2027;--band:#181e25;--link:#7db6f2;
--offered:#8b96a2;--good:#3fc79a;--shed:#f0a04b;--failed:#ff7b86;--p50:#8fc1f7;--p99:#5b93f0;--limit:#c39bf2;--in-flight:#3fc79a;--queued:#f0a04b;
--passed:#6fdcb4;--passed-ground:#12382c;--missed:#ff9aa3;--missed-ground:#451a20;--invalid:#f3c06b;--invalid-ground:#40300f;
--subject-1:#f0a04b;--subject-2:#5b93f0;--subject-3:#c39bf2;--subject-4:#ff7b86;--subject-5:#a3adb8;--subject-6:#72c6e8;`,
};

const kinds: Readonly<Record<string, string>> = {
  offered: "stroke-dasharray:2 4;stroke-width:1.75",
  good: "stroke-width:2.5",
  shed: "",
  failed: "stroke-dasharray:7 3",
  p50: "",
  p99: "stroke-dasharray:7 3",
  limit: "stroke-width:2.25",
  "in-flight": "",
  queued: "stroke-dasharray:3 3",
  "subject-1": "stroke-dasharray:7 3",
  "subject-2": "stroke-dasharray:10 3 2 3",
  "subject-3": "stroke-dasharray:3 3",
  "subject-4": "",
  "subject-5": "stroke-dasharray:5 5",
  "subject-6": "stroke-dasharray:12 4",
};

const lines = Object.entries(kinds)
  .map(([kind, dash]) => `.k-${kind}{stroke:var(--${kind});${dash}}.dot.k-${kind}{fill:var(--${kind})}`)
  .join("\n");

const text = `
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.5rem 4rem}
h1{font-size:1.75rem;line-height:1.3;margin:.25rem 0 .5rem;font-weight:650;letter-spacing:-.01em}
h1 .badge{font-size:.62em;vertical-align:.16em;margin-right:.35rem;text-transform:capitalize}
h2{font-size:1.25rem;line-height:1.3;margin:0 0 .25rem;font-weight:650}
h2 .badge{vertical-align:.1em;margin-left:.4rem}
p{margin:0 0 .75rem;max-width:44rem}
a{color:var(--link);text-underline-offset:2px}
.eyebrow{margin:0;color:var(--soft);font-size:.875rem;font-weight:600}
.lead{color:var(--soft)}
.note{color:var(--soft);font-size:.875rem}
section{margin-top:3.5rem;padding-top:1.75rem;border-top:1px solid var(--faint);scroll-margin-top:1rem}
footer{margin-top:3.5rem;padding-top:1.75rem;border-top:1px solid var(--faint);color:var(--soft);font-size:.9375rem}
footer h2{color:var(--ink);margin-bottom:.5rem}
footer b{color:var(--ink)}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.ordinal{color:var(--soft);font-weight:400}
.badge{display:inline-block;padding:.05rem .55rem;border-radius:1rem;font-size:.8125rem;font-weight:600;line-height:1.5;white-space:nowrap}
.v-passed{color:var(--passed);background:var(--passed-ground)}
.v-failed{color:var(--missed);background:var(--missed-ground)}
.v-invalid{color:var(--invalid);background:var(--invalid-ground)}
.v-skipped{color:var(--soft);background:var(--raised)}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
caption{text-align:left;font-weight:600;padding:0 0 .4rem}
th,td{text-align:left;font-weight:400;padding:.4rem .75rem .4rem 0;vertical-align:top;border-bottom:1px solid var(--faint)}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--soft);font-size:.8125rem;vertical-align:bottom}
.number{text-align:right;white-space:nowrap}
.words{white-space:normal;min-width:7.5rem}
.runs{display:block;color:var(--soft);font-size:.8125rem}
td.met{color:var(--passed)}
td.missed{color:var(--missed)}
.verdicts{margin-top:1.75rem}
.verdicts td:last-child,.verdicts thead th:last-child{width:8rem;padding-left:1rem}
.verdicts .group th{padding-top:1.4rem;font-weight:600}
.verdicts .group td{padding-top:1.4rem}
.verdicts .question,.verdicts .reason{display:block;color:var(--soft);font-weight:400;font-size:.875rem}
.verdicts .reason{color:var(--invalid)}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:.6rem 2rem;margin:2.5rem 0 0;padding:1.1rem 1.25rem;background:var(--raised);border-radius:.5rem;font-size:.875rem}
.facts div{min-width:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
figure{margin:2rem 0 0}
figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:.1rem .6rem;font-size:.9375rem;margin-bottom:.4rem}
.unit{color:var(--soft);font-size:.8125rem}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin:0 0 0 auto;padding:0;list-style:none;font-size:.8125rem}
.swatch{width:22px;height:8px;margin-right:.4rem;vertical-align:.1em}
.chart{display:block;width:100%;height:auto;font-size:12px;font-family:inherit}
.chart text{fill:var(--soft)}
.grid{stroke:var(--faint);stroke-width:1}
.axis{stroke:var(--soft);stroke-width:1}
.band{fill:var(--band)}
.line{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:butt}
.dot{stroke:none}
.narrow{display:none}
.scroll{position:relative;overflow-x:auto;margin-top:1.75rem}
.scroll tbody th{min-width:8.5rem}
.scroll td.ordinal+th{min-width:0}
.scroll:focus-visible{outline:2px solid var(--link);outline-offset:4px}
@media (max-width:40rem){
main{padding:1.5rem 1rem 3rem}
h1{font-size:1.375rem}
h1 .badge{display:table;margin-bottom:.5rem}
.wide{display:none}
.narrow{display:block}
.legend{margin-left:0;width:100%}
section{margin-top:2.5rem;padding-top:1.25rem}
.verdicts,.verdicts tbody{display:block}
.verdicts thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.verdicts tr{display:grid;grid-template-columns:1fr 1fr auto;gap:0 .75rem;padding:.5rem 0;border-bottom:1px solid var(--faint);align-items:start}
.verdicts th,.verdicts td,.verdicts .group th,.verdicts .group td{border:0;padding:0;width:auto}
.verdicts tr th{grid-column:1/-1}
.verdicts td:last-child{width:auto;padding:0}
.verdicts td.number{text-align:left;white-space:normal}
.verdicts td[data-label]::before{content:attr(data-label);display:block;color:var(--soft);font-size:.75rem}
.verdicts .group{padding-top:1.25rem}
.verdicts .group th{grid-column:1/3}
}
@media print{.wide{display:block}.narrow{display:none}section,figure{break-inside:avoid}}
`;

/** Light or dark as the reader's system asks; nothing is loaded. */
export const styleSheet = trusted(`:root{color-scheme:light dark;${colours.light}}
@media (prefers-color-scheme:dark){:root{${colours.dark}}}
${text}${lines}`);
