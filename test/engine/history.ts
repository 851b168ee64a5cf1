import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GUARDS, isDcsError, Secret, type Source, type Target } from 'dcs-sdk';
import { consent } from '../../src/consent.ts';
import { apply, runId } from '../../src/engine/apply.ts';
import type { Job } from '../../src/engine/job.ts';
import { ownKeys } from './keys.ts';
import { ledgerFile, machineHome } from '../../src/engine/ledger-machine.ts';
import type { LedgerHome, LedgerKeys } from '../../src/engine/ledger-types.ts';
import type { Look } from '../../src/engine/look.ts';
import { survey } from '../../src/engine/survey.ts';
import { compileTransforms } from '../../src/engine/transform/compile.ts';
import { Cloud, Doppler, Life, type Kind } from './cloud.ts';
import { Laws } from './laws.ts';
import { QUIET, type Step, type Sync } from './steps.ts';

/** A fault planted in what the engine is given or gives. */
export interface Mutant {
  readonly target?: (target: Target) => Target;
  readonly home?: (home: LedgerHome) => LedgerHome;
  readonly source?: (source: Source) => Source;
  readonly keys?: (keys: LedgerKeys) => LedgerKeys;
  readonly look?: (look: Look) => Look;
}

/** Lives through a history, with the laws checked after every step, and ends it in a quiet sync. Throws at the first broken law. */
export async function live(kind: Kind, steps: readonly Step[], mutant: Mutant = {}, cloud = new Cloud(kind)): Promise<void> {
  const stateDir = await mkdtemp(join(ROOT, 'dcs-laws-'));
  try {
    const world = new World(kind, stateDir, mutant, cloud);
    for (const step of [...steps, QUIET]) await world.step(step);
  } finally {
    await rm(stateDir, { recursive: true });
  }
}

/** Thousands of saves, each synced: Linux has a file system that need not wait for the disk. */
const ROOT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const PLACE = 'cloud.invalid/cloud/prd';
const transforms = await compileTransforms(new Map());
const environment = { name: 'prd', protected: false, why: '-e', doppler: { project: 'shop', config: 'prd' } };
const nobody = (): never => {
  throw new Error('Nobody can be asked');
};
const NOBODY = { possible: false, confirm: nobody, type: nobody, choose: nobody, secret: nobody, select: nobody };

class World {
  readonly #cloud: Cloud;
  readonly #doppler = new Doppler();
  readonly #laws: Laws;
  readonly #stateDir: string;
  readonly #mutant: Mutant;
  readonly #kept: string;

  constructor(kind: Kind, stateDir: string, mutant: Mutant, cloud: Cloud) {
    this.#cloud = cloud;
    this.#laws = new Laws(kind, this.#cloud, this.#doppler);
    this.#stateDir = stateDir;
    this.#mutant = mutant;
    this.#kept = `${stateDir}/kept.jsonl`;
  }

  async step(step: Step): Promise<void> {
    if (step.does === 'sync') await this.#sync(step);
    else await this.#happens(step);
    await this.#cloud.settle();
    this.#laws.check();
    await this.#noValueOnDisk();
  }

