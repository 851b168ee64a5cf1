import { type Environment, type Existing, type Guard, type Source } from 'dcs-sdk';
import { dopplerClient } from './doppler-access.ts';
import { dopplerDefinition, dopplerTarget } from './doppler/target.ts';
import type { Job } from './engine/job.ts';
import { newSharedKey, sharedKeys } from './engine/key.ts';
import type { Ledger, LedgerHome, LedgerKeys } from './engine/ledger-types.ts';
import type { ShapeRules } from './engine/shape.ts';
import { survey } from './engine/survey.ts';
import { compileTransforms } from './engine/transform/compile.ts';
import { openRecord } from './record.ts';
import type { Style } from './render/style.ts';
import { refuseMixedHosts, type Session } from './session.ts';
import { alone, type Planned } from './planning.ts';
import { syncJobs } from './sync.ts';
import type { SyncResult } from './sync-end.ts';

/** What a source brings into the Doppler config of an environment, and with which consent. Names it lacks stay as they are. */
export interface IntoDoppler {
  /** What sentences call the source: `Neon`, `.env`. */
  readonly from: string;
  /** The command line that does it again, for hints: `dcs import .env -e dev`. */
  readonly again: string;
  readonly yes: boolean;
  readonly allow: readonly Guard[];
  /** Names that Doppler holds with another value, and that this source never wrote. */
  readonly existing: Existing;
  /** What the source's names become in Doppler. Default: what they are. */
  readonly rules?: Pick<ShapeRules, 'include' | 'exclude' | 'rename' | 'prefix'>;
  /** Keep a record of what this source wrote: for one that comes again. */
  readonly record: boolean;
  readonly only?: readonly string[];
  readonly except?: readonly string[];
  readonly breakLock?: string;
  /** `${NAME}` in a value is a reference, and meant so; implies `stored`. */
  readonly references?: boolean;
  /** Compared with what Doppler stores, not with what its references come to. */
  readonly stored?: boolean;
}

/** The one loop with Doppler as its target: plan, consent, guarded write, read back, record. Deletes nothing. */
export async function syncIntoDoppler(
  session: Session,
  environment: Environment,
  source: Source,
  options: IntoDoppler,
  style: Style,
  say: (line: string) => void,
): Promise<SyncResult> {
  const jobs = [await jobOf(session, environment, source, options)];
  const { yes, allow, again, only = [], except = [], breakLock } = options;
  return syncJobs(
    session,
    environment,
    {
      words: [],
      yes,
      allow,
      only,
      except,
      prune: false,
      redeploy: false,
      again,
      once: true,
      ...(breakLock === undefined ? {} : { breakLock }),
    },
    alone({ session, environment, source, jobs }),
    style,
    say,
  );
}

/** What it would do. Reads only. */
export async function planIntoDoppler(session: Session, environment: Environment, source: Source, options: IntoDoppler): Promise<Planned> {
  const [surveyed] = await survey(source, [await jobOf(session, environment, source, options)]);
  if (surveyed === undefined || 'error' in surveyed) throw surveyed?.error ?? new Error('One job has one plan');
  return { environment, source, looks: [surveyed.look], failures: [] };
}

async function jobOf(session: Session, environment: Environment, source: Source, options: IntoDoppler): Promise<Job> {
  refuseMixed(session, source, options.from);
  const client = await dopplerClient(session);
  const { only = [], except = [], references = false, stored = references } = options;
  const host = session.dopplerHost;
  const { project, config } = environment.doppler;
  return {
    name: 'doppler',
    environment: environment.name,
    definition: dopplerDefinition({ references }),
    target: dopplerTarget(client, { host, project, config }, { stored }),
    // Each source has its own record: what Neon wrote is none of a file's.
    place: [new URL(host).origin, 'doppler', `${project}/${config}`, `${environment.name} from ${source.identity}`].join('|'),
    owner: source.identity,
    sourceName: options.from,
    settings: { policy: 'upsert-only', existing: options.existing },
    rules: {
      ...(options.rules ?? { include: ['*'], exclude: [], rename: new Map(), prefix: '' }),
      transforms: await compileTransforms(new Map()),
      credentials: new Set(),
      inward: true,
      ...(only.length > 0 ? { only: new Set(only) } : {}),
      ...(except.length > 0 ? { except: new Set(except) } : {}),
    },
    ...(options.record ? await openRecord(session, environment) : unrecorded()),
  };
}

/** Toy secrets have no way into the real Doppler. */
function refuseMixed({ dopplerHost }: Session, { identity }: Source, name: string): void {
  if (/^https?:/.test(identity)) refuseMixedHosts(dopplerHost, [{ name, endpoint: identity }]);
}

/** For a source that comes once: Doppler shows its values, so that nothing need be remembered. */
function unrecorded(): { home: LedgerHome; keys: LedgerKeys } {
  const keys = sharedKeys(newSharedKey());
  const ledgers = new Map<string, Ledger>();
  return {
    keys,
    home: {
      title: 'nowhere',
      fileOf: () => '',
      load: async (place) => ledgers.get(place),
      save: async (ledger) => void ledgers.set(ledger.place, ledger),
      forget: async (place) => void ledgers.delete(place),
    },
  };
}
