// axe-core and a look for overflow, in Chromium: light and dark, from the width of a small phone to that of a desk.
// node mail_axe.js CHROMIUM MODULES FILE…   prints a line of JSON for each thing found
const [chromium, modules, ...files] = process.argv.slice(2);
const puppeteer = require(`${modules}/puppeteer-core`);
const axe = require("fs").readFileSync(`${modules}/axe-core/axe.min.js`, "utf8");
const WIDTHS = [320, 375, 480, 621, 1000];

const look = async (page, file, scheme, width) => {
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(`file://${file}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (wide > 0) tell(file, scheme, width, "overflow", `${wide} px wider than the screen`);
  if (!file.endsWith(".html")) return;
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  for (const one of violations)
    for (const node of one.nodes.slice(0, 3)) tell(file, scheme, width, one.id, `${one.help}: ${node.html.slice(0, 160)} ${node.failureSummary}`);
};
const tell = (file, scheme, width, rule, words) => console.log(JSON.stringify({ file, scheme, width, rule, words }));

(async () => {
  const browser = await puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox", "--disable-gpu"] });
  const page = await browser.newPage();
  await page.setOfflineMode(true);
  for (const file of files)
    for (const scheme of ["light", "dark"]) for (const width of WIDTHS) await look(page, file, scheme, width);
  await browser.close();
})().catch((error) => { console.error(String(error)); process.exit(2); });