  async #happens(step: Exclude<Step, Sync>): Promise<void> {
    const file = ledgerFile(this.#stateDir, PLACE);
    switch (step.does) {
      case 'set':
        return this.#doppler.set(step.name, { state: 'value', secret: new Secret(`canary-doppler-${step.value}`) });
      case 'withhold':
        return this.#doppler.set(step.name, { state: step.state });
      case 'remove':
        return this.#doppler.remove(step.name);
      case 'stranger writes':
        return this.#laws.strangerWrites(step.name, `canary-stranger-${step.value}`);
      case 'stranger imitates':
        return this.#laws.strangerWrites(step.name, this.#doppler.value(step.name) ?? 'canary-stranger');
      case 'stranger deletes':
        return this.#laws.strangerDeletes(step.name);
      case 'stranger deploys':
        return this.#cloud.moved(false);
      case 'settings':
        this.#laws.settings = step.settings;
        return;
      case 'ledger lost':
        await rm(file, { force: true });
        return this.#laws.ledgerLost();
      case 'ledger kept':
        if (existsSync(file)) {
          await copyFile(file, this.#kept);
          this.#laws.ledgerKept();
        }
        return;
      case 'ledger restored':
        if (existsSync(this.#kept)) {
          await copyFile(this.#kept, file);
          this.#laws.ledgerRestored();
        }
    }
  }

  async #sync({ adopt, fault, dies }: Sync): Promise<void> {
    const laws = this.#laws;
    const undisturbed = fault === undefined && dies === undefined;
    await this.#starts(adopt, undisturbed);
    const life = new Life(dies ?? Infinity);
    try {
      const job = await this.#open(life, fault);
      for (let round = 1, clash = true; clash && round <= 3; round++) {
        const found = await this.#look(job);
        const look = this.#mutant.look?.(found) ?? found;
        const given = { yes: true, allow: new Set(adopt ? GUARDS : GUARDS.filter((guard) => guard !== 'adopt')), named: true, plan: false };
        await consent([look], environment, given, NOBODY);
        laws.consented(look);
        clash = await this.#apply(look, life);
      }
      if (undisturbed && adopt) await this.#quiet(job, life);
    } catch (error) {
      const refused = isDcsError(error) && error.code === 'REFUSED' && !adopt;
      const unread = isDcsError(error) && error.code === 'NETWORK' && fault?.kind === 'unread';
      if (!life.over && !refused && !unread) throw error;
    }
  }

  async #starts(adopt: boolean, undisturbed: boolean): Promise<void> {
    const { home } = await this.#machine();
    const found = await home.load(PLACE);
    this.#laws.starts({ adopt, undisturbed, interrupted: found?.pending ?? [] });
  }

  async #machine(): Promise<{ keys: LedgerKeys; home: LedgerHome }> {
    const found = await ownKeys(this.#stateDir, environment.name);
    const keys = this.#mutant.keys?.(found) ?? found;
    return { keys, home: machineHome({ stateDir: this.#stateDir, keys }) };
  }

  /** A new process: all that it knows comes from the disk. */
  async #open(life: Life, fault: Sync['fault']): Promise<Job> {
    const { keys, home } = await this.#machine();
    const living: LedgerHome = {
      ...home,
      load: (place) => life.live(() => home.load(place)),
      save: (ledger, step) => life.live(() => home.save(ledger, step)),
    };
    const target = this.#cloud.target(life, this.#laws.witness, fault);
    return {
      name: 'cloud',
      environment: environment.name,
      definition: this.#cloud.definition,
      target: this.#mutant.target?.(target) ?? target,
      place: PLACE,
      owner: this.#doppler.source.identity,
      settings: this.#laws.settings,
      rules: { include: ['*'], exclude: [], transforms, rename: new Map(), prefix: '', credentials: new Set() },
      home: this.#mutant.home?.(living) ?? living,
      keys,
    };
  }

  async #look(job: Job): Promise<Look> {
    const { source } = this.#doppler;
    const [surveyed] = await survey(this.#mutant.source?.(source) ?? source, [job]);
    if (!surveyed || 'error' in surveyed) throw surveyed?.error;
    this.#laws.planned(surveyed.look);
    return surveyed.look;
  }

  async #apply(look: Look, life: Life): Promise<boolean> {
    const before = new Map(this.#cloud.names);
    const applied = await apply(look, runId(), 'you', new AbortController().signal, () => new Date());
    if (!life.over) this.#laws.reported(applied, before);
    return applied.clash;
  }

  /** Nothing is left to do, and doing it touches not even the ledger. */
  async #quiet(job: Job, life: Life): Promise<void> {
    const look = await this.#look(job);
    this.#laws.converged(look);
    this.#laws.check();
    const file = ledgerFile(this.#stateDir, PLACE);
    const before = await stat(file);
    await this.#apply(look, life);
    const after = await stat(file);
    if (after.ino !== before.ino || after.mtimeMs !== before.mtimeMs) throw new Error('The ledger was written, and nothing was to do');
  }

  async #noValueOnDisk(): Promise<void> {
    for (const entry of await readdir(this.#stateDir, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const file = join(entry.parentPath, entry.name);
      if ((await readFile(file, 'latin1')).includes('canary')) throw new Error(`${file} holds a value`);
    }
  }
}
