// npm run soak -- --minutes 240: both servers for so long, and test/evidence/results/soak.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { RESULTS } from '../evidence/evidence.ts';
import { soak } from './soak.ts';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '30' } } });
const minutes = Number(values.minutes);
if (!(minutes >= 2)) throw new Error('--minutes: at least 2');
const warm = Math.min(10, minutes / 4);
const found = await soak({ minutes, warm, rate: 20, pause: 60, say: console.log });
mkdirSync(RESULTS, { recursive: true });
const rounded = JSON.stringify(
  { date: new Date().toISOString().slice(0, 10), minutes, warm, rate: 20, ...found },
  (_, value: unknown) => (typeof value === 'number' ? Math.round(value * 100) / 100 : value),
  2,
);
writeFileSync(join(RESULTS, 'soak.json'), `${rounded}\n`);
console.log(rounded);
