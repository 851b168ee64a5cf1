import { type HttpRequest, type Outcome, type Target, type TargetDefinition, type Write } from 'dcs-sdk';
import worker from '../../plugins/dcs-plugin-cloudflare/src/target.ts';
import { ACCOUNT, contextFor, TOKEN, WORKER } from '../../plugins/dcs-plugin-cloudflare/test/sandbox.ts';
import { cloudflare } from '../../plugins/dcs-plugin-sandbox/src/cloudflare/cloud.ts';
import type { Call } from '../../plugins/dcs-plugin-sandbox/src/server/cloud.ts';
import { startSandbox, type Sandbox } from '../../plugins/dcs-plugin-sandbox/src/server/server.ts';
import { Cloud, type Fault, type Life, type Standing, type Witness } from '../engine/cloud.ts';

/** A name's change from outside dcs, in the order they came. */
type Deed = { readonly does: 'write'; readonly name: string; readonly value: string | null } | { readonly does: 'deploy' };

/** Cloudflare's sandbox and its back door, one for all histories. */
export class Ground {
  readonly #cloud = cloudflare();
  readonly #sandbox: Sandbox;
  readonly #fresh: unknown;

  private constructor(cloud: ReturnType<typeof cloudflare>, sandbox: Sandbox) {
    this.#cloud = cloud;
    this.#sandbox = sandbox;
    this.#fresh = cloud.state();
  }
  static async open(): Promise<Ground> {
    const cloud = cloudflare();
    return new Ground(cloud, await startSandbox({ clouds: [cloud] }));
  }
  get origin(): string {
    return this.#sandbox.origin;
  }
  /** As on the first day. */
  renew(): void {
    this.#cloud.restore(this.#fresh);
    this.#sandbox.journal.clear();
  }
  peek(name: string): string | undefined {
    const query = new URLSearchParams({ account: ACCOUNT, worker: WORKER, name });
    return ((this.#backdoor('GET', 'peek', { query }) as { value: string | null }).value ?? undefined) as string | undefined;
  }
  does(deed: Deed): void {
    const body = { account: ACCOUNT, worker: WORKER, ...(deed.does === 'write' ? { name: deed.name, value: deed.value } : {}) };
    this.#backdoor('POST', deed.does === 'write' ? 'hand-edit' : 'deploy-code', { body, raw: Buffer.from(JSON.stringify(body)) });
  }
  async arm(fault: Record<string, unknown>): Promise<void> {
    await this.#control('POST', fault);
  }
  async disarm(): Promise<void> {
    await this.#control('DELETE');
  }
  close(): Promise<void> {
    return this.#sandbox.close();
  }

  async #control(method: string, body?: unknown): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${this.origin}/_sandbox/faults`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (!answer.ok) throw new Error(`faults: ${answer.status}`);
  }
  #backdoor(method: string, name: string, call: Partial<Call>): unknown {
    const path = `/_sandbox/cloudflare/${name}`;
    const route = this.#cloud.routes.find((each) => each.method === method && each.path === path);
    const reply = route!.answer({
      method,
      path,
      params: {},
      query: new URLSearchParams(),
      headers: {},
      body: undefined,
      raw: Buffer.alloc(0),
      ...call,
    });
    if (reply instanceof Promise || reply.status !== 200) throw new Error(`${name} failed: ${JSON.stringify(reply)}`);
    return reply.body;
  }
}

/** What is set and deleted without dcs reaches the platform, too. */
class Names extends Map<string, Standing> {
  readonly deeds: Deed[] = [];
  override set(name: string, standing: Standing): this {
    this.deeds.push({ does: 'write', name, value: standing.value });
    return super.set(name, standing);
  }
  override delete(name: string): boolean {
    if (this.has(name)) this.deeds.push({ does: 'write', name, value: null });
    return super.delete(name);
  }
}

const WRITE = 'PATCH /client/v4/accounts/:account/workers/scripts/:script/secrets-bulk';
const READ = 'GET /client/v4/accounts/:account/workers/scripts/:script/secrets';
const BODY = { success: false, errors: [{ code: 10000, message: 'Authentication error' }], result: null };
const FAULTS: Readonly<Record<Fault, Record<string, unknown>>> = {
  'lost-applied': { kind: 'reset-after-commit' },
  'lost-not-applied': { kind: 'reset' },
  refused: { kind: 'status', status: 403, body: BODY },
  unread: { kind: 'truncate', times: 'forever', route: READ },
};

/** A Worker of the sandbox, driven by its plugin over HTTP. `names` follows what truly stands there, and says who made it. */
export class SandboxCloud extends Cloud {
  override readonly names = new Names();
  readonly #ground: Ground;
  /** Requests that dcs made, and names that were gone after one of them and should not. */
  requests = 0;
  readonly absent: string[] = [];
  #writing: readonly Write[] = [];

  constructor(ground: Ground) {
    super('write-only');
    this.#ground = ground;
    ground.renew();
  }
  override get definition(): TargetDefinition<never> {
    return worker as never;
  }
  override moved(touches = true): void {
    if (!touches) this.names.deeds.push({ does: 'deploy' });
  }
  override async settle(): Promise<void> {
    for (const deed of this.names.deeds.splice(0)) this.#ground.does(deed);
  }

  override target(life: Life, witness: Witness, fault?: { readonly kind: Fault; readonly at: number }): Target {
    const context = contextFor(`${this.#ground.origin}/client/v4`, { CLOUDFLARE_API_TOKEN: TOKEN });
    const http = {
      ...context.http,
      request: async (request: HttpRequest) => {
        try {
          return await context.http.request(request);
        } finally {
          this.#look();
        }
      },
    };
    const real = worker.connect({ account_id: ACCOUNT, worker: WORKER } as never, { ...context, http });
    let writes = 0;
    return {
      ...real,
      identify: () => life.live(() => real.identify()),
      list: (since) => life.live(() => real.list(since)),
      write: (changes) =>
        life.live(async () => {
          const met = fault?.at === writes++ ? fault.kind : undefined;
          if (met !== undefined) await this.#ground.arm({ route: WRITE, ...FAULTS[met] });
          this.#writing = changes;
          const outcomes = await real.write(changes);
          this.#writing = [];
          if (met !== undefined && met !== 'unread') await this.#ground.disarm();
          for (const change of changes) this.#mirror(change, outcomes, witness, met);
          return outcomes;
        }),
    };
  }

  #look(): void {
    this.requests++;
    const going = new Set(this.#writing.flatMap(({ action, name }) => (action === 'delete' ? [name] : [])));
    for (const name of this.names.keys()) if (!going.has(name) && this.#ground.peek(name) === undefined) this.absent.push(name);
  }

  /** The laws hear of a change as of what it met in truth: the client may have tried again. */
  #mirror(change: Write, outcomes: readonly Outcome[], witness: Witness, planted: Fault | undefined): void {
    const { name } = change;
    const now = this.#ground.peek(name);
    const wanted = change.action === 'delete' ? undefined : change.secret.reveal();
    const result = outcomes.find((each) => each.name === name)?.result;
    // Where it stood before, only the fault that was planted tells whether it was written once more.
    const lost = this.names.get(name)?.value === wanted ? planted : now === wanted ? 'lost-applied' : 'lost-not-applied';
    const met = result === 'done' ? undefined : result === 'unknown' ? lost : 'refused';
    witness(change, met);
    if (now !== wanted) return;
    if (wanted === undefined) this.names.delete(name);
    else if (met !== 'refused') this.names.set(name, { value: wanted, maker: this.names.get(name)?.maker ?? 'dcs', writer: 'dcs' });
    this.names.deeds.length = 0;
  }
}
