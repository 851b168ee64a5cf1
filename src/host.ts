import { DcsError, isDcsError, type Host, type Invocation, type Output } from 'dcs-sdk';
import { childDcs } from './child-dcs.ts';
import { editConfig } from './config/edit.ts';
import { isTrusted } from './config/trust.ts';
import { mayAct } from './consent.ts';
import { dopplerClient, sourceOf } from './doppler-access.ts';
import { dopplerTarget } from './doppler/target.ts';
import { runId } from './engine/apply.ts';
import { onlyRun } from './engine/lock.ts';
import { syncIntoDoppler } from './into-doppler.ts';
import { madeConfigs } from './made-configs.ts';
import { prompts } from './prompts.ts';
import { personalConfig } from './personal.ts';
import { styleFor } from './render/style.ts';
import { openSession, type OclifConfig, type Session } from './session.ts';

/** What the core lends to a plugin's commands (sdk/src/host.ts says what each member promises). */
export async function makeHost(config: OclifConfig, invocation: Invocation): Promise<Host> {
  const session = await openSession(config, invocation, { optional: true });
  const ask = prompts(invocation, session.env);
  const out = output(invocation);
  return {
    env: session.pluginEnv,
    root: session.project.root,
    stateDir: session.directories.stateDir,
    output: out,
    targets: async (types, environment) =>
      [...session.project.targets.values()]
        .filter(({ type, environments }) => types.includes(type) && (!environment || environments.includes(environment.name)))
        .map((entry) => ({ name: entry.name, type: entry.type, options: environment ? entry.optionsFor(environment.name) : entry.raw })),
    sources: async (types) =>
      [...session.project.sources.values()]
        .filter(({ type }) => types.includes(type))
        .map((entry) => ({
          name: entry.name,
          type: entry.type,
          environments: entry.environments,
          options: entry.raw,
          optionsFor: ({ name, branchOf = name }) => entry.optionsFor(branchOf),
        })),
    environment: async () => session.choose(false),
    environments: async () => [...session.project.environments.keys()].map((name) => session.choose(true, name)),
    personal: (environment) => personalConfig(session, environment),
    madeConfigs: madeConfigs(session),
    triggers: (type) => session.project.triggers.filter((trigger) => trigger.type === type),
    notifications: notificationsOf(session.project),
    seen: (kind, of, words) => session.seen(kind, of, words),
    trusted: () => isTrusted(session.directories.stateDir, session.project.files),
    members: () => membersOf(session),
    alone: (what) => onlyRun({ stateDir: session.directories.stateDir, what, run: runId() }),
    dcs: (words, options) =>
      childDcs(words, { cwd: session.project.root, ...options }, options?.cwd === undefined ? session.project.file : undefined),
    webhooks: async (project) => (await dopplerClient(session)).webhooks(project),
    doppler: async (environment) => {
      const client = await dopplerClient(session);
      return {
        source: sourceOf(session, client, environment),
        target: dopplerTarget(client, { host: session.dopplerHost, ...environment.doppler }),
      };
    },
    sync: async (source, environment, { yes, allow = [], entry, ...options }) => {
      const rules = entry === undefined ? undefined : session.project.sources.get(entry);
      const { lines, json, exit } = await syncIntoDoppler(
        session,
        environment,
        source,
        { existing: 'ask', record: true, ...options, ...(rules ? { rules } : {}), allow, yes: invocation.yes || yes === true },
        styleFor(process.stderr, session.env),
        (line) => out.note(line),
      );
      if (exit !== 0) process.exitCode = exit;
      return { lines, json, exit };
    },
    context: (name, endpoint, signal) => session.context(name, endpoint, signal),
    consent: (environment, question, again) => {
      const named = invocation.env !== undefined && session.choose(true).name === environment.name;
      return mayAct(question, environment, { yes: invocation.yes, allow: new Set(), named, plan: false, again }, ask);
    },
    confirm: async (question, flag) => (flag === '--yes' && invocation.yes ? true : ask.confirm(question, flag)),
    type: async (question, expected, flag) => (flag === '--yes' && invocation.yes ? true : ask.type(question, expected, flag)),
    editConfig: async (path, value) => {
      const { file } = session.project;
      if (file === undefined) throw new DcsError('CONFIG', 'There is no dcs.yaml to edit.', { hint: 'dcs init' });
      await editConfig(file, path, value);
      return file;
    },
  };
}

async function membersOf({ project, directories }: Session): ReturnType<Host['members']> {
  const { workspace, file } = project;
  const members = workspace?.file === file ? await workspace?.members() : undefined;
  return members?.flatMap(({ name = '.', project: member }) =>
    isDcsError(member) ? [] : [{ name, triggers: member.triggers, trusted: () => isTrusted(directories.stateDir, member.files) }],
  );
}

function notificationsOf(project: Session['project']): Host['notifications'] {
  const channels = project.notifications;
  return channels && { channels, at: (path) => project.at(['notifications', ...path]) };
}

function output({ json, quiet }: Invocation): Output {
  return {
    data: (text, document) =>
      process.stdout.write(
        json ? `${JSON.stringify({ schema: 1, ...document }, undefined, 2)}\n` : text.map((line) => `${line}\n`).join(''),
      ),
    note: (line) => {
      if (!json && !quiet) process.stderr.write(`${line}\n`);
    },
  };
}
