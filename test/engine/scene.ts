import {
  DcsError,
  Secret,
  type Held,
  type Identity,
  type Listing,
  type Outcome,
  type Revision,
  type Settings,
  type Supports,
  type Write,
} from 'dcs-sdk';
import { apply, type Applied } from '../../src/engine/apply.ts';
import type { Job } from '../../src/engine/job.ts';
import { sharedKeys } from '../../src/engine/key.ts';
import { emptyLedger } from '../../src/engine/ledger-file.ts';
import type { Ledger, LedgerRecord, SaveStep } from '../../src/engine/ledger-types.ts';
import { look, see, type Look } from '../../src/engine/look.ts';
import { compileTransforms } from '../../src/engine/transform/compile.ts';

export const keys = sharedKeys('k'.repeat(40));
export const PLACE = 'cloud.invalid/cloud/prd';
export const OWNER = 'https://doppler.invalid/shop/prd';
export const mac = (name: string, value: string): string => keys.active.mac(PLACE, name, value);
export const record = (name: string, more: Partial<LedgerRecord> = {}): LedgerRecord => ({
  name,
  mac: mac(name, 'old'),
  origin: 'created',
  wanted: true,
  ...more,
});
const transforms = await compileTransforms(new Map());

/** What a sync meets: on Doppler, on the platform, in the record, and what the platform answers. */
export interface Scene {
  readonly wanted?: Readonly<Record<string, string | Held>>;
  /** What is listed: first for the plan, then after writes; the last one stays. An error is thrown. */
  readonly listings?: readonly (Listing | Error)[];
  readonly records?: readonly LedgerRecord[];
  readonly found?: Partial<Ledger>;
  /** False: no ledger. */
  readonly known?: boolean;
  readonly supports?: Partial<Supports>;
  readonly batch?: number;
  readonly settings?: Partial<Settings>;
  readonly identity?: Identity;
  /** Of the call with this number, from 0; undefined: every write is done. */
  readonly answer?: (changes: readonly Write[], call: number) => Outcome[] | undefined;
  /** Before a ledger is kept; what it throws, the home throws. */
  readonly save?: (step: SaveStep, ledger: Ledger) => void;
  readonly signal?: AbortSignal;
  /** Between plan and writes. */
  readonly change?: (look: Look) => Look;
}

export interface Played extends Applied {
  /** Requests and saves in their order: `create A B`, `intent A B`. */
  readonly events: readonly string[];
  readonly sent: readonly Write[];
  readonly saved: readonly Ledger[];
  /** `A done, B failed`. */
  readonly results: string;
}

export const names = (...all: string[]): Listing => ({ entries: all.map((name) => ({ name })) });
const held = (value: string | Held): Held => (typeof value === 'string' ? { state: 'value', secret: new Secret(value) } : value);

/** The plan alone, as a sync makes it. */
export async function planned(
  scene: Scene,
  more: Partial<Job> = {},
  events: string[] = [],
  sent: Write[] = [],
  saved: Ledger[] = [],
): Promise<Look> {
  const { wanted = {}, listings = [names()], records = [], supports, batch, settings, save, answer, known = true } = scene;
  let [lists, calls] = [0, 0];
  const job: Job = {
    name: 'cloud',
    environment: 'prd',
    definition: {
      type: 'cloud',
      title: 'Cloud',
      supports: { readable: false, ownership: false, atomic: true, trail: false, ...supports },
      ...(batch === undefined ? {} : { limits: { batch } }),
      effect: 'now',
    },
    target: {
      identify: async () => scene.identity ?? { id: 'account', title: 'Account' },
      list: async () => {
        const listing = listings[Math.min(lists++, listings.length - 1)]!;
        if (lists > 1) events.push('list');
        if (listing instanceof Error) throw listing;
        return listing;
      },
      write: async (changes) => {
        events.push(changes.map(({ action, name }, at) => (at === 0 ? `${action} ${name}` : name)).join(' '));
        sent.push(...changes);
        return answer?.(changes, calls++) ?? changes.map(({ name }) => ({ name, result: 'done' }));
      },
    },
    place: PLACE,
    owner: OWNER,
    settings: { policy: 'mirror', existing: 'ask', ...settings },
    rules: { include: ['*'], exclude: [], transforms, rename: new Map(), prefix: '', credentials: new Set() },
    home: {
      title: 'memory',
      fileOf: () => 'memory',
      load: async () => undefined,
      save: async (ledger, step) => {
        events.push([step, ...ledger.pending.map(({ name }) => name)].join(' '));
        save?.(step, ledger);
        saved.push(ledger);
      },
      forget: async () => undefined,
    },
    keys,
    ...more,
  };
  const ledger = { ...emptyLedger(PLACE, keys, undefined, 4), records: new Map(records.map((each) => [each.name, each])), ...scene.found };
  const secrets = new Map(Object.entries(wanted).map(([name, value]) => [name, held(value)]));
  return look(await see(job, known ? ledger : undefined), { identity: OWNER, version: 'v1', secrets });
}

/** The plan, written. */
export async function play(scene: Scene, run = 'RUN'): Promise<Played> {
  const [events, sent, saved]: [string[], Write[], Ledger[]] = [[], [], []];
  const seen = await planned(scene, {}, events, sent, saved);
  const signal = scene.signal ?? new AbortController().signal;
  const applied = await apply(scene.change?.(seen) ?? seen, run, 'you', signal, () => new Date('2026-11-21T12:00:00Z'));
  const results = [...applied.outcomes].map(([name, { result }]) => `${name} ${result}`).join(', ');
  return { ...applied, events, sent, saved, results };
}

export const failed = (code: ConstructorParameters<typeof DcsError>[0], message = 'No.'): DcsError => new DcsError(code, message);

export const trail = (...ids: string[]): Revision[] => ids.map((id) => ({ id }));
export const trailed = (ids: readonly string[], ...all: string[]): Listing => ({ ...names(...all), trail: trail(...ids) });
/** Every change is answered alike. */
export const each =
  (result: Outcome['result'], more: Partial<Outcome> = {}): NonNullable<Scene['answer']> =>
  (changes) =>
    changes.map(({ name }) => ({ name, result, ...more }));
