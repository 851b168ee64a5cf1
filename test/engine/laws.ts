import { writes, type Settings, type Write } from 'dcs-sdk';
import type { Applied } from '../../src/engine/apply.ts';
import type { Look } from '../../src/engine/look.ts';
import type { Cloud, Doppler, Fault, Kind, Standing } from './cloud.ts';

export interface Start {
  readonly adopt: boolean;
  readonly undisturbed: boolean;
  /** Writes whose intent stands in the ledger. */
  readonly interrupted: readonly { readonly name: string }[];
}

/** What must hold at every moment of any history, told from what the cloud and Doppler know, never from the ledger. */
export class Laws {
  settings: Settings = { policy: 'mirror', existing: 'ask' };
  /** Whether the sync at hand may overwrite what dcs never wrote. */
  #adopts = false;
  /** No stranger, fault, crash or lost ledger so far: nothing may be written twice. */
  #calm = true;
  readonly #broken: string[] = [];
  readonly #cloud: Cloud;
  readonly #doppler: Doppler;
  readonly #kind: Kind;
  /** Names that dcs may take for names it wrote; and those of which its ledger surely knows it. */
  #written = new Set<string>();
  #remembered = new Set<string>();
  #kept: ReadonlySet<string> = new Set();
  /** Values that dcs may have tried to write: where only values show, a stranger's equal one cannot be told from it. */
  readonly #tried = new Set<string>();

  constructor(kind: Kind, cloud: Cloud, doppler: Doppler) {
    this.#kind = kind;
    this.#cloud = cloud;
    this.#doppler = doppler;
  }

