// A process of its own that plans: `node --expose-gc planner.ts DIR KIND [TARGETS]`, one JSON line on stdout.
// KIND: `write` puts ledgers into DIR; `full` and `unchanged` (a 304) plan on them, `first` plans without any.
import { createHmac, createSecretKey } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret, type Secrets, type Source, type Target, type TargetDefinition } from 'dcs-sdk';
import type { Job } from '../../src/engine/job.ts';
import { peakMb } from '../peak.ts';
import { ownKeys } from './keys.ts';
import { machineHome } from '../../src/engine/ledger-machine.ts';
import type { LedgerHome, LedgerKey, LedgerRecord } from '../../src/engine/ledger-types.ts';
import { shapeDigest, type ShapeRules } from '../../src/engine/shape.ts';
import { survey } from '../../src/engine/survey.ts';
import { compileTransforms } from '../../src/engine/transform/compile.ts';

export interface Planning {
  readonly plan: { readonly same: number; readonly create: number };
  /** HMACs of values, seals made or checked, ledgers read. */
  readonly counts: { readonly macs: number; readonly seals: number; readonly loads: number };
  /** CPU of the plan, and of one HMAC a name and target plus one JSON.parse a line of the same ledgers. */
  readonly cpuMs: number;
  readonly floorMs: number;
  /** Growth of the peak while planning, and of the heap after it with all plans still held. */
  readonly rssMb: number;
  readonly heapMb: number;
}

const NAMES = 5000;
const [dir = '', kind = '', targets = '20'] = process.argv.slice(2);
const identity = 'https://api.doppler.com/shop/prd';
const names = Array.from({ length: NAMES }, (_, index) => `SERVICE_SECRET_${String(index).padStart(5, '0')}`);
const secrets: Secrets = new Map(
  names.map((name) => [name, { state: 'value', secret: new Secret(`${name.toLowerCase()}-${'v'.repeat(40)}`) }]),
);
const counts = { macs: 0, seals: 0, loads: 0 };
const { active: key } = await ownKeys(dir, 'shop-prd');
const counted: LedgerKey = {
  id: key.id,
  mac: (...value) => (counts.macs++, key.mac(...value)),
  seal: (...fields) => (counts.seals++, key.seal(...fields)),
};
const keys = { active: counted, all: [counted] };
const onDisk = machineHome({ stateDir: join(dir, kind === 'first' ? 'empty' : 'full'), keys });
const home: LedgerHome = { ...onDisk, load: (place) => (counts.loads++, onDisk.load(place)) };
const definition = {
  title: 'Pages',
  supports: { readable: false, ownership: false, atomic: false, trail: false },
  limits: { valueBytes: 5000, names: /^[A-Z0-9_]+$/, count: 10_000 },
} as TargetDefinition<never>;
const rules: ShapeRules = {
  include: ['*'],
  exclude: ['INTERNAL_*'],
  transforms: await compileTransforms(new Map()),
  rename: new Map(),
  prefix: '',
  credentials: new Set(['CLOUDFLARE_API_TOKEN']),
};
const source: Source = {
  title: 'Doppler shop/prd',
  identity,
  read: (known) => Promise.resolve(known === 'v1' && kind === 'unchanged' ? undefined : { identity, version: 'v1', secrets }),
};
const target: Target = {
  identify: () => Promise.resolve({ id: 'account', title: 'Account' }),
  list: () => Promise.resolve({ entries: kind === 'first' ? [] : names.map((name) => ({ name })) }),
  write: () => Promise.reject(new Error('A plan writes nothing')),
};
const jobs = Array.from({ length: Number(targets) }, (_, index): Job => ({
  name: `pages-${index}`,
  environment: 'prod',
  definition,
  target,
  place: `https://api.cloudflare.com|cloudflare-pages|0123456789abcdef0123456789abcdef/site-${index}|prod`,
  owner: identity,
  settings: { policy: 'mirror', existing: 'ask' },
  rules,
  home,
  keys,
}));

process.stdout.write(`${JSON.stringify(kind === 'write' ? await write() : await measure())}\n`);

async function write(): Promise<number> {
  for (const { place } of jobs) {
    const macs = new Map(
      [...secrets].flatMap(([name, held]) => (held.state === 'value' ? [[name, keys.active.mac(place, name, held.secret.reveal())]] : [])),
    );
    const records = new Map(
      [...macs].map(([name, mac]): [string, LedgerRecord] => [name, { name, mac, origin: 'created', from: name, wanted: true }]),
    );
    await home.save(
      {
        version: 1,
        place,
        identity: 'account',
        keyId: keys.active.id,
        serial: 1,
        source: { identity, version: 'v1', shape: shapeDigest(rules), names: macs },
        records,
        pending: [],
      },
      'settled',
    );
  }
  return jobs.length;
}

async function measure(): Promise<Planning> {
  gc?.();
  const before = process.memoryUsage();
  const peak = peakMb();
  const start = process.cpuUsage();
  const surveyed = await survey(source, jobs);
  const cpuMs = since(start);
  const top = peakMb();
  gc?.();
  const heapMb = (process.memoryUsage().heapUsed - before.heapUsed) / 2 ** 20;
  const items = surveyed.flatMap((each) => {
    if ('error' in each) throw each.error;
    return each.look.plan.items;
  });
  const count = (action: string): number => items.filter((item) => item.action === action).length;
  const plan = { same: count('same'), create: count('create') };
  return { plan, counts, cpuMs, floorMs: floor(), rssMb: top - peak, heapMb };
}

/** Nobody can plan with less: each value's HMAC, and each line read once. */
function floor(): number {
  const lines =
    kind === 'first'
      ? []
      : readdirSync(join(dir, 'full', 'ledgers')).map((file) => readFileSync(join(dir, 'full', 'ledgers', file), 'utf8'));
  const plain = createSecretKey(Buffer.alloc(32, 1));
  const start = process.cpuUsage();
  for (const { place } of jobs)
    for (const [name, held] of secrets)
      if (held.state === 'value')
        createHmac('sha256', plain)
          .update(JSON.stringify(['value', place, name, held.secret.reveal()]))
          .digest('hex');
  for (const text of lines.slice(0, jobs.length)) for (const line of text.trimEnd().split('\n')) JSON.parse(line);
  return since(start);
}

function since(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}
