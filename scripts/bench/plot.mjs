// docs/performance.svg: the table of `npm run bench:peers` as bars, one group a job, in wall time.
import { writeFileSync } from 'node:fs';

const [WIDTH, ROW, LABEL] = [860, 22, 330];
const OURS = '#2563eb';
const THEIRS = '#94a3b8';

/** From the page itself: plot and table cannot differ. */
export function plot(page, file) {
  const block = page.slice(page.indexOf('<!-- peers -->'), page.indexOf('<!-- /peers -->'));
  const rows = block
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| job') && !line.startsWith('| ---'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  if (rows.length === 0) return;
  const jobs = Map.groupBy(rows, ([, job]) => job);
  let y = 8;
  const parts = [...jobs].map(([job, ways]) => {
    const longest = Math.max(...ways.map(([, , , wall]) => seconds(wall) ?? 0));
    const head = `<text x="8" y="${(y += ROW) - 6}" font-weight="bold">${escaped(job)}</text>`;
    return [head, ...ways.map(([, , way, wall]) => bar(way.replaceAll('`', ''), wall, longest, (y += ROW) - ROW))].join('\n');
  });
  writeFileSync(
    file,
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" font-family="system-ui, sans-serif" font-size="12">
<title>Wall time of the same jobs with dcs and with other tools; each job has its own scale</title>
<rect width="100%" height="100%" fill="#ffffff"/>
<g fill="#0f172a">
${parts.join('\n')}
</g>
</svg>
`,
  );
}

function bar(way, wall, longest, y) {
  const took = seconds(wall);
  const width = took === undefined ? 0 : Math.max(1, ((WIDTH - LABEL - 90) * took) / longest);
  return `<text x="20" y="${y + 15}">${escaped(way)}</text><rect x="${LABEL}" y="${y + 4}" width="${width.toFixed(0)}" height="${ROW - 8}" rx="2" fill="${way.startsWith('dcs ') ? OURS : THEIRS}"/><text x="${LABEL + width + 6}" y="${y + 15}">${escaped(took === undefined ? 'not measured' : wall)}</text>`;
}

/** Of `420 ms` or `1.20 s`. */
function seconds(text) {
  const [, number, unit] = /^([\d.]+) (m?s)$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) / (unit === 'ms' ? 1000 : 1);
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