  strangerWrites(name: string, value: string): void {
    this.#calm = false;
    const imitates = this.#kind === 'readable' && this.#tried.has(JSON.stringify([name, value]));
    const maker = imitates ? 'dcs' : (this.#cloud.names.get(name)?.maker ?? 'stranger');
    // Whoever edits by hand leaves the mark as it is; a name made anew has none.
    const { mark } = this.#cloud.names.get(name) ?? {};
    this.#cloud.names.set(name, { value, maker, writer: 'stranger', trail: this.#cloud.grown(name), ...(mark ? { mark } : {}) });
    this.#cloud.moved();
  }
  strangerDeletes(name: string): void {
    this.#calm = false;
    if (this.#cloud.names.delete(name)) this.#cloud.moved();
  }
  ledgerLost(): void {
    if (this.#kind === 'marked') return; // the marks remember
    this.#calm = false;
    this.#written.clear();
    this.#remembered.clear();
  }
  ledgerKept(): void {
    this.#kept = new Set(this.#written);
  }
  ledgerRestored(): void {
    if (this.#kind === 'marked') return;
    this.ledgerLost();
    this.#written = new Set(this.#kept);
  }
  starts({ adopt, undisturbed, interrupted }: Start): void {
    this.#adopts = adopt;
    if (!undisturbed) this.#calm = false;
    // Of an interrupted write nothing on a write-only cloud tells whether the name is a stranger's.
    if (this.#kind === 'write-only') for (const { name } of interrupted) this.#written.add(name);
    for (const name of this.#doppler.names.keys()) {
      const value = this.#doppler.value(name);
      if (value !== undefined) this.#tried.add(JSON.stringify([name, value]));
    }
  }

  /** Every change that arrives at the cloud. */
  readonly witness = (change: Write, met: Fault | undefined): void => {
    const { name } = change;
    const standing = this.#cloud.names.get(name);
    if (change.action === 'delete') this.#deletes(name, standing);
    else this.#puts(name, change.secret.reveal(), standing);
    const applied = met !== 'refused' && met !== 'lost-not-applied';
    if (applied || (met === 'lost-not-applied' && this.#kind === 'write-only')) this.#written.add(name);
    if (applied) this.#remembered.add(name);
  };

  #deletes(name: string, standing: Standing | undefined): void {
    const { names } = this.#doppler;
    this.#must(!names.has(name), `${name} is in Doppler, and was deleted`);
    this.#must(standing?.maker !== 'stranger', `${name} was made by a stranger, and was deleted`);
    this.#must(this.settings.policy === 'mirror', `${name} was deleted, and the policy is no mirror`);
    this.#must(
      [...names.values()].every(({ state }) => state === 'value'),
      `${name} was deleted while a value is withheld`,
    );
    // Consent to adopt was given, or nothing was to adopt: all that is wanted stands by now.
    if (this.settings.existing === 'ask')
      for (const wanted of names.keys())
        this.#must(
          this.#cloud.names.get(wanted)?.value === this.#doppler.value(wanted),
          `${name} was deleted before ${wanted} was written`,
        );
  }

  #puts(name: string, value: string, standing: Standing | undefined): void {
    this.#must(this.#doppler.value(name) === value, `${name} was written, and not with the value of Doppler`);
    this.#must(!this.#calm || standing?.value !== value, `${name} was written, and stood already`);
    if (!standing) return;
    this.#must(this.settings.policy !== 'create-only', `${name} was overwritten, and the policy is create-only`);
    const foreign = standing.maker === 'stranger' && !this.#written.has(name);
    this.#must(!foreign || (this.#adopts && this.settings.existing === 'ask'), `${name} was overwritten without the consent to adopt`);
  }

  /** Before consent: what the plan says of the world is true. */
  planned({ plan, findings }: Look): void {
    for (const { name, state } of plan.items)
      this.#must(state !== 'same' || this.#cloud.names.get(name)?.value === this.#doppler.value(name), `${name} was said to be in sync`);
    for (const name of findings.flatMap((each) => (each.guard === 'adopt' ? each.names : [])))
      this.#must(
        this.#cloud.names.get(name)?.writer !== 'dcs' || !this.#remembered.has(name),
        `${name} was written by dcs, and its adoption was asked for`,
      );
  }

  /** Equal readable values are adopted without a question. */
  consented({ plan }: Look): void {
    for (const { name, state } of plan.items) if (state === 'same') this.#written.add(name);
  }

  /** What a process that lived to tell reported of its writes, and what stood before them. */
  reported({ look, outcomes }: Applied, before: ReadonlyMap<string, Standing>): void {
    const planned = new Map(writes(look.plan).map(({ name, action }) => [name, action]));
    for (const [name, { result }] of outcomes) {
      const now = this.#cloud.names.get(name)?.value;
      const wanted = planned.get(name) === 'delete' ? undefined : this.#doppler.value(name);
      const was = before.get(name)?.value;
      this.#must(planned.has(name), `${name} has an outcome, and was not planned`);
      this.#must(result !== 'done' || now === wanted, `${name} was reported done, and is not`);
      this.#must(result !== 'failed' || now === was, `${name} was reported failed, and was written`);
      this.#must(result !== 'skipped' || now === was, `${name} was reported skipped, and was written`);
    }
    for (const name of this.#written) if (!this.#doppler.names.has(name) && !this.#cloud.names.has(name)) this.#written.delete(name);
  }

  /** After a sync that nothing disturbed: nothing is left to write, and what Doppler wants stands. */
  converged({ plan }: Look): void {
    const left = writes(plan).map(({ name, action, reason }) => `${action} ${name} (${reason})`);
    this.#must(left.length === 0, `a quiet sync left ${left.join(', ')}`);
    const overwrites = this.settings.policy !== 'create-only' && this.settings.existing === 'ask';
    for (const name of this.#doppler.names.keys()) {
      const value = this.#doppler.value(name);
      const now = this.#cloud.names.get(name)?.value;
      this.#must(value === undefined || (overwrites ? now === value : now !== undefined), `${name} does not stand after a quiet sync`);
    }
    const whole = [...this.#doppler.names.values()].every(({ state }) => state === 'value');
    if (this.#calm && whole && this.settings.policy === 'mirror')
      for (const name of this.#cloud.names.keys()) this.#must(this.#doppler.names.has(name), `${name} is left over after a quiet sync`);
  }

  /** Noted, not thrown: the engine would take a throw inside a target for a failure of the platform. */
  #must(holds: boolean, otherwise: string): void {
    if (!holds) this.#broken.push(otherwise);
  }
  check(): void {
    if (this.#broken.length > 0) throw new Error(this.#broken.join('; '));
  }
}
