import puppeteer from 'puppeteer-core';
const [file, out] = process.argv.slice(2);
const b = await puppeteer.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
for (const width of [390, 1440]) for (const theme of ['light','dark']) {
  const p = await b.newPage();
  await p.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: theme }]);
  await p.setViewport({ width, height: 900, deviceScaleFactor: width === 390 ? 1.5 : 1 });
  await p.goto('file://' + file); await new Promise(r => setTimeout(r, 500));
  console.log(width, theme, await p.evaluate(() => document.documentElement.scrollWidth));
  await p.screenshot({ path: `${out}-${width}-${theme}.png`, fullPage: true });
  await p.close();
}
await b.close();
