import { join } from 'node:path';
import { DcsError, type Host } from 'dcs-sdk';
import { actionFile } from './action.ts';
import { readIf, signed, wanted, type Wanted } from './files.ts';
import { policies } from './policies.ts';
import { checkoutOf, type Checkout } from './repository.ts';
import { githubWorkflow, gitlabPipeline, type Setup } from './workflow.ts';

export type System = 'github' | 'gitlab';

export interface CiInit {
  readonly top: string;
  readonly files: readonly Wanted[];
  readonly environments: readonly string[];
  /** What else has to be done by hand, for people. */
  readonly notes: readonly string[];
  readonly policies: readonly string[];
}

/** What `dcs ci init` would write, and what has to be set up beside it. */
export async function planInit(host: Host, system: System, given: Pick<Setup, 'version' | 'names'>): Promise<CiInit> {
  const environments = [...new Set(host.triggers('ci').map(({ environment }) => environment))];
  if (environments.length === 0)
    throw new DcsError('CONFIG', 'No trigger of dcs.yaml is of type ci: no environment may be synced by CI.', {
      why: 'Nothing was written.',
      hint: 'triggers: [{type: ci, environment: staging}]     in dcs.yaml, an entry for each environment that CI may write to',
    });
  const checkout = await checkoutOf(host.root, host.env);
  for (const word of [checkout.folder, checkout.branch, ...environments]) refuseCode(word);
  const google = (await host.targets(['gcp', 'firebase'])).length > 0;
  const machineLedger = await keepsRecords(host, environments);
  const setup: Setup = { ...given, environments, branch: checkout.branch, folder: checkout.folder, google, machineLedger };
  const known = await host.environments();
  return {
    top: checkout.top,
    environments,
    files: await filesOf(system, checkout, setup),
    notes: [...(await notIncluded(system, checkout)), ...(machineLedger ? MACHINE : [])],
    policies: policies({
      system,
      repository: checkout.repository ?? { host: `${system}.com`, path: 'OWNER/REPOSITORY' },
      branch: checkout.branch,
      configs: known.filter(({ name }) => environments.includes(name)).map(({ doppler }) => `${doppler.project}/${doppler.config}`),
      google,
      cloudflare: (await host.targets(['cloudflare'])).length > 0,
    }),
  };
}

/** They become part of YAML, of a shell's words and of places where GitHub looks for expressions. */
function refuseCode(word: string): void {
  if (/^[\w./@+ -]+$/.test(word)) return;
  throw new DcsError('CONFIG', `${JSON.stringify(word)} has characters that a workflow could take for code.`, {
    why: 'Folder, branch and environments stand in what would be written. Nothing was written.',
  });
}

const MACHINE = [
  'The record of "ledger: machine" is kept in the cache of CI: whoever can read that can forge it, and a lost cache costs questions.',
  'Better, and needed in public repositories:  ledger: doppler     in dcs.yaml',
];

/** Somebody's own pipeline is theirs: they are told what to add. */
async function notIncluded(system: System, { top }: Checkout): Promise<string[]> {
  const own = system === 'gitlab' ? await readIf(join(top, PIPELINE)) : undefined;
  return own === undefined || own.includes('.gitlab/dcs.yml') ? [] : [`Add to ${PIPELINE}:  ${INCLUDE.replaceAll(/\s+/g, ' ').trim()}`];
}

async function keepsRecords(host: Host, environments: readonly string[]): Promise<boolean> {
  const { exit, document } = await host.dcs(['config', 'show']);
  if (exit !== 0 || !Array.isArray(document?.['environments'])) throw new Error(`dcs config show ended with ${exit}`);
  const rows = document['environments'] as readonly { name: string; ledger: string }[];
  return rows.some(({ name, ledger }) => environments.includes(name) && ledger === 'machine');
}

async function filesOf(system: System, { top }: Checkout, setup: Setup): Promise<Wanted[]> {
  const file = (path: string, text: string): Promise<Wanted> => wanted(top, path, signed(system, text));
  if (system === 'github')
    return [
      await file('.github/workflows/dcs.yml', githubWorkflow(setup)),
      await file('.github/actions/dcs-sync/action.yml', actionFile()),
    ];
  const pipeline = await wanted(top, PIPELINE, INCLUDE);
  return [await file('.gitlab/dcs.yml', gitlabPipeline(setup)), ...(pipeline.is === 'edited' ? [] : [pipeline])];
}

const PIPELINE = '.gitlab-ci.yml';
const INCLUDE = 'include:\n  - local: .gitlab/dcs.yml\n';
